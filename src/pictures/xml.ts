// Prepares text for an SVG.

/**
 * Returns `text` without what XML 1.0 can't hold: control characters are removed, and lone surrogates become U+FFFD. A
 * no-break space becomes a plain one, because linkedom writes it as HTML's `&nbsp;`.
 */
export function xmlCharacters(text: string): string {
  return (
    text
      .replaceAll(/\p{Surrogate}/gu, "\ufffd")
      .replaceAll("\u00a0", " ")
      // oxlint-disable-next-line no-control-regex -- these are the characters to remove
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
  );
}

/** Returns `text` as XML character data, which may also stand between double quotes. */
export function escapeXml(text: string): string {
  return xmlCharacters(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
