// Ops on images (N, H, W, C): convolutions, pooling, resizing.
import * as conv from "../../kernels/conv2d.ts";
import type { ConvolutionAttributes, TransposedAttributes } from "../../kernels/conv2d-geometry.ts";
import * as pools from "../../kernels/pool.ts";
import * as resizing from "../../kernels/resize.ts";
import { with1, biased, type Biased } from "../lift.ts";
import { type Tensor } from "../tensor.ts";

/**
 * Convolution as in neural networks, which is a cross-correlation: out[n, y, x, k] = Σ inp[n, y·S + i·D − P, x·S + j·D
 * − P, c] · filter[i, j, c, k] + bias[k].
 *
 * Shapes: x (N, H, W, C) of f32 or f16, filter (KH, KW, C / groups, K), bias (K) → (N, OH, OW, K).
 * Attributes: strides — one for both axes, or (vertical, horizontal) (1); padding — 'same' (⌈size / stride⌉ out, an odd
 * row or column of zeros at the end), 'valid', or rows and columns of zeros [top, bottom, left, right] ('valid');
 * dilations — the distance between taps, as strides (1); groups — the number of groups of channels, each with its own
 * filters, C for depthwise (1); bias — added to every pixel (none); epilogue — an activation and dropout of the result,
 * in the same launch (none); activationType — the type that the result is stored as, f32 or f16, infinite past ±65,504
 * (f32).
 * Gradient: to x, filter and bias.
 * Throws: `ShapeError` if ranks, channels or the bias don't fit, or a filter reaches past the padded image;
 * `AttributeError` on invalid strides, dilations, padding or groups; `DTypeError` for f16 without shader-f16.
 * Source: TensorFlow's conv2d with NHWC and HWIO; PyTorch's dilation and groups.
 */
export const conv2d: Biased<ConvolutionAttributes> = biased(conv.conv2d);

/**
 * Transposed convolution: the adjoint of `conv2d` in its input, plus a bias.
 *
 * Shapes: x (N, h, w, K) of f32 or f16, filter (KH, KW, C / groups, K), bias (C) → (N, H, W, C).
 * Attributes: strides — as in conv2d (1); padding — 'same' (H = h·stride), 'valid' (the full output), or rows and
 * columns cropped from the full output [top, bottom, left, right] ('valid'); outputPadding — rows and columns added at
 * the end, fewer than the stride or the dilation (0); dilations — as in conv2d (1); groups — as in conv2d (1); bias —
 * added to every pixel (none); epilogue — as in conv2d (none); activationType — as in conv2d (f32).
 * Gradient: to x, filter and bias.
 * Throws: `ShapeError` if ranks, channels or the bias don't fit, or everything is cropped; `AttributeError` on invalid
 * attributes; `DTypeError` for f16 without shader-f16.
 * Source: Keras's Conv2DTranspose ('same', filter layout); PyTorch's ConvTranspose2d (padding by numbers).
 */
export const convTranspose2d: Biased<TransposedAttributes> = biased(conv.convTranspose2d);

/**
 * The largest element of each window of x: y[n, i, j, c] = max over the window's taps in the image. NaN is passed on; a
 * window that lies entirely in the padding gives −∞.
 *
 * Shapes: x (N, H, W, C) → (N, OH, OW, C).
 * Attributes: size — rows and columns of a window, a number or a pair (required); strides — from window to window
 * (size); padding — 'valid', 'same' as in TensorFlow, or [top, bottom, left, right], which never wins ('valid');
 * dilations — from tap to tap (1); ceil — whether a last window may reach past the padded image, unless it starts past
 * the image's end (false).
 * Gradient: to the first largest element of each window, in row-major order; to the last NaN if there is one.
 * Throws: `ShapeError` unless x has rank 4 and windows fit the padded image; `AttributeError` if padding isn't smaller
 * than a window.
 * Source: PyTorch's max_pool2d in NHWC.
 */
export const maxPool: (x: Tensor, attributes: pools.PoolAttributes) => Tensor = with1(
  pools.maxPool,
);

/**
 * The mean of each window of x: y[n, i, j, c] = Σ over the window's taps in the image / their number. A window that
 * lies entirely in the padding gives 0.
 *
 * Shapes: x (N, H, W, C) → (N, OH, OW, C).
 * Attributes: size, strides, padding, dilations, ceil — as in `maxPool`; countPadding — whether the divisor also counts
 * taps in the padding, but none past the padded image (false).
 * Gradient: to the taps of each window, evenly.
 * Throws: `ShapeError` unless x has rank 4 and windows fit the padded image; `AttributeError` if padding isn't smaller
 * than a window.
 * Source: PyTorch's avg_pool2d in NHWC; countPadding is its count_include_pad, here false as in TensorFlow and ONNX.
 */
export const avgPool: (x: Tensor, attributes: pools.AvgPoolAttributes) => Tensor = with1(
  pools.avgPool,
);

/**
 * Resizes images: y[n, i, j, c] is x at (src(i), src(j)), the nearest pixel's value or a sum Σ f(src(i) − k) · f(src(j)
 * − l) · x[n, k, l, c]. For 'bilinear', f(d) is (1 − |d|)⁺; for 'cubic', it is Keys's (1 − |d|)(1 + |d| − (a + 2)d²) up
 * to 1 and a(|d| − 1)(|d| − 2)² up to 2. The image is clamped or mirrored past its ends. With antialias, f is stretched
 * by in/out if that is above 1, pixels past the ends are left out, the weights are divided by their sum, and src is
 * limited to [−½, in − ½].
 *
 * Shapes: x (N, H, W, C) → (N, size[0], size[1], C).
 * Attributes: size — rows and columns of the output (required); mode — 'nearest', 'bilinear' or 'cubic' ('nearest');
 * cubicCoefficient — a, for 'cubic' (−0.75, with antialias −0.5); antialias — for 'bilinear' and 'cubic', whether the
 * filter widens when the image shrinks (false); coordinates — src(i): 'halfPixel' (i + ½) · in/out − ½, 'alignCorners'
 * i · (in − 1)/(out − 1), or 0 if out is 1, 'asymmetric' i · in/out ('halfPixel'); rounding — of src for 'nearest':
 * 'floor', 'ceil', or to the nearest with halves down, 'preferFloor', or up, 'preferCeil' ('preferCeil', but 'floor'
 * for 'asymmetric'); edges — for 'bilinear' and 'cubic' without antialias, what lies past the image's ends: 'clamp'
 * repeats the outermost pixels, 'mirror' goes back from them, c b | a b c ('clamp'); scales — replaces out/in in src,
 * one number per axis, as the simplest fraction of the same float32 (out/in).
 * Gradient: to each input pixel, the sum of dy over the outputs that used it, by their weights. Coordinates are exact,
 * so ties are too.
 * Throws: `ShapeError` unless x has rank 4; `AttributeError` if the exact coordinates outgrow 32 bits, and on
 * attributes that have no meaning together: rounding with a blend, mirrored edges or antialias with 'nearest', edges
 * with antialias, cubicCoefficient with another mode, scales with 'alignCorners'.
 * Source: ONNX's Resize (half_pixel, align_corners, asymmetric). 'halfPixel' is TensorFlow's resize_nearest_neighbor
 * and resize_bilinear, and PyTorch's bilinear and nearest-exact; 'asymmetric' with 'floor' is PyTorch's nearest;
 * 'bilinear' with mirrored edges is scikit-image's resize when it enlarges. 'cubic' is Keys 1981, with PyTorch's,
 * OpenCV's and ONNX's a = −0.75, or Pillow's and Keras's −0.5; antialias is PyTorch's and Pillow's for 'halfPixel', and
 * ONNX's with exclude_outside.
 */
export const resize: (x: Tensor, attributes: resizing.ResizeAttributes) => Tensor = with1(
  resizing.resize,
);
