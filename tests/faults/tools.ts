/** What this machine can do for the run, found out before it begins. */
import { netnsProblem } from "../support/netns.ts";
import { isInstalled } from "../support/name_server.ts";

export interface Tools {
  /** The kernel delays, reorders and doubles itself (`tc netem`); else a relay of ours does, for the nodes' datagrams. */
  readonly netem: boolean;
  /** libfaketime, which sets the wall clock of one process; null where it is missing. */
  readonly faketime: string | null;
}

/** Why there can be no run here; null when there can. */
export function arenaProblem(): string | null {
  return netnsProblem() ?? (isInstalled("bind") ? null : "BIND is missing (apt-get install bind9)");
}

/** Looks what there is. */
export function findTools(): Tools {
  return { netem: hasNetem(), faketime: findFaketime() };
}

/** What is used for what, a line each. */
export function describeTools({ netem, faketime }: Tools): string[] {
  return [
    "cuts, loss: nftables; pulled cables: ip link; pauses: SIGSTOP; crashes: SIGKILL",
    netem
      ? "delay, reorder, duplication: tc netem"
      : "delay, reorder, duplication: this kernel has no netem; a relay of ours, for the nodes' datagrams",
    faketime === null
      ? "wall clocks: left alone, libfaketime is missing (apt-get install libfaketime)"
      : "wall clocks: libfaketime, CLOCK_REALTIME of one process and no other clock",
  ];
}

function hasNetem(): boolean {
  const name = `abf-tc-${Deno.pid}`;
  const run = (...args: string[]): boolean => {
    try {
      const [program = "", ...rest] = args;
      return new Deno.Command(program, { args: rest, stdout: "null", stderr: "null" }).outputSync().success;
    } catch {
      return false;
    }
  };
  run("ip", "netns", "add", name);
  const has = run("tc", "-n", name, "qdisc", "add", "dev", "lo", "root", "netem", "delay", "10ms");
  run("ip", "netns", "del", name);
  return has;
}

function findFaketime(): string | null {
  const folders = [
    `/usr/lib/${Deno.build.arch}-linux-gnu/faketime`,
    "/usr/lib64/faketime",
    "/usr/lib/faketime",
  ];
  return folders.map((folder) => `${folder}/libfaketimeMT.so.1`).find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  }) ?? null;
}
