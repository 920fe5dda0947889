// convolution: the geometry that every convolution shader is specialised for. Images are (N, H, W, C) on one side and
// (N, OH, OW, K) on the other; filters are (KH, KW, C / groups, K).

const BATCH = 1u;
const HEIGHT = 8u;
const WIDTH = 8u;
const CHANNELS = 8u;
const KERNEL_H = 3u;
const KERNEL_W = 3u;
const FILTERS = 32u;
const OUT_HEIGHT = 8u;
const OUT_WIDTH = 8u;
const STRIDE_H = 1u;
const STRIDE_W = 1u;
const DILATION_H = 1u; // 1 in shaders that work by phases
const DILATION_W = 1u;
const PAD_TOP = 1i;
const PAD_LEFT = 1i;
const GROUPS = 1u; // 1 in shaders that work by tiles
