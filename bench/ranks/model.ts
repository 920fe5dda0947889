// What a step costs if ranks share it: a model of compute, bytes and latency.

/** A step as one rank computes it; times in ms. */
export interface SharedStep {
  /** The launches of a rank's part of the batch. */
  readonly compute: number;
  /** Copies between device and host, and all else that ranks add except the exchanges themselves. */
  readonly host: number;
  /** Floats whose sums are taken, in two exchanges. */
  readonly parameters: number;
  /** Batch norm's exchanges. */
  readonly joins: number;
  /** Bytes that a rank gives in each of them. */
  readonly joinBytes: number;
}

/** A network between ranks. */
export interface Wire {
  readonly name: string;
  /** ms per message. */
  readonly latency: number;
  /** Bytes per ms. */
  readonly bandwidth: number;
}

/** Networks as data sheets and MPI benchmarks have them: messages over TCP, and over RDMA. */
export const WIRES: readonly Wire[] = [
  { name: "10 GbE", latency: 0.03, bandwidth: 1.25e6 },
  { name: "100 GbE", latency: 0.005, bandwidth: 12.5e6 },
];

const SUMS = 2; // exchanges of gradients: D's and G's

/**
 * Returns the ms that exchanges take among so many ranks. A sum is a reduction and a gathering, each in log₂ N rounds
 * that send (N − 1) / N of its bytes in all (Rabenseifner 2004); a join gathers every rank's part.
 */
export function exchangeTime(step: SharedStep, wire: Wire, ranks: number): number {
  if (ranks === 1) return 0;
  const rounds = Math.ceil(Math.log2(ranks));
  const sums = SUMS * 2 * rounds * wire.latency;
  const bytes = (2 * (ranks - 1) * 4 * step.parameters) / ranks;
  const joins = step.joins * rounds * wire.latency;
  const joined = step.joins * (ranks - 1) * step.joinBytes;
  return sums + joins + (bytes + joined) / wire.bandwidth;
}

/** Returns the share of the time that ranks spend computing if each keeps its part of a batch that grows with them. */
export function efficiency(step: SharedStep, wire: Wire, ranks: number): number {
  if (ranks === 1) return 1;
  return step.compute / (step.compute + step.host + exchangeTime(step, wire, ranks));
}
