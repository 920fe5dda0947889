// A network as a table: layers, shapes and parameters.
import { textTable } from "../gpu/text-table.ts";
import type { Network } from "./network.ts";
import { parameterCount } from "./parameters.ts";

/**
 * A network's layers with what they are, the shapes that they give (N is the batch) and their learned numbers, as
 * Keras's `summary` has them.
 */
export function summaryOf(network: Omit<Network, "summary">): string {
  const count = (value: number): string => value.toLocaleString("en");
  const rows = network.layers.map(({ name, layer, outputShape, parameters }) => [
    name,
    layer.detail,
    `(${["N", ...outputShape].join(", ")})`,
    count(parameterCount(Object.values(parameters))),
  ]);
  const total = count(parameterCount(network.parameters));
  const columns = ["layer", "", "output"].map((title) => ({ title }));
  const lines = textTable([...columns, { title: "parameters", numeric: true }], rows);
  const title = `${network.name}, from (${["N", ...network.inputShape].join(", ")})`;
  return [title, ...lines, `${total} parameters`].join("\n");
}
