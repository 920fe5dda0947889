// The parts that reports share: a self-contained HTML page, its sections, terms, tables and images as data URLs.
import { Buffer } from "node:buffer";
import { encodePng } from "./png.ts";
import type { GrayImage } from "./grid.ts";
import { REPORT_STYLE } from "./report-style.ts";
import { escapeXml } from "./xml.ts";

/** A term and its explanation. */
export type Term = readonly [term: string, words: string];

/** Returns a page as text. It needs neither a network nor scripts. `style` is CSS besides that of all reports. */
export function htmlPage(title: string, sections: readonly string[], style = ""): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeXml(title)}</title>
<style>${REPORT_STYLE}${style}</style>
</head>
<body>
<main>
${sections.filter((each) => each !== "").join("\n")}
</main>
</body>
</html>
`;
}

/** Returns the top of a page: what it is, the outcome, and the facts. */
export function pageHead(title: string, summary: string, facts: readonly Term[]): string {
  return `<header><section><h1>${escapeXml(title)}</h1>
<p>${escapeXml(summary)}</p>
<dl class="facts">${facts.map(pair).join("")}</dl></section></header>`;
}

/** Returns a section with a heading. `words` are said above `body`, which is HTML; they may be empty. */
export function section(heading: string, words: string, body: string): string {
  const said = words === "" ? "" : `<p class="faint">${escapeXml(words)}</p>\n`;
  return `<section><h2>${escapeXml(heading)}</h2>\n${said}${body}</section>`;
}

/** Returns terms with their explanations, one below the other. */
export const termList = (terms: readonly Term[]): string =>
  `<dl class="terms">${terms.map(pair).join("")}</dl>`;

const pair = ([term, words]: Term): string =>
  `<div><dt>${escapeXml(term)}</dt><dd>${escapeXml(words)}</dd></div>`;

/** Returns an image as HTML, in its own size unless a style says otherwise. `kind` is a class of the style sheet. */
export function pictureTag(image: GrayImage, words: string, kind?: string): string {
  const named = kind === undefined ? "" : ` class="${kind}"`;
  const url = `data:image/png;base64,${Buffer.from(encodePng(image)).toString("base64")}`;
  return `<img${named} alt="${escapeXml(words)}" width="${image.width}" height="${image.height}" src="${url}">`;
}
