#!/usr/bin/env bash
# TensorFlow.js 4.22.0 (npm @tensorflow/tfjs-layers): Conv2D ignores Keras's argument groups without a word. A model of
# Keras, as keras.Model.to_json writes it, with a convolution of 2 groups from 4 channels to 6 is read as one of a single
# group: its kernel is 3×3×4×6 instead of 3×3×2×6, and every filter sees all channels. A misspelt argument would be no
# surprise; this one is Keras's own, which the same reader takes its other arguments from.
#
# Seen:
#   groups 2 of 4 channels: kernel 3,3,4,6, groups in its config: undefined
# Needs: Node >= 20, npm (80 MB). Fails if that changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --ignore-scripts --no-audit --no-fund @tensorflow/tfjs-core@4.22.0 \
  @tensorflow/tfjs-layers@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0 >/dev/null 2>&1
cat >groups.cjs <<'JS'
const tf = require("@tensorflow/tfjs-core");
require("@tensorflow/tfjs-backend-cpu");
const { models } = require("@tensorflow/tfjs-layers");

const layers = [
  { class_name: "InputLayer", config: { batch_input_shape: [null, 8, 8, 4], name: "x" } },
  { class_name: "Conv2D", config: { name: "conv", filters: 6, kernel_size: [3, 3], groups: 2 } },
];
const model = { class_name: "Sequential", config: { name: "net", layers } };
tf.setBackend("cpu")
  .then(() => models.modelFromJSON(model))
  .then(({ layers: [, conv] }) => {
    const seen = `groups 2 of 4 channels: kernel ${conv.kernel.shape}, groups in its config: ${conv.getConfig().groups}`;
    console.log(seen);
    const expected = "groups 2 of 4 channels: kernel 3,3,4,6, groups in its config: undefined";
    if (seen !== expected) throw new Error("TensorFlow.js reads groups in another way now");
  });
JS
node groups.cjs 2>/dev/null
