// What a web server says about the images that it offers: one small JSON next to them.
import { DataError } from "../gpu/errors.ts";

/** Where a web server says which images it offers, relative to the page. */
export const SERVED: string = "data/images.json";

/** A file that a web server offers. */
export interface ServedFile {
  /** Its address, relative to the JSON. */
  readonly file: string;
  /** Its length. */
  readonly size: number;
  /** The SHA-256 of its contents once they are unpacked: of the IDX file. The file may be gzipped. */
  readonly sha256: string;
}

/** The images that a web server offers, and their labels if there are any. */
export interface ServedSet {
  readonly images: ServedFile;
  readonly labels: ServedFile | null;
}

/** Parses the JSON. Throws `DataError`, which calls it `name`, if it is something else. */
export function parseServed(text: string, name: string): ServedSet {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (isRecord(value) && isFile(value["images"])) {
    const { images, labels } = value;
    if (isFile(images) && (labels === null || isFile(labels))) return { images, labels };
  }
  throw new DataError(`${name}: doesn't say which images there are; build the page again`);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

const isFile = (value: unknown): value is ServedFile =>
  isRecord(value) &&
  typeof value["file"] === "string" &&
  Number.isSafeInteger(value["size"]) &&
  /^[0-9a-f]{64}$/.test(String(value["sha256"]));
