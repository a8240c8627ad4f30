/** Does to the arena what was planned, and undoes it. */
import { unreachable } from "../../src/base/assert.ts";
import type { Arena } from "./arena.ts";
import { breakTarget, cold, rolling } from "./inject_many.ts";
import { inPublish } from "./inject_publish.ts";
import { type Injected, NOTHING } from "./injected.ts";
import { pause } from "./monotonic.ts";
import type { FaultNode } from "./node.ts";
import type { Planned } from "./plan.ts";
import { all, LONGEST_DELAY_MS, type Treatment, type Undo } from "./roads.ts";
import type { Broken } from "./reachable.ts";

/** How long a node may be told to be dead at least, ms. */
const KILLED_MS = 300;
/** Offsets of a wrong wall clock, s: within TSIG's fudge, an hour, a day, a year. */
const CLOCK_OFFSETS_S = [2, 30, 3600, 86_400, 31_536_000];

/** Begins a fault; null when what it would hit is broken already. */
export async function inject(arena: Arena, planned: Planned): Promise<Injected | null> {
  const leader = arena.leader();
  const id = (planned.kind === "isolate-leader" ? null : planned.node) ?? leader ?? 1;
  const node = arena.node(id);
  const nodes = arena.nodes.length;
  const other = ((id - 1 + planned.other) % nodes) + 1;
  const others = arena.nodes.map((one) => `n${one.id}`).filter((name) => name !== `n${id}`);
  const names = [...arena.setting.addresses.keys()];
  const active = arena.active();
  const target = planned.target === null ? active ?? "one" : names[planned.target] ?? "one";
  const hit = { hitsLeader: id === leader, hitsActive: null, done: null };
  const within = (least: number, most: number): number => Math.round(least + planned.much * (most - least));
  const broken = (what: Broken | readonly Broken[], undo: Undo): Undo => {
    const mends = [what].flat().map((one) => arena.breaks(one as Broken));
    return async () => {
      await undo();
      for (const mend of mends) mend();
    };
  };
  const poor = (): Broken => ({ kind: "poor", node: id });
  const treat = async (what: string, treatment: Treatment): Promise<Injected> => {
    const undo = await arena.roads.treat(`n${id}`, others, treatment);
    return { ...hit, text: `${what} from node ${id}`, undo: broken(poor(), undo) };
  };
  switch (planned.kind) {
    case "cut": {
      const undo = await arena.roads.cut(`n${id}`, `n${other}`);
      return {
        ...hit,
        text: `nodes ${id} and ${other} cut off from each other`,
        undo: broken({ kind: "pair", a: id, b: other }, undo),
      };
    }
    case "cut-one-way": {
      const undo = await arena.roads.cutOneWay(`n${id}`, `n${other}`);
      return { ...hit, text: `node ${other} does not hear node ${id}`, undo: broken(poor(), undo) };
    }
    case "isolate-leader": {
      const undo = all(await Promise.all(others.map((name) => arena.roads.cut(`n${id}`, name))));
      const pairs = others.map((name): Broken => ({ kind: "pair", a: id, b: Number(name.slice(1)) }));
      return {
        ...hit,
        text: `node ${id} cut off from the other nodes, not from the world`,
        undo: broken(pairs, undo),
      };
    }
    case "isolate-zone": {
      const own = names[id - 1];
      const hosts = [`n${id}`, ...(own === undefined ? [] : [arena.hostOf(own)])];
      const undo = await arena.roads.isolate(hosts);
      const gone: Broken[] = [
        { kind: "node", node: id },
        ...(own === undefined ? [] : [{ kind: "target", target: own } as const]),
      ];
      return {
        ...hit,
        hitsActive: own === active ? active : null,
        text: `zone ${id} cut off`,
        undo: broken(gone, undo),
      };
    }
    case "flap-link":
      return {
        ...hit,
        text: `node ${id}'s cable flaps`,
        undo: broken(poor(), flap(arena, `n${id}`, within(80, 700))),
      };
    case "loss": {
      const percent = within(10, 60);
      const undo = await arena.roads.lose(`n${id}`, percent);
      return { ...hit, text: `${percent} % loss at node ${id}`, undo: broken(poor(), undo) };
    }
    case "delay": {
      const delayMs = within(30, LONGEST_DELAY_MS - 50);
      return await treat(`${delayMs} ms delay`, { delayMs, jitterMs: 50, twice: 0 });
    }
    case "reorder":
      return await treat("reordering", { delayMs: 0, jitterMs: within(50, LONGEST_DELAY_MS), twice: 0 });
    case "duplicate":
      return await treat("duplicates", { delayMs: 0, jitterMs: within(5, 100), twice: within(20, 100) });
    case "pause-short":
    case "pause-long": {
      if (!node.running || node.stopped) return null;
      node.freeze();
      const mend = broken({ kind: "node", node: id }, NOTHING);
      const lastMs = planned.kind === "pause-short" ? within(150, 950) : within(1200, 7000);
      const done = pause(lastMs).then(() => node.thaw()).then(mend);
      return { ...hit, text: `node ${id} stands still for ${lastMs} ms`, done, undo: NOTHING };
    }
    case "kill": {
      if (!node.running || node.stopped) return null;
      await node.kill();
      const mend = broken({ kind: "node", node: id }, NOTHING);
      const downMs = within(KILLED_MS, 5000);
      return {
        ...hit,
        text: `node ${id} killed, back after ${downMs} ms`,
        done: back(arena, node, downMs, mend),
        undo: NOTHING,
      };
    }
    case "kill-in-publish":
    case "pause-in-publish":
      return await inPublish(arena, planned, within(2400, 6000));
    case "clock-forward":
    case "clock-back": {
      if (arena.tools.faketime === null) return null;
      const offset = CLOCK_OFFSETS_S[Math.floor(planned.much * CLOCK_OFFSETS_S.length)] ?? 30;
      const signed = planned.kind === "clock-back" ? -offset : offset;
      node.setClock(signed);
      const undo = (): Promise<void> => Promise.resolve(node.setClock(0));
      return {
        ...hit,
        text: `node ${id}'s wall clock set by ${signed} s`,
        undo: broken({ kind: "clock", node: id }, undo),
      };
    }
    case "step-down": {
      if (leader === null || !arena.node(leader).running || arena.node(leader).stopped) return null;
      await arena.node(leader).ask("/v1/step-down", "POST");
      return {
        ...hit,
        hitsLeader: false,
        text: `node ${leader} told to step down`,
        done: Promise.resolve(),
        undo: NOTHING,
      };
    }
    case "rolling-restart":
      if (arena.anythingBroken) return null;
      return { ...hit, hitsLeader: false, text: "rolling restart", done: rolling(arena), undo: NOTHING };
    case "cold-start":
      if (arena.anythingBroken) return null;
      return {
        ...hit,
        hitsLeader: false,
        text: planned.much < 0.5 ? "all nodes stopped and started" : "all nodes killed and started",
        done: cold(arena, planned.much >= 0.5),
        undo: NOTHING,
      };
    case "target-down":
    case "target-hang":
    case "target-slow":
    case "target-cut":
      return await breakTarget(arena, planned, target, within(450, 2000));
    case "bind-hang": {
      if (arena.bind.frozen) return null;
      arena.bind.freeze();
      return {
        ...hit,
        hitsLeader: false,
        text: "BIND stands still",
        undo: broken({ kind: "bind" }, () => Promise.resolve(arena.bind.thaw())),
      };
    }
    case "bind-cut": {
      const undo = await arena.roads.cut(`n${id}`, "bind");
      return {
        ...hit,
        hitsLeader: false,
        text: `node ${id} cut off from BIND`,
        undo: broken({ kind: "bind" }, undo),
      };
    }
    default:
      return unreachable(planned.kind);
  }
}

function flap(arena: Arena, host: string, everyMs: number): Undo {
  let over = false;
  const flapping = (async (): Promise<void> => {
    while (!over) {
      const plugIn = await arena.roads.unplug(host);
      await pause(everyMs);
      await plugIn();
      await pause(everyMs);
    }
  })();
  return async () => {
    over = true;
    await flapping;
  };
}

async function back(arena: Arena, node: FaultNode, downMs: number, mend: Undo): Promise<void> {
  await pause(downMs);
  if (!node.running) arena.start(node);
  await mend();
}
