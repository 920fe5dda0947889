// Numbers and files for people.

/** Formats a number without decimals, with its thousands separated: "2,811". */
export function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}

/** Formats a number with three decimals; "–" if there is none. */
export function decimals(value: number | undefined, digits = 3): string {
  return value === undefined || Number.isNaN(value) ? "–" : value.toFixed(digits);
}

/** Formats a duration in its two leading units: "2 h 5 min", "3 min 20 s", "8 s". */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  const left = Math.max(0, Math.round(seconds));
  const hours = Math.floor(left / 3600);
  const minutes = Math.floor((left % 3600) / 60);
  if (hours > 0) return `${whole(hours)} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${left % 60} s` : `${left} s`;
}

/** Saves a file, as if a link to it had been clicked. */
export function download(name: string, type: string, parts: readonly BlobPart[]): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([...parts], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
