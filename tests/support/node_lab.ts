/** Whole nodes on one table, in virtual time, without loss: for tests of what joins the cores. */
import { SeededRandom } from "../../src/base/random.ts";
import type { NodeId } from "../../src/base/id.ts";
import { parseConfig } from "../../src/config/parse.ts";
import type { Config } from "../../src/config/config.ts";
import type { Notice } from "../../src/failover/notice.ts";
import { err } from "../../src/base/result.ts";
import { mayAct } from "../../src/election/step.ts";
import type { Effect, LogEvent, NodeEvent, Outcome, Packet } from "../../src/node/events.ts";
import { createNode, nextNodeDeadline, stepNode } from "../../src/node/node.ts";
import type { NodeState } from "../../src/node/state.ts";
import type { VerifyAnswer } from "../../src/publish/verify.ts";
import type { PublishAction, PublishResult } from "../../src/publish/action.ts";

const KEY = btoa("0123456789abcdef0123456789abcdef");

/** A config of three nodes and one service `web` with the targets `one` and `two`, and what a test adds to it. */
export function testConfig(service = "", more = "", publish = ""): Config {
  const nodes = [1, 2, 3].map((id) =>
    `[[cluster.nodes]]\nid = ${id}\naddress = "10.0.0.${id}:7420"\nzone = "z${id}"\n`
  );
  const text = `[cluster]\nname = "lab"\nkeys = ["${KEY}"]\n${nodes.join("")}${more}
[dns]\nlisten = "127.0.0.1:5300"\nzone = "ha.test"\nnameservers = ["ns1.ha.test"]
[[services]]\nname = "web"\n${service}
[services.check]\ntype = "http"\nport = 80
[[services.targets]]\nname = "one"\naddress = "10.0.1.1"
[[services.targets]]\nname = "two"\naddress = "10.0.1.2"
[[services.publish]]\ntype = "dns"\nname = "web.ha.test"\nttl = "5s"\n${publish}`;
  const parsed = parseConfig(text, "lab.toml", {
    env: () => undefined,
    readTextFile: () => err("no files here"),
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error, null, 2));
  return parsed.value;
}

export class NodeLab {
  now = 1000;
  readonly nodes = new Map<NodeId, NodeState>();
  readonly events: { readonly node: NodeId; readonly event: LogEvent }[] = [];
  readonly outcomes = new Map<string, Outcome>();
  readonly publishes: { readonly node: NodeId; readonly effect: Extract<Effect, { kind: "publish" }> }[] = [];
  /** What name servers and resolvers show, to the node that asks. */
  places: (node: NodeId) => readonly VerifyAnswer[] = () => [];
  /** What receivers were told, by whom. */
  readonly told: { readonly node: NodeId; readonly notice: Notice; readonly receiver: string }[] = [];
  /** Whether a receiver takes what it is told. */
  hears: (node: NodeId, receiver: string) => boolean = () => true;
  deadlines = 0;
  /** Health of each target, by the node that asks: default up. */
  healthy: (node: NodeId, target: string) => boolean = () => true;
  readonly cut = new Set<NodeId>();
  /** What publishers answer, a millisecond later; null = nothing. */
  publisher: (node: NodeId, action: PublishAction) => PublishResult | null = () => null;
  readonly #random = new SeededRandom(5);
  #due: { readonly at: number; readonly node: NodeId; readonly event: NodeEvent }[] = [];

  constructor(readonly config: Config) {
    for (const { id } of config.cluster.nodes) this.start(id);
  }

  start(id: NodeId): void {
    const incarnation = (this.nodes.size + 1 + Math.floor(this.now)).toString(16).padStart(16, "0");
    const env = this.env();
    this.nodes.set(id, createNode({ config: this.config, self: id, incarnation, memory: null }, env));
  }

  node(id: NodeId): NodeState {
    const state = this.nodes.get(id);
    if (state === undefined) throw new Error(`node ${id} does not run`);
    return state;
  }

  give(id: NodeId, event: NodeEvent): void {
    const state = this.nodes.get(id);
    if (state === undefined) return;
    for (const effect of this.step(id, state, event)) this.#perform(id, effect);
  }

  protected step(_id: NodeId, state: NodeState, event: NodeEvent): Effect[] {
    return stepNode(state, event, this.env());
  }

  run(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      let next = Math.min(...this.#due.map((item) => item.at));
      for (const state of this.nodes.values()) {
        next = Math.min(next, Math.max(this.now, nextNodeDeadline(state, this.now)));
      }
      if (next > end) break;
      this.now = next;
      const due = this.#due.filter((item) => item.at <= this.now);
      this.#due = this.#due.filter((item) => item.at > this.now);
      for (const { node, event } of due) this.give(node, event);
      for (const [id, state] of this.nodes) {
        for (let i = 0; nextNodeDeadline(state, this.now) <= this.now; i++) {
          if (i > 20) throw new Error(`node ${id} has a deadline that never passes`);
          this.deadlines++;
          this.give(id, { kind: "deadline" });
        }
      }
    }
    this.now = end;
  }

  leader(): NodeState | null {
    for (const state of this.nodes.values()) if (mayAct(state.election, this.now)) return state;
    return null;
  }

  active(service = "web"): (string | null | undefined)[] {
    return [...this.nodes.values()].map((state) => state.cluster?.services[service]?.active);
  }

  protected env(): { now: number; wallMs: number; random: SeededRandom } {
    return { now: this.now, wallMs: 1_700_000_000_000 + this.now, random: this.#random };
  }

  #perform(id: NodeId, effect: Effect): void {
    if (effect.kind === "send") this.#send(id, effect.to, effect.packet);
    else if (effect.kind === "probe") {
      const ok = this.healthy(id, effect.target);
      const outcome = { ok, latencyMs: 1, detail: ok ? "HTTP 200" : "connection refused" };
      const { service, target } = effect;
      this.#due.push({ at: this.now + 1, node: id, event: { kind: "probed", service, target, outcome } });
    } else if (effect.kind === "verify") {
      const { publisher, round } = effect;
      const answers = this.places(id);
      this.#due.push({ at: this.now + 1, node: id, event: { kind: "verified", publisher, round, answers } });
    } else if (effect.kind === "tell") {
      const { notice, receiver } = effect;
      this.told.push({ node: id, notice, receiver });
      if (!this.hears(id, receiver)) return;
      const { key, phase } = notice;
      this.#due.push({ at: this.now + 1, node: id, event: { kind: "told", key, phase, receiver } });
    } else if (effect.kind === "event") this.events.push({ node: id, event: effect.event });
    else if (effect.kind === "outcome") this.outcomes.set(effect.request, effect.outcome);
    else if (effect.kind === "publish") {
      this.publishes.push({ node: id, effect });
      const result = this.publisher(id, effect.action);
      const { publisher, operation } = effect;
      if (result !== null) {
        this.#due.push({
          at: this.now + 1,
          node: id,
          event: { kind: "published", publisher, operation, result },
        });
      }
    }
  }

  #send(from: NodeId, to: NodeId, packet: Packet): void {
    if (this.cut.has(from) || this.cut.has(to)) return;
    this.#due.push({ at: this.now + 1, node: to, event: { kind: "received", packet } });
  }
}
