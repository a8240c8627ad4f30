/** Runs cases of one subject in this thread, and makes what fails small. The same seed gives the same cases. */
import { cpuUsage } from "node:process";
import { SeededRandom } from "../../src/base/random.ts";
import { makeInput } from "./mutate.ts";
import { CPU_MS, type Subject } from "./subject.ts";

/** A promise that an input breaks. */
export interface Broken {
  /** What was broken, one line. */
  readonly what: string;
  readonly input: Uint8Array;
}

/** Tries of making one input smaller, at most. */
const SHRINKS_MAX = 400;
/** What is slow must stay clearly so while it is made smaller: seen again, it must be above the limit. */
const SLOWER = 3;

/** The input of one case. */
export function inputOf(subject: Subject, seed: number, index: number): Uint8Array {
  return makeInput(subject, new SeededRandom(seed).fork(`${subject.name} ${index}`));
}

/** Tries one input; null = all that must hold does. It may take `share` of the processor time that is its limit. */
export async function tryInput(subject: Subject, input: Uint8Array, share = 1): Promise<string | null> {
  const limit = share * (subject.cpuMs ?? CPU_MS);
  let least = Infinity;
  // what was slow once may have met the compiler or the garbage collector: it must be slow each time
  for (let tries = 0; tries < 3; tries++) {
    const before = cpuUsage();
    try {
      await subject.check(input);
    } catch (problem) {
      return problem instanceof Error ? `${problem.name}: ${problem.message}`.slice(0, 500) : String(problem);
    }
    const { user, system } = cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
    if (least <= limit) return null;
  }
  return `slow: ${Math.round(least)} ms of the processor, more than ${limit}`;
}

/** Takes away what the failure does not need, by halves and then piece by piece. */
export async function shrink(subject: Subject, broken: Broken, limitMs: number): Promise<Broken> {
  let best = broken;
  let tries = 0;
  const end = performance.now() + limitMs;
  const kind = kindOf(broken.what);
  for (let size = Math.ceil(best.input.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.input.length;) {
      if (++tries > SHRINKS_MAX || performance.now() > end) return best;
      const rest = best.input.subarray(Math.min(best.input.length, at + size));
      const input = new Uint8Array(at + rest.length);
      input.set(best.input.subarray(0, at));
      input.set(rest, at);
      const what = await tryInput(subject, input, SLOWER);
      if (what !== null && kindOf(what) === kind) best = { what, input };
      else at += size;
    }
    if (size === 0) break;
  }
  return best;
}

/** Failures of one kind have one cause, most likely: numbers and quoted parts do not count. */
export function kindOf(what: string): string {
  return what.replaceAll(/[0-9]+/g, "#").replaceAll(/(["'`]).*?\1/g, "_").slice(0, 40);
}
