/** Programs that a bench starts, and what processes take, from /proc. Linux only. */
import type { NodeProcess } from "../../src/drill/node_process.ts";
import { keep } from "./keep.ts";

/** Longest that a process may take to end when told, ms. */
const STOP_MS = 3000;

/** A program that runs until it is disposed. */
export interface Program extends AsyncDisposable {
  readonly pid: number;
}

/** Starts a program whose output nobody reads. It is ended by its pid. */
export function startProgram(program: string, args: readonly string[]): Program {
  const child = new Deno.Command(program, { args: [...args], stdin: "null", stdout: "null", stderr: "null" })
    .spawn();
  return keep({
    pid: child.pid,
    async [Symbol.asyncDispose](): Promise<void> {
      const kill = (signal: Deno.Signal): void => {
        try {
          child.kill(signal);
        } catch {
          // It has ended.
        }
      };
      kill("SIGTERM");
      const hard = setTimeout(() => kill("SIGKILL"), STOP_MS);
      await child.status;
      clearTimeout(hard);
    },
  });
}

/** A node's process that is stopped when it is disposed. */
export function stoppable(node: NodeProcess): NodeProcess & AsyncDisposable {
  return Object.assign(node, {
    async [Symbol.asyncDispose](): Promise<void> {
      await node.stop(STOP_MS);
    },
  });
}

/** Ticks of /proc's processor times, a second (USER_HZ; 100 on every Linux of today). */
export const TICKS = 100;

/** Processor time used so far by a process and its ended threads, ticks. */
export function processorTicks(pid: number): number {
  const text = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

/** Memory of a process that is in RAM, MiB. */
export function residentMib(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1];
  return Number(kib) / 1024;
}

/** Whether a program is there and starts. */
export function isInstalled(program: string, ...args: string[]): boolean {
  try {
    new Deno.Command(program, { args, stdin: "null", stdout: "null", stderr: "null" }).outputSync();
    return true;
  } catch {
    return false;
  }
}
