// WGSL as the driver gets it, with the comments of its files.
import { shaderText } from "../../src/browser.ts";
import { joinedText, specialise, type PipelineRequest } from "../../src/web.ts";
import { SOURCES } from "./shader-sources.ts";

let texts: Promise<(path: string) => string> | undefined;

/** Returns the text of a pipeline's shader with its libraries, specialised. Without a network, it has no comments. */
export async function commentedCode(request: PipelineRequest): Promise<string> {
  texts ??= fetchTexts();
  const read = await texts;
  const file = `${request.shader}.wgsl`;
  return specialise(joinedText(file, read), request, file);
}

async function fetchTexts(): Promise<(path: string) => string> {
  if (SOURCES === undefined) return shaderText;
  try {
    const found: Record<string, string> = await (await fetch(SOURCES)).json();
    return (path) => found[path] ?? shaderText(path);
  } catch {
    texts = undefined; // so that it is tried again
    return shaderText;
  }
}
