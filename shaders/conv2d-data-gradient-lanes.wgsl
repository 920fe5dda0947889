// conv2d, gradient of the input, with loads shared by lanes: as conv2d-data-gradient.wgsl, by a tile
// (lib/lanes-tile.wgsl) whose rows are input pixels of one phase and whose columns are channels. Rows go
// through the batch first, so that a tile is one pixel of many images wherever the batch is large enough:
// taps that fall outside the output are then left out whole. For adapters where a load costs dozens of
// multiply-adds.
enable subgroups;

const COLUMNS = CHANNELS;
const TILES_N = (CHANNELS + TILE_COLUMNS - 1u) / TILE_COLUMNS;

// Where each array starts in its binding, in 32-bit words.
const DOUT4_AT = 0u;
const WEIGHT4_AT = 0u;
const DINP_AT = 0u;

// Element types: f16 and vec4h where the array is stored so; its _AT then counts 16-bit words.
alias Dout4 = vec4f;
alias Dinp = f32;

@group(0) @binding(0) var<storage, read> dout4: array<Dout4>; // (N, OH, OW, K), K a multiple of 4
@group(0) @binding(1) var<storage, read> weight4: array<vec4f>; // (KH, KW, C, K)
@group(0) @binding(2) var<storage, read_write> dinp: array<Dinp>; // (N, H, W, C)

// Among the phase's pixels, the one of a row; rows past the last repeat it.
fn pixel_of(row: u32, phase: Phase) -> u32 {
  let pixels = phase.count.x * phase.count.y;
  let last = min(row, BATCH * pixels - 1u);
  return last % BATCH * pixels + last / BATCH;
}

// Filters k to k + 3 of an output pixel, which is at `at`, or outside if that is -1.
fn load_four(at: i32, k: u32) -> vec4f {
  return select(vec4f(), vec4f(dout4[(DOUT4_AT + u32(max(at, 0)) + k) / 4u]), at >= 0);
}

// Filters k to k + 3 of a tap's channel. Channels past the last repeat it, and aren't stored.
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

@compute @workgroup_size(LANES)
fn tiled(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let phase = phase_of(group.z);
  let tile = group.y * groups.x + group.x;
  let c = (tile % TILES_N) * TILE_COLUMNS + 4u * lane;
  let m = (tile / TILES_N) * TILE_ROWS;
  let rows = BATCH * phase.count.x * phase.count.y;
  if (m >= rows) { return; }
  let q0 = meets(pixel_of(m + lane % SHARERS, phase), phase);
  let q1 = meets(pixel_of(m + SHARERS + lane % SHARERS, phase), phase);
  let q2 = meets(pixel_of(m + 2u * SHARERS + lane % SHARERS, phase), phase);
  let q3 = meets(pixel_of(m + 3u * SHARERS + lane % SHARERS, phase), phase);
  var sums = Tile();
  for (var i = 0u; phase.tap.y + i * STRIDE_H < KERNEL_H; i++) {
    for (var j = 0u; phase.tap.x + j * STRIDE_W < KERNEL_W; j++) {
      if (!seen(m, phase, i, j)) { continue; }
      let at0 = tap(q0, i, j);
      let at1 = tap(q1, i, j);
      let at2 = tap(q2, i, j);
      let at3 = tap(q3, i, j);
      let kernel = (phase.tap.y + i * STRIDE_H) * KERNEL_W + phase.tap.x + j * STRIDE_W;
      for (var k = 0u; k < FILTERS; k += 4u) {
        let w = load_weights(kernel, c, k);
        add_steps(&sums, w, load_four(at0, k), load_four(at1, k), load_four(at2, k), load_four(at3, k));
      }
    }
  }
  for (var row = 0u; row < TILE_ROWS; row++) {
    if (m + row >= rows) { break; }
    let at = index_of(pixel_of(m + row, phase), phase) * CHANNELS + c;
    let values = epilogue4(row_of(&sums, row), at, c);
    // Not from 0, which unrolls: stores are most of what compilers work on.
    for (var j = u32(c >= CHANNELS); j < 4u; j++) {
      if (c + j < CHANNELS) { dinp[DINP_AT + at + j] = Dinp(values[j]); }
    }
  }
}
// appended: lib/lanes-tile.wgsl
// appended: lib/phases.wgsl
// appended: lib/convolution.wgsl
// appended: lib/epilogue.wgsl
// appended: lib/activation.wgsl
// appended: lib/philox.wgsl
// appended: lib/mul-high.wgsl
// appended: lib/numbers.wgsl
