// Where the keyboard's focus goes when what had it is gone.

/** Moves the focus to an element if no other has it, so that the keyboard doesn't begin at the page's top again. */
export function keepFocus(selector: string): void {
  const { activeElement, body } = document;
  if (activeElement !== null && activeElement !== body) return;
  document.querySelector<HTMLElement>(selector)?.focus({ preventScroll: true });
}
