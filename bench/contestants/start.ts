// Starts contestants, each in a process of its own, and speaks to them.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { GpuError } from "../../src/gpu/errors.ts";
import type { Answer, Command, Report, StartOptions, StepReply } from "./messages.ts";
import type { Stand } from "./stand.ts";

/** A contestant in a process of its own. */
export interface Remote extends Stand {
  readonly name: StartOptions["name"];
  /** The adapter that it runs on. */
  readonly adapter: string;
  readonly stop: () => void;
}

const ANSWER_MS = 600_000; // a peer's first step on a busy machine takes minutes
const CHILD = fileURLToPath(new URL("child.ts", import.meta.url));
const LAST_LINES = 3;

/**
 * Starts a contestant. Throws `GpuError` if it, or a later command, fails, ends, or stays silent for ten
 * minutes.
 */
export async function startContestant(
  options: StartOptions,
  env: Readonly<Record<string, string>> = {},
): Promise<Remote> {
  const child = fork(CHILD, [JSON.stringify(options)], {
    execArgv: ["--import", "tsx"],
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let complaints = "";
  child.stderr?.on("data", (text: Buffer) => {
    complaints += text.toString();
  });
  const ask = (command?: Command): Promise<Answer> =>
    new Promise<Answer>((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const fail = (reason: string): void => {
        const said = complaints.trim().split("\n").slice(-LAST_LINES).join(" ");
        clearTimeout(timer);
        reject(new GpuError(`${options.name}: ${reason}${said === "" ? "" : ` (${said})`}`));
      };
      const ended = (code: number | null): void =>
        fail(`its process ended with ${code ?? "a signal"}`);
      if (child.exitCode !== null || child.signalCode !== null) return ended(child.exitCode);
      timer = setTimeout(() => fail(`no answer in ${ANSWER_MS / 60_000} minutes`), ANSWER_MS);
      child.once("exit", ended);
      child.once("message", (answer: Answer) => {
        child.off("exit", ended);
        clearTimeout(timer);
        if ("error" in answer) reject(new GpuError(`${options.name}: ${answer.error}`));
        else resolve(answer);
      });
      if (command) child.send(command);
    });
  const step = async (command: "first" | "step"): Promise<StepReply> => {
    const answer = await ask(command);
    if (!("step" in answer)) throw new GpuError(`${options.name}: an answer to another question`);
    return answer.step;
  };
  try {
    const answer = await ask();
    return {
      name: options.name,
      adapter: "ready" in answer ? answer.ready : "",
      first: () => step("first"),
      step: () => step("step"),
      async report(): Promise<Report> {
        const told = await ask("report");
        if (!("report" in told))
          throw new GpuError(`${options.name}: an answer to another question`);
        return told.report;
      },
      stop: () => void child.kill(),
    };
  } catch (error) {
    child.kill();
    throw error;
  }
}
