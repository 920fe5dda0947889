// conv2d, gradient of the input, with loads shared by lanes, for adapters where a load costs dozens of multiply-adds.
// It computes the same as conv2d-data-gradient.wgsl with a tile (lib/lanes-tile.wgsl) whose rows are input pixels of
// one phase and whose columns are channels. Rows run through the batch first, so that with a large batch a tile is one
// pixel of many images, and taps outside the output are skipped for the whole tile.
enable subgroups;

const COLUMNS = CHANNELS;
const TILES_N = (CHANNELS + TILE_COLUMNS - 1u) / TILE_COLUMNS;

// Element types; f16 and vec4h if the array is stored as f16.
alias Dout4 = vec4f;
alias Dinp = f32;

@group(0) @binding(0) var<storage, read> dout4: array<Dout4>; // (N, OH, OW, K), K a multiple of 4
@group(0) @binding(1) var<storage, read> weight4: array<vec4f>; // (KH, KW, C, K)
@group(0) @binding(2) var<storage, read_write> dinp: array<Dinp>; // (N, H, W, C)

// The index of a row's pixel among the phase's pixels. Rows past the last repeat it.
fn pixel_of(row: u32, phase: Phase) -> u32 {
  let pixels = phase.count.x * phase.count.y;
  let last = min(row, BATCH * pixels - 1u);
  return last % BATCH * pixels + last / BATCH;
}

// Filters k to k + 3 of the output pixel at `at`; zeros if `at` is -1, which is outside.
fn load_four(at: i32, k: u32) -> vec4f {
  return select(vec4f(), vec4f(dout4[(DOUT4_AT + u32(max(at, 0)) + k) / 4u]), at >= 0);
}

// Filters k to k + 3 of a tap's channel. Channels past the last repeat it; they aren't stored.
fn load_weight(kernel: u32, c: u32, k: u32) -> vec4f {
  return weight4[(WEIGHT4_AT + (kernel * CHANNELS + min(c, CHANNELS - 1u)) * FILTERS + k) / 4u];
}

// Channels c to c + 3 at filters k to k + 3.
fn load_weights(kernel: u32, c: u32, k: u32) -> mat4x4f {
  return transpose(mat4x4f(
    load_weight(kernel, c, k),
    load_weight(kernel, c + 1u, k),
    load_weight(kernel, c + 2u, k),
    load_weight(kernel, c + 3u, k),
  ));
}

// Whether any of rows m to m + TILE_ROWS - 1 has a tap inside the output.
fn seen(m: u32, phase: Phase, i: u32, j: u32) -> bool {
  var found = -1;
  let pixels = phase.count.x * phase.count.y;
  for (var pixel = m / BATCH; pixel <= min((m + TILE_ROWS - 1u) / BATCH, pixels - 1u); pixel++) {
    found = max(found, tap(meets(pixel, phase), i, j));
  }
  return found >= 0;
}

var<private> phase: Phase; // for the store; control flow uses a local copy, which is uniform across lanes

fn store(m: u32, c: u32, four: vec4f) {
  let at = index_of(pixel_of(m, phase), phase) * CHANNELS + c;
  let values = epilogue4(four, at, c);
  // Starting at a literal 0, the loop would be unrolled, and stores are most of the compilers' work.
  for (var j = u32(c >= CHANNELS); j < 4u; j++) {
    if (c + j < CHANNELS) { dinp[DINP_AT + at + j] = Dinp(values[j]); }
  }
}

@compute @workgroup_size(LANES)
fn tiled(group: Workgroup, @builtin(subgroup_invocation_id) lane: u32) {
  let own = phase_of(group.id.z);
  phase = own;
  let tile = workgroup_index(group);
  let c = (tile % TILES_N) * TILE_COLUMNS + 4u * lane;
  let m = (tile / TILES_N) * TILE_ROWS;
  if (m >= pixels_of(own)) { return; }
  let row = m + lane % SHARERS;
  let met = Meetings(
    meets(pixel_of(row, own), own), meets(pixel_of(row + SHARERS, own), own),
    meets(pixel_of(row + 2u * SHARERS, own), own), meets(pixel_of(row + 3u * SHARERS, own), own),
  );
  var sums = Tile();
  for (var i = 0u; i < own.taps.y; i++) {
    for (var j = 0u; j < own.taps.x; j++) {
      if (!seen(m, own, i, j)) { continue; }
      let at = taps(met, i, j);
      let kernel = kernel_of(own, i, j);
      for (var k = 0u; k < FILTERS; k += 4u) {
        let w = load_weights(kernel, c, k);
        add_steps(&sums, w, load_four(at.x, k), load_four(at.y, k), load_four(at.z, k), load_four(at.w, k));
      }
    }
  }
  store_tile(&sums, m, c, pixels_of(own));
}
// appended: lib/invocation.wgsl
// appended: lib/lanes-tile.wgsl
// appended: lib/phases.wgsl
// appended: lib/convolution.wgsl
// appended: lib/epilogue.wgsl
