// A network as a table: layers, shapes and parameters.
import { textTable } from "../gpu/text-table.ts";
import type { Network } from "./network.ts";
import { parameterCount } from "./parameters.ts";

/**
 * Returns a table of a network's layers with their details, their output shapes (N is the batch) and their numbers of
 * parameters, as Keras's `summary` does.
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
