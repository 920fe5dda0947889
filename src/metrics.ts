// `longhand/metrics`: how close one set of samples is to another, in float64 on the host.
export * from "./metrics/metrics.ts";
