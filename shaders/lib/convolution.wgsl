// convolution: the geometry that every convolution's shader is specialised by. Images (N, H, W, C) on one side,
// (N, OH, OW, K) on the other, filters (KH, KW, C / groups, K).

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
const DILATION_H = 1u; // 1 where a shader goes by phases
const DILATION_W = 1u;
const PAD_TOP = 1i;
const PAD_LEFT = 1i;
const GROUPS = 1u; // 1 wherever a shader has tiles
