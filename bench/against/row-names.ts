// What `npm run bench -- against` can compare, by name. It imports nothing, so that `--help` starts at once.

/** The rows of the table. */
export const ROWS = ["step", "memory", "cold", "judge"] as const;
