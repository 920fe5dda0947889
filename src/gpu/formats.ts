// Recognises a file's format by its first bytes, because names can be wrong. Errors then name what can't be read.

/** A format: pictures that can be read, pictures that can't, and other files that are found in place of them. */
export interface Format {
  /** As in "is a WebP picture". */
  readonly words: string;
  readonly kind: "png" | "jpeg" | "picture" | "archive" | "text" | "other";
}

const PICTURES: readonly [start: string, words: string][] = [
  ["GIF8", "a GIF picture"],
  ["BM", "a BMP picture"],
  ["II*\0", "a TIFF picture"],
  ["MM\0*", "a TIFF picture"],
  ["II+\0", "a TIFF picture"],
  ["MM\0+", "a TIFF picture"],
  ["8BPS", "a Photoshop picture"],
  ["\0\0\u0001\0", "a Windows icon"],
  ["\0\0\0\u000cJXL ", "a JPEG XL picture"],
  ["\u00ff\u000a", "a JPEG XL picture"],
  ["\0\0\0\u000cjP  ", "a JPEG 2000 picture"],
  ["\u00ff\u004f\u00ff\u0051", "a JPEG 2000 picture"],
  ["%PDF", "a PDF document"],
  ["gimp xcf", "a GIMP picture"],
  ["qoif", "a QOI picture"],
];

const ARCHIVES: readonly [start: string, words: string][] = [
  ["PK\u0003\u0004", "a zip archive"],
  ["PK\u0005\u0006", "an empty zip archive"],
  ["\u001f\u008b", "gzip data"],
  ["7z\u00bc\u00af\u0027\u001c", "a 7z archive"],
  ["Rar!", "a RAR archive"],
  ["BZh", "bzip2 data"],
  ["\u00fd7zXZ\0", "xz data"],
  ["\u0028\u00b5\u002f\u00fd", "zstd data"],
];

const OTHERS: readonly [start: string, words: string][] = [
  ["PAR1", "a Parquet table"],
  ["\u0089HDF", "an HDF5 file"],
  ["\u0093NUMPY", "a NumPy array"],
  ["MATLAB", "a MATLAB file"],
  ["\0\u0005\u0016\u0007", "a Mac's side file (AppleDouble)"],
  ["\0\0\0\u0001Bud1", "a Mac's folder settings"],
];

// The brands of ISO media files (ISO/IEC 14496-12), which phones store pictures in.
const BRANDS: Readonly<Record<string, string>> = {
  avif: "an AVIF picture",
  avis: "an AVIF picture",
  heic: "a HEIC picture",
  heix: "a HEIC picture",
  hevc: "a HEIC picture",
  heim: "a HEIC picture",
  heis: "a HEIC picture",
  mif1: "a HEIF picture",
  msf1: "a HEIF picture",
};

/** Returns the format that the first bytes of a file indicate; undefined if it is unknown or there are no bytes. */
export function formatOf(bytes: Uint8Array): Format | undefined {
  const head = String.fromCharCode(...bytes.subarray(0, 512));
  if (head.startsWith("\u0089PNG")) return { words: "a PNG picture", kind: "png" };
  if (head.startsWith("\u00ff\u00d8\u00ff")) return { words: "a JPEG picture", kind: "jpeg" };
  const among = (starts: readonly [string, string][]): string | undefined =>
    starts.find(([start]) => head.startsWith(start))?.[1];
  const brand = head.slice(4, 8) === "ftyp" ? BRANDS[head.slice(8, 12)] : undefined;
  const webp =
    head.startsWith("RIFF") && head.slice(8, 12) === "WEBP" ? "a WebP picture" : undefined;
  const picture = brand ?? webp ?? among(PICTURES);
  if (picture !== undefined) return { words: picture, kind: "picture" };
  if (head.slice(4, 8) === "ftyp") return { words: "a video", kind: "other" };
  const archive =
    among(ARCHIVES) ?? (head.slice(257, 262) === "ustar" ? "a tar archive" : undefined);
  if (archive !== undefined) return { words: archive, kind: "archive" };
  const other = among(OTHERS);
  if (other !== undefined) return { words: other, kind: "other" };
  const text = textOf(bytes.subarray(0, 512));
  return text === undefined ? undefined : { words: text, kind: "text" };
}

/** Returns what kind of text bytes are; undefined if they aren't text. */
function textOf(bytes: Uint8Array): string | undefined {
  const wide = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : "utf-8";
  let text: string;
  try {
    text = new TextDecoder(wide, { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return undefined;
  }
  // oxlint-disable-next-line no-control-regex -- text holds none of these
  if (text.trim() === "" || /[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/.test(text))
    return undefined;
  if (/^\s*<(!doctype html|html|head|body)/i.test(text)) return "a web page";
  if (/^\s*<(\?xml|svg)/i.test(text)) return /<svg/i.test(text) ? "an SVG drawing" : "an XML text";
  if (text.startsWith("version https://git-lfs")) return "a Git LFS pointer, not the file itself";
  if (/^\s*[{[]/.test(text) && !/^\s*\[?\d+(,|\t|;)/.test(text)) return "a JSON text";
  const commas = text.split("\n", 1)[0]!.match(/[,;\t]/g)?.length ?? 0;
  return commas >= 2 ? "a CSV table" : "a text";
}
