#!/usr/bin/env bash
# onnxruntime 1.30.0 (npm onnxruntime-node): ConvTranspose with auto_pad SAME_UPPER makes fewer than input · stride
# elements if the kernel is shorter than the stride. ONNX's text for auto_pad says that "output_shape[i] = input_shape[i] *
# strides[i]"; padding can't be negative, and no output_padding is added for the elements that are missing. (onnx 1.12's
# own shape inference agrees with onnxruntime, against that text. Keras's 'same' makes all of them.) With explicit pads and
# output_padding they are there.
#
# The two models, base64 below, pass onnx.checker: opset 17, x (1, 1, 3), one ConvTranspose with the filter (1, 2) and
# stride 3; the first with auto_pad SAME_UPPER, the second with output_padding 1 instead.
#
# Seen:
#   3 elements, stride 3; auto_pad: 8 elements, 1 2 0 10 20 0 100 200; output_padding: 9 elements, 1 2 0 10 20 0 100 200 0
# Needs: Node >= 20, npm (290 MB). Fails if that changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --ignore-scripts --no-audit --no-fund onnxruntime-node@1.30.0 >/dev/null 2>&1
cat >transpose.mjs <<'JS'
import ort from "onnxruntime-node";

const run = async (base64) => {
  const session = await ort.InferenceSession.create(Buffer.from(base64, "base64"));
  const x = new ort.Tensor("float32", Float32Array.of(1, 10, 100), [1, 1, 3]);
  const { y } = await session.run({ x });
  return `${y.data.length} elements, ${[...y.data].join(" ")}`;
};
const automatic = await run("CAg6pwEKWAoBeAoBdxIBeSINQ29udlRyYW5zcG9zZSoZCghhdXRvX3BhZCIKU0FNRV9VUFBFUqABAyoTCgxrZXJuZWxfc2hhcGVAAqABByoOCgdzdHJpZGVzQAOgAQcSAWcqFQgBCAEIAhABQgF3SggAAIA/AAAAQFoXCgF4EhIKEAgBEgwKAggBCgIIAQoCCANiGAoBeRITChEIARINCgIIAQoCCAEKAxIBbkIECgAQEQ==");
const stated = await run("CAg6owEKVAoBeAoBdxIBeSINQ29udlRyYW5zcG9zZSoTCgxrZXJuZWxfc2hhcGVAAqABByoVCg5vdXRwdXRfcGFkZGluZ0ABoAEHKg4KB3N0cmlkZXNAA6ABBxIBZyoVCAEIAQgCEAFCAXdKCAAAgD8AAABAWhcKAXgSEgoQCAESDAoCCAEKAggBCgIIA2IYCgF5EhMKEQgBEg0KAggBCgIIAQoDEgFuQgQKABAR");
const seen = `3 elements, stride 3; auto_pad: ${automatic}; output_padding: ${stated}`;
console.log(seen);
const expected =
  "3 elements, stride 3; auto_pad: 8 elements, 1 2 0 10 20 0 100 200; output_padding: 9 elements, 1 2 0 10 20 0 100 200 0";
if (seen !== expected) throw new Error("onnxruntime pads in another way now");
JS
node transpose.mjs
