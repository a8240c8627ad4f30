import assert from "node:assert/strict";
import { SeededRandom } from "../../../src/base/random.ts";
import type { PublishAction, PublishResult } from "../../../src/publish/action.ts";
import { setDesired } from "../../../src/publish/reconcile.ts";
import { stepNode } from "../../../src/node/node.ts";
import { NODE_PROGRAM, type NodeProgram } from "../../../src/node/program.ts";
import type { NodeState } from "../../../src/node/state.ts";
import { Engine } from "../../../src/runtime/engine.ts";
import type { World } from "../../../src/runtime/world.ts";
import { NodeLab, testConfig } from "../../support/node_lab.ts";

const CONFIG = testConfig(`[[services.publish]]\ntype = "exec"\ncommand = ["/bin/true"]`);

/** A leader with a write to make: its publisher showed the first target and is to show the second. */
function leaderWithAWrite(): { readonly state: NodeState; readonly now: number } {
  const lab = new NodeLab(CONFIG);
  lab.run(6000);
  const state = lab.leader();
  assert.equal(state?.self, 1);
  for (const { node, effect } of lab.publishes) {
    const { publisher, operation } = effect;
    lab.give(node, { kind: "published", publisher, operation, result: { kind: "ok", shows: undefined } });
  }
  const reconciler = state?.services[0]?.publishers.find((slot) => slot.reconciler !== null)?.reconciler;
  assert.ok(state && reconciler && state.leading);
  setDesired(reconciler, { target: "two", value: "10.0.1.2", epoch: state.leading.epoch }, lab.now);
  return { state, now: lab.now };
}

interface Seen {
  readonly writes: PublishAction[];
  readonly order: string[];
}

function world(
  seen: Seen,
  clock: () => number,
  publish: (signal: AbortSignal) => Promise<PublishResult> = () =>
    Promise.resolve({ kind: "ok", shows: undefined }),
): World {
  return {
    clock: { now: clock, wallMs: () => 1_700_000_000_000 },
    random: new SeededRandom(1),
    send: () => {},
    drain: () => {
      seen.order.push("drain");
      return Promise.resolve();
    },
    persist: null,
    probe: () => Promise.resolve({ ok: true, latencyMs: 1, detail: "HTTP 200" }),
    publish: (_ref, action, _timeoutMs, signal) => {
      if (action.kind === "write") seen.writes.push(action);
      return publish(signal);
    },
    verify: () => Promise.resolve([]),
    committed: () => {},
    tell: () => {},
    outcome: () => {},
    event: (event) => void seen.order.push(event.name),
  };
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("a write that was decided under the lease starts while the lease holds", async () => {
  const { state, now } = leaderWithAWrite();
  const seen: Seen = { writes: [], order: [] };
  const engine = new Engine(state, world(seen, () => now), () => {});
  engine.give({ kind: "deadline" });
  assert.equal(seen.writes.length, 1);
  await settle();
  engine.end();
});

Deno.test("a pause between the decision and the write leaves the write undone: the lease is asked at the moment of use", async () => {
  const { state, now } = leaderWithAWrite();
  const seen: Seen = { writes: [], order: [] };
  let asked = 0;
  // The step is told the time before the pause, all that follows the time after it.
  const engine = new Engine(state, world(seen, () => asked++ === 0 ? now : now + 5000), () => {});
  engine.give({ kind: "deadline" });
  await settle();
  engine.end();
  assert.ok(asked > 1);
  assert.deepEqual(seen.writes, []);
});

Deno.test("a write under way is cut off when its lease is not renewed", async () => {
  const { state, now } = leaderWithAWrite();
  const seen: Seen = { writes: [], order: [] };
  let time = now;
  const cut = Promise.withResolvers<void>();
  const engine = new Engine(
    state,
    world(seen, () => time, (signal) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          cut.resolve();
          resolve({ kind: "failed", detail: "cut off", retryAfterMs: null });
        });
      })),
    () => {},
  );
  engine.give({ kind: "deadline" });
  assert.equal(seen.writes.length, 1);
  time = now + 5000;
  let limit: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<string>((resolve) => limit = setTimeout(() => resolve("not within 5 s"), 5000));
  assert.equal(await Promise.race([cut.promise.then(() => "cut off"), late]), "cut off");
  clearTimeout(limit);
  await settle();
  engine.end();
});

Deno.test("after a gap the socket is drained before anything is judged", async () => {
  const { state, now } = leaderWithAWrite();
  const seen: Seen = { writes: [], order: [] };
  let time = now;
  const engine = new Engine(state, world(seen, () => time), () => {});
  engine.start();
  time = now + 5000; // the process did not run
  while (!seen.order.includes("lease-lost")) await new Promise((resolve) => setTimeout(resolve, 5));
  engine.end();
  const told = seen.order.filter((name) => ["drain", "pause", "lease-lost"].includes(name));
  assert.deepEqual(told, ["drain", "pause", "lease-lost"]);
});

Deno.test("a probe that a reload has overtaken says nothing about the target that is now called so", async () => {
  const { state, now } = leaderWithAWrite();
  const seen: Seen = { writes: [], order: [] };
  let time = now;
  const asked: { readonly address: string; readonly answer: (ok: boolean) => void }[] = [];
  const all: World = {
    ...world(seen, () => time),
    probe: (_check, { address }) =>
      new Promise((resolve) => {
        const answer = (ok: boolean): void => resolve({ ok, latencyMs: 1, detail: "" });
        asked.push({ address, answer });
      }),
  };
  const engine = new Engine(state, all, () => {});
  const probes = (address: string): typeof asked => asked.filter((one) => one.address === address);
  for (; probes("10.0.1.1").length === 0; time += 100) engine.give({ kind: "deadline" });
  const [service] = CONFIG.services;
  assert.ok(service !== undefined);
  const targets = service.targets.map((target) =>
    target.name === "one" ? { ...target, address: "10.0.1.9" } : target
  );
  engine.give({ kind: "reload", config: { ...CONFIG, services: [{ ...service, targets }] } });
  for (; probes("10.0.1.9").length === 0; time += 100) engine.give({ kind: "deadline" });
  probes("10.0.1.1")[0]?.answer(false);
  await settle();
  const probing = state.targetByName.get("web/one")?.probing;
  assert.deepEqual([probing?.bad, probing?.last], [0, null]);
  probes("10.0.1.9")[0]?.answer(true);
  await settle();
  engine.end();
  assert.equal(probing?.good, 1);
});

Deno.test("a pause in the middle of a step is a gap as well: the timer that is overdue by then stays", async () => {
  const { state, now } = leaderWithAWrite();
  const seen: Seen = { writes: [], order: [] };
  let time = now;
  const engine = new Engine(state, world(seen, () => time), () => {});
  engine.start();
  time = now + 5000; // it did not run; the step that it was in goes on before any timer
  engine.give({ kind: "command", request: "r", command: { kind: "unpin", service: "none" }, who: "me" });
  while (!seen.order.includes("lease-lost")) await new Promise((resolve) => setTimeout(resolve, 5));
  engine.end();
  const told = seen.order.filter((name) => ["drain", "pause", "lease-lost"].includes(name));
  assert.deepEqual(told, ["drain", "pause", "lease-lost"]);
});

Deno.test("no publish starts while a node with more authority waits for the lease", () => {
  for (const waits of [false, true]) {
    const { state, now } = leaderWithAWrite();
    const { role } = state.election;
    assert.ok(role.kind === "leader");
    if (waits) role.tenure.yieldFrom = { id: 2, until: now + 1000 };
    const env = { now, wallMs: 1_700_000_000_000, random: new SeededRandom(1) };
    const effects = stepNode(state, { kind: "late", lateMs: 0 }, env);
    assert.equal(effects.some((effect) => effect.kind === "publish"), !waits);
  }
});

Deno.test("the loop drives the program that it is given, and asks that one at the moment of use", async () => {
  const { state, now } = leaderWithAWrite();
  const asked = new Set<string>();
  const program: NodeProgram = {
    ...NODE_PROGRAM,
    step: (...given) => {
      asked.add("step");
      return NODE_PROGRAM.step(...given);
    },
    nextDeadline: (...given) => {
      asked.add("nextDeadline");
      return NODE_PROGRAM.nextDeadline(...given);
    },
    mayPublish: () => {
      asked.add("mayPublish");
      return false;
    },
  };
  const seen: Seen = { writes: [], order: [] };
  const engine = new Engine(state, world(seen, () => now), () => {}, null, program);
  engine.give({ kind: "deadline" });
  await settle();
  engine.end();
  assert.deepEqual([...asked].sort(), ["mayPublish", "nextDeadline", "step"]);
  assert.deepEqual(seen.writes, []);
});
