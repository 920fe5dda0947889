// `longhand web`: serves the page that trains in the browser, or builds it as static files.
import { Option, type Command } from "commander";
import { print } from "../../terminal/print.ts";
import { dataOption, noTransposeOption, transposeOption, whole } from "../options.ts";

/** The flags of `web`. */
export interface WebFlags {
  readonly port?: number;
  readonly data?: string;
  readonly transpose?: boolean;
  readonly open?: boolean;
  readonly build?: string;
  readonly preview?: string;
}

/** Serves or builds the page. Throws a `LonghandError` for everything that a person can mend. */
export async function webCommand({ build, preview, ...flags }: WebFlags): Promise<void> {
  const { buildWeb, previewWeb, serveWeb } = await import("../../../web/server.ts"); // Vite is slow to load, and only this needs it
  if (build !== undefined) {
    const { folder, notes } = await buildWeb(build, flags);
    for (const line of [...notes, folder]) print(line);
    return;
  }
  const server =
    preview === undefined
      ? await serveWeb(flags)
      : { ...(await previewWeb(preview, flags)), notes: [] };
  for (const line of [...server.notes, `${server.url}  (Ctrl-C ends it)`]) print(line);
  process.once("SIGINT", () => void server.close());
}

/** Adds `web` to the command line. */
export function addWeb(program: Command): void {
  program
    .command("web")
    .description("serve a page on localhost that trains in the browser; Ctrl-C ends it")
    .option("--port <n>", "which port (default: 5173, or the next free one)", whole(1, 65_535))
    .addOption(dataOption("images to train on"))
    .addOption(transposeOption())
    .addOption(noTransposeOption())
    .option("--open", "open the page in the browser")
    .addOption(
      new Option(
        "--build <folder>",
        "build the page and its images as static files, for any host, instead of serving it",
      ).conflicts(["port", "open", "preview"]),
    )
    .addOption(
      new Option("--preview <folder>", "serve a page that was built").conflicts([
        "data",
        "transpose",
        "open",
      ]),
    )
    .action(async (flags: WebFlags) => webCommand(flags));
}
