// Loaded into a contestant's process of any commit before its own code: adds to each answer about a step the processor
// time that the process has used since its answer before.
import type { Answer } from "../contestants/messages.ts";

const send = process.send?.bind(process);
let before = process.cpuUsage();

if (send) {
  process.send = (answer: Answer): boolean => {
    const { user, system } = process.cpuUsage(before);
    before = process.cpuUsage();
    const processor = (user + system) / 1000;
    return send("step" in answer ? { step: { ...answer.step, processor } } : answer);
  };
}
