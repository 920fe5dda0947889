// Images from an array in memory, on a canvas: a grid of cells, one image in each. The canvas shows what the kernels
// wrote, without a copy on the host.

struct Grid {
  // Where the first value lies, and how many values on the next image, row and column are.
  first: u32,
  image: u32,
  row: u32,
  column: u32,
  // Rows and columns of an image, pixels of the canvas per value, and pixels between images.
  height: u32,
  width: u32,
  scale: u32,
  gap: u32,
  // Images, and images per row of the grid.
  count: u32,
  columns: u32,
  // The values that are drawn as paper and as ink.
  low: f32,
  high: f32,
  paper: vec4f,
  ink: vec4f,
  // What lies between images.
  ground: vec4f,
}

@group(0) @binding(0) var<storage, read> values: array<f32>;
@group(0) @binding(1) var<uniform> grid: Grid;

// One triangle that covers the canvas.
@vertex
fn cover(@builtin(vertex_index) corner: u32) -> @builtin(position) vec4f {
  return vec4f(f32(corner & 1u) * 4.0 - 1.0, f32(corner >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}

@fragment
fn paint(@builtin(position) position: vec4f) -> @location(0) vec4f {
  let pixel = vec2u(position.xy);
  let cell = vec2u(grid.width, grid.height) * grid.scale + grid.gap;
  let place = pixel / cell;
  let image = place.y * grid.columns + place.x;
  let within = pixel % cell;
  let is_gap = any(within < vec2u(grid.gap));
  if (is_gap || place.x >= grid.columns || image >= grid.count) {
    return grid.ground;
  }
  let at = (within - grid.gap) / grid.scale;
  let index = grid.first + image * grid.image + at.y * grid.row + at.x * grid.column;
  let value = values[index];
  // A network that diverged draws NaN, of which no comparison holds: it is shown as paper.
  let share = select(0.0, (value - grid.low) / (grid.high - grid.low), value > grid.low);
  return mix(grid.paper, grid.ink, min(share, 1.0));
}
