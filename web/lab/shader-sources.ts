// Where the shaders' texts with their comments are. A build leaves comments out of the texts that it runs, and replaces
// this module by the address of a file that has them (web/serving/engine.ts).

/** The address of the texts by their paths, as JSON; undefined if the page runs the texts as they are written. */
export const SOURCES: string | undefined = undefined;
