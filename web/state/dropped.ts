// Files that a visitor drops or chooses, with those in folders.
import type { Dropped } from "../lab/images.ts";

const MOST = 100_000;

/** Returns the files of a drop, folders and all, in the order of their paths. */
export async function filesOfDrop(data: DataTransfer): Promise<Dropped[]> {
  // Entries must be asked for before the first await: the list is empty afterwards.
  const entries = [...data.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  const loose = [...data.files].map((file) => ({ path: file.name, file }));
  if (entries.every((entry) => entry === null)) return inOrder(loose);
  const found: Dropped[] = [];
  for (const entry of entries) if (entry) await gather(entry, found);
  return inOrder(found);
}

/** Returns the files of an `<input type="file">`. */
export function filesOfInput({ files }: HTMLInputElement): Dropped[] {
  return inOrder(
    [...(files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file })),
  );
}

const inOrder = (files: readonly Dropped[]): Dropped[] =>
  files.toSorted((a, b) => a.path.localeCompare(b.path, "en", { numeric: true }));

async function gather(entry: FileSystemEntry, found: Dropped[]): Promise<void> {
  if (found.length >= MOST) return;
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    found.push({ path: entry.fullPath.replace(/^\//, ""), file });
    return;
  }
  if (!isFolder(entry)) return;
  const reader = entry.createReader();
  for (;;) {
    // A reader returns a hundred entries at a time.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return;
    for (const each of some) await gather(each, found);
  }
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;
