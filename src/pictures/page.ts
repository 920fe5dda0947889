// The page of a plot: an SVG document 800 units wide, on white. The document is linkedom's, so no browser is needed.
// Everything is in attributes, never in CSS, so that every viewer draws it alike.

import { parseHTML } from "linkedom";

import { FAINT_INK, INK } from "./plot-panel.ts";
import { xmlCharacters } from "./xml.ts";

/** The page's width, and the margin around its contents. */
export const WIDTH = 800;
export const MARGIN = 24;

const FONTS = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";

/** A standalone SVG under construction: `add` appends an element, `place` a panel below its heading. */
export interface Page {
  document: Document;
  add(name: string, attributes: Record<string, string | number>, text?: string): Element;
  place(panel: Element, headingTop: number): void;
  finish(height: number): string;
}

/** Returns an empty SVG document. Unlike an HTML document, it writes well-formed XML. */
export function svgDocument(): Document {
  const { DOMParser } = parseHTML("");
  return new DOMParser().parseFromString(
    '<svg xmlns="http://www.w3.org/2000/svg"/>',
    "image/svg+xml",
  );
}

/**
 * Starts a page with a title on the left of its top line and an aside on the right; the contents start at 74. `finish`
 * returns its text, given its final height.
 */
export function startPage(title: string, aside: string): Page {
  const document = svgDocument();
  const root = document.documentElement;
  const set = (element: Element, attributes: Record<string, string | number>): void => {
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  };
  const add: Page["add"] = (name, attributes, text = "") => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    set(element, attributes);
    element.textContent = xmlCharacters(text);
    root.append(element);
    return element;
  };
  add("title", {}, title);
  const paper = add("rect", { width: WIDTH, rx: 8, fill: "#ffffff" });
  add("text", { x: MARGIN, y: 38, fill: INK, "font-size": 18, "font-weight": 600 }, title);
  add(
    "text",
    { x: WIDTH - MARGIN, y: 38, fill: FAINT_INK, "font-size": 13, "text-anchor": "end" },
    aside,
  );
  return {
    document,
    add,
    place(panel, headingTop) {
      set(panel, { x: MARGIN, y: headingTop + 10 });
      root.append(panel);
    },
    finish(height) {
      paper.setAttribute("height", String(height));
      const viewBox = `0 0 ${WIDTH} ${height}`;
      set(root, { viewBox, width: WIDTH, height, role: "img", "font-family": FONTS });
      return `${root.outerHTML}\n`;
    },
  };
}
