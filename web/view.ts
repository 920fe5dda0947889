// Small helpers of the page: finding elements, writing into them, and numbers for people.

/** Returns the element that a selector finds. Throws if there is none, or if it isn't a `kind`. */
export function find(selector: string): HTMLElement;
export function find<T extends HTMLElement>(selector: string, kind: new () => T): T;
export function find(selector: string, kind: new () => HTMLElement = HTMLElement): HTMLElement {
  const found = document.querySelector(selector);
  if (found instanceof kind) return found;
  throw new Error(`the page has no ${selector}`);
}

/** Writes text into an element. Unchanged text is left alone, so that screen readers don't read it twice. */
export function say(selector: string, text: string): void {
  const element = find(selector);
  if (element.textContent !== text) element.textContent = text;
}

/** Saves text as a file, as if a link to it had been clicked. */
export function download(name: string, type: string, parts: readonly string[]): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([...parts], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Formats a number without decimals, with its thousands separated: "2,811". */
export function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
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
