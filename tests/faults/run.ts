/** One run: episodes of faults until the time is over, each followed by quiet until all is well again. */
import { Arena } from "./arena.ts";
import type { Entry, Setting } from "./history.ts";
import { inject } from "./inject.ts";
import type { Injected } from "./injected.ts";
import { monotonicMs, pause } from "./monotonic.ts";
import { drawEpisodes, type Episode, type FaultKind, type Planned } from "./plan.ts";
import { BIND_NAME } from "./toml.ts";

export interface RunOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly nodes: number;
  readonly mutant: string | null;
  readonly kinds: readonly FaultKind[];
  /** Told what happens, in words. */
  readonly tell: (atMs: number, text: string) => void;
  /** Asked while a recovery is waited for: true ends the run. */
  readonly enough?: (history: readonly Entry[], setting: Setting) => boolean;
}

export interface RunResult {
  readonly history: readonly Entry[];
  readonly setting: Setting;
  readonly budgetMs: number;
  readonly startedAt: number;
  readonly tookMs: number;
  readonly folder: string;
}

/** How far apart back-offs of a publisher that failed for so long may be: it looks again within this share more. */
const BACK_OFF_SHARE = 1.5;
const BACK_OFF_MAX_MS = 36_000;
/** Beyond what the service itself may take, ms: opinions, handovers back, reading back what was published. */
const SETTLE_MS = 8000;
const LOOK_EVERY_MS = 50;
/** Between two looks at the whole history, ms. */
const ENOUGH_EVERY_MS = 1000;

/** Never rejects for what the product does; for what the arena cannot do. */
export async function runFaults(options: RunOptions): Promise<RunResult> {
  const arena = await Arena.create({ nodes: options.nodes, mutant: options.mutant });
  const startedAt = monotonicMs();
  const end = startedAt + options.minutes * 60_000;
  try {
    const targets = arena.setting.addresses.size;
    const { seed, nodes, kinds } = options;
    let number = 0;
    for (const episode of drawEpisodes({ seed, nodes, targets, kinds })) {
      if (monotonicMs() >= end) break;
      const before = arena.history.length;
      await perform(arena, episode, number, (text) => options.tell(monotonicMs() - startedAt, text));
      number += episode.faults.length;
      const enough = (): boolean => options.enough?.(arena.history, arena.setting) === true;
      const well = await recover(arena, before, enough);
      if (well === "enough") break;
      options.tell(
        monotonicMs() - startedAt,
        well === null ? "NOT well again" : `well after ${Math.round(well)} ms`,
      );
      await pause(episode.calmMs);
    }
  } finally {
    for (const node of arena.nodes) {
      await Deno.writeTextFile(`${arena.folder}/node-${node.id}.log`, node.lines.join("\n") + "\n");
    }
    await arena[Symbol.asyncDispose]();
  }
  const { history, setting, budgetMs, folder } = arena;
  return { history, setting, budgetMs, startedAt, tookMs: monotonicMs() - startedAt, folder };
}

async function perform(
  arena: Arena,
  { faults }: Episode,
  first: number,
  tell: (text: string) => void,
): Promise<void> {
  const begin = monotonicMs();
  await Promise.all(faults.map(async (planned, i) => {
    await pause(begin + planned.afterMs - monotonicMs());
    await one(arena, planned, first + i, tell);
  }));
}

async function one(
  arena: Arena,
  planned: Planned,
  number: number,
  tell: (text: string) => void,
): Promise<void> {
  const { kind: fault } = planned;
  const at = monotonicMs();
  const injected = await inject(arena, planned);
  if (injected === null) {
    arena.record({ kind: "fault", phase: "skipped", number, fault, at, text: fault, hits: null });
    return;
  }
  const { text } = injected;
  const hits = { leader: injected.hitsLeader, active: injected.hitsActive };
  arena.record({ kind: "fault", phase: "begin", number, fault, at, text, hits });
  tell(`${fault}: ${text}`);
  await lasts(injected, planned.lastMs);
  await injected.undo();
  arena.record({ kind: "fault", phase: "end", number, fault, at: monotonicMs(), text, hits });
}

/** A fault that ends by itself may fail to: that is for `recover` to tell. */
async function lasts({ done }: Injected, lastMs: number): Promise<void> {
  if (done === null) await pause(lastMs);
  else await done.catch(() => {});
}

/** Waits until all is well, or until it should have been. How long it took, ms; null when it was not. */
async function recover(
  arena: Arena,
  before: number,
  enough: () => boolean,
): Promise<number | null | "enough"> {
  const from = monotonicMs();
  const faults = arena.history.slice(before).filter((entry) => entry.kind === "fault");
  const faultyMs = from - Math.min(from, ...faults.map(({ at }) => at));
  const boundMs = arena.boundMs() + SETTLE_MS + Math.min(BACK_OFF_MAX_MS, faultyMs * BACK_OFF_SHARE);
  let askAt = 0;
  while (true) {
    if (monotonicMs() >= askAt) {
      if (enough()) return "enough";
      askAt = monotonicMs() + ENOUGH_EVERY_MS;
    }
    await unpin(arena);
    const missing = missingIn(arena, from);
    const now = monotonicMs();
    if (missing.length === 0) {
      arena.record({ kind: "recovery", from, to: now, boundMs, missing: "" });
      return now - from;
    }
    if (now - from > boundMs) {
      arena.record({ kind: "recovery", from, to: null, boundMs, missing: missing.join("; ") });
      return null;
    }
    await pause(LOOK_EVERY_MS);
  }
}

/** As an operator does: an order of an episode may have been carried out late, when nobody waited for its answer. */
async function unpin(arena: Arena): Promise<void> {
  const pinned = arena.nodes.find(({ latest }) => latest?.status.services[0]?.pinned != null);
  await pinned?.ask("/v1/services/web/unpin", "POST");
}

/** What is not well, by what was seen since `from`: the nodes, each name server, the client. */
function missingIn(arena: Arena, from: number): string[] {
  const found = arena.missing();
  const active = arena.active();
  const address = active === null ? undefined : arena.setting.addresses.get(active);
  for (const server of [...arena.setting.nodeServers.keys(), "bind"]) {
    const answer = arena.history.findLast((entry) => entry.kind === "answer" && entry.server === server);
    if (answer?.kind !== "answer" || answer.from < from) found.push(`${server} has not answered`);
    else if (answer.addresses?.join() !== address) {
      const what = answer.addresses?.join(", ") ?? "nothing";
      found.push(
        `${server === "bind" ? `${server} (${BIND_NAME})` : server} answers ${what}, active is ${active}`,
      );
    }
  }
  const call = arena.history.findLast((entry) => entry.kind === "call");
  if (call?.kind !== "call" || call.from < from || call.by !== active) {
    found.push(`the client is served by ${call?.kind === "call" ? call.by : "nobody"}`);
  }
  for (const node of arena.nodes) {
    const look = arena.history.findLast((entry) => entry.kind === "look" && entry.node === node.id);
    if (look?.kind === "look" && look.from < from) found.push(`node ${node.id} has not been asked`);
  }
  return found;
}
