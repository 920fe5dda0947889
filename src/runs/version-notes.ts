// What a person should know about the version of Longhand that wrote a checkpoint.

/**
 * Returns sentences on a checkpoint that Longhand `written` wrote, for the version `own` that reads it. Undefined is a
 * version that wrote no manifests.
 */
export function versionNotes(
  path: string,
  written: string | undefined,
  own: string,
): readonly string[] {
  if (written === undefined) {
    return [
      `${path} has no manifest, because an older version wrote it: its bytes can't be checked for damage.`,
    ];
  }
  return written === own
    ? []
    : [`${path} was written by Longhand ${written}, and this is ${own}: bits may differ.`];
}
