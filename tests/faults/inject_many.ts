/** Targets that are lost, and all nodes at once or one after the other. */
import type { Arena } from "./arena.ts";
import type { Injected } from "./injected.ts";
import type { Planned } from "./plan.ts";
import type { Undo } from "./roads.ts";
import { until } from "./waiting.ts";

export async function breakTarget(
  arena: Arena,
  { kind }: Planned,
  target: string,
  slowMs: number,
): Promise<Injected | null> {
  const child = arena.targets.get(target);
  if (child === undefined || !child.running || arena.isTargetBroken(target)) return null;
  let undo: Undo;
  let what: string;
  if (kind === "target-down") {
    child.kill("SIGKILL");
    undo = (): Promise<void> => arena.startTarget(target);
    what = "down";
  } else if (kind === "target-hang") {
    child.kill("SIGSTOP");
    undo = (): Promise<void> => Promise.resolve(child.kill("SIGCONT"));
    what = "hangs";
  } else if (kind === "target-slow") {
    await child.tell({ slowMs });
    undo = (): Promise<void> => child.tell({ slowMs: 0 });
    what = `answers after ${slowMs} ms`;
  } else {
    undo = await arena.roads.unplug(arena.hostOf(target));
    what = "unplugged";
  }
  const hitsActive = target === arena.active() ? target : null;
  const mend = arena.breaks({ kind: "target", target });
  return {
    text: `target ${target} ${what}`,
    hitsLeader: false,
    hitsActive,
    done: null,
    undo: async (): Promise<void> => {
      await undo();
      mend();
    },
  };
}

/** One node after the other, each when all is well again. */
export async function rolling(arena: Arena): Promise<void> {
  for (const node of arena.nodes) {
    const mend = arena.breaks({ kind: "node", node: node.id });
    await node.stop();
    arena.start(node);
    mend();
    await until(
      `node ${node.id} is back`,
      () => arena.missing().length === 0,
      () => arena.missing().join("; "),
    );
  }
}

export async function cold(arena: Arena, killed: boolean): Promise<void> {
  const mends = arena.nodes.map((node) => arena.breaks({ kind: "node", node: node.id }));
  await Promise.all(arena.nodes.map((node) => killed ? node.kill() : node.stop()));
  for (const node of arena.nodes) arena.start(node);
  for (const mend of mends) mend();
}
