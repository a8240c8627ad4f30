/** Leaders that are lost in the middle of a publish, whose write arrives when another leads already. */
import type { Arena } from "./arena.ts";
import type { Injected } from "./injected.ts";
import { NOTHING } from "./injected.ts";
import { pause } from "./monotonic.ts";
import type { Planned } from "./plan.ts";
import type { Undo } from "./roads.ts";

/** A publish is caught this long after it was asked for, at most, ms. */
const CAUGHT_MS = 400;
/** How often BIND stands still rather than that one node's datagrams get lost. */
const FROZEN_SHARE = 0.2;
/** The leader is killed or stands still while a write to BIND is under way, which arrives when another leads already. */
export async function inPublish(
  arena: Arena,
  { kind, much }: Planned,
  lastMs: number,
): Promise<Injected | null> {
  const leader = arena.leader();
  const active = arena.active();
  const names = [...arena.setting.addresses.keys()];
  const to = names.find((name) => name !== active && arena.targets.get(name)?.running === true);
  if (leader === null || to === undefined || arena.bind.frozen) return null;
  const node = arena.node(leader);
  if (!node.running || node.stopped) return null;
  const letThrough = await holdBack(arena, leader, much);
  const mendBind = arena.breaks({ kind: "bind" });
  const switched = await node.ask("/v1/services/web/switch", "POST", { target: to });
  if (switched === null) {
    await letThrough();
    mendBind();
    return null;
  }
  await pause(20 + much * CAUGHT_MS);
  const mend = arena.breaks({ kind: "node", node: leader });
  if (kind === "kill-in-publish") await node.kill();
  else node.freeze();
  const done = (async (): Promise<void> => {
    // Whoever leads next finds BIND as it was, and writes; what the old leader sent comes after that.
    await pause(lastMs * 0.75);
    await letThrough();
    mendBind();
    await pause(lastMs * 0.25);
    if (kind === "kill-in-publish") arena.start(node);
    else node.thaw();
    mend();
  })();
  const how = kind === "kill-in-publish" ? "killed" : "stopped";
  return {
    text: `node ${leader} ${how} while it publishes ${to}`,
    hitsLeader: true,
    hitsActive: null,
    done,
    undo: NOTHING,
  };
}

/** What a node sends to BIND from now on arrives when this is undone: kernels keep it, whatever becomes of its process. */
async function holdBack(arena: Arena, leader: number, much: number): Promise<Undo> {
  if (much >= FROZEN_SHARE) return await arena.roads.holdBack(`n${leader}`, "bind");
  arena.bind.freeze(); // for all nodes
  return () => Promise.resolve(arena.bind.thaw());
}
