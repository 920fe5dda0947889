// The op table on the device, except the convolutions, which have their own file: value, gradients, determinism and
// refusals of every op.
import { testDevice } from "../support/device.ts";
import { capPipelines, prove } from "./prove.ts";
import { table } from "../../proof/table.ts";

const device = await testDevice();
const { conv2d: _conv2d, convTranspose2d: _convTranspose2d, ...others } = table;

for (const [op, row] of Object.entries(others)) prove(device, op, row);

capPipelines(device, 2000);
