// The variants that are for GPUs, on the cases of the op table that are marked for them: tiles through workgroup memory,
// sums that lanes share, subgroups.
import { capPipelines, proveForGpus } from "./prove.ts";
import { table } from "../../proof/table.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();

for (const [op, row] of Object.entries(table)) proveForGpus(device, op, row);

capPipelines(device, 530);
