/**
 * The world of a run: hosts in network namespaces on one switch; a node or a target on each of the zones' hosts; BIND,
 * the relay and the client on hosts of their own. All that is seen goes into `history`.
 *
 *     zone 1: n1, t1   zone 2: n2, t2   zone 3: n3, t3 ...   bind   relay   cl
 */
import assert from "node:assert/strict";
import { failoverBudget } from "../../src/config/budget.ts";
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/cli/load.ts";
import type { Launcher } from "../../src/drill/launch.ts";
import { testLauncher } from "../support/abfail.ts";
import { Netns } from "../support/netns.ts";
import { Bind } from "./bind.ts";
import { Child, script } from "./child.ts";
import type { ClientOrders } from "./client_main.ts";
import type { Entry, Setting } from "./history.ts";
import { monotonicMs } from "./monotonic.ts";
import { FaultNode } from "./node.ts";
import type { Broken } from "./reachable.ts";
import { reach } from "./reachable.ts";
import { LONGEST_DELAY_MS, Roads } from "./roads.ts";
import * as toml from "./toml.ts";
import { findTools, type Tools } from "./tools.ts";
import { until, watchStalls } from "./waiting.ts";
import { followRuns } from "./witness.ts";

export interface ArenaOptions {
  readonly nodes: number;
  /** A wrong core for the nodes; null = the right one. */
  readonly mutant: string | null;
}

/** Beyond the budget: the client's own waiting, and a machine that is busy with all of this, ms. */
const SLACK_MS = 2000;
/** After a node has started: its process, the quarantine, what it has to learn, ms. */
const START_MS = 4000;
/** The zones that have a target. */
const TARGET_NAMES = ["one", "two", "three"];

export class Arena implements AsyncDisposable {
  readonly history: Entry[] = [];
  readonly tools: Tools;
  readonly net: Netns;
  readonly folder: string;
  readonly nodes: FaultNode[] = [];
  readonly targets = new Map<string, Child>();
  readonly roads: Roads;
  readonly config: Config;
  readonly setting: Setting;
  readonly #places: ReadonlyMap<string, string>;
  readonly #broken = new Map<number, Broken>();
  readonly #children: Child[] = [];
  readonly #closers: (() => void)[] = [];
  readonly #configFile: string;
  #bind: Bind | null = null;
  #key = 0;
  #startedAt = -Infinity;

  private constructor(given: {
    readonly tools: Tools;
    readonly net: Netns;
    readonly folder: string;
    readonly config: Config;
    readonly configFile: string;
    readonly places: ReadonlyMap<string, string>;
  }) {
    this.tools = given.tools;
    this.net = given.net;
    this.folder = given.folder;
    this.config = given.config;
    this.#configFile = given.configFile;
    this.#places = given.places;
    this.roads = new Roads(given.net, given.tools);
    this.setting = {
      leaseMs: given.config.election.leaseMs,
      addresses: given.places,
      nodeServers: new Map(given.config.cluster.nodes.map(({ id }) => [`n${id}`, id])),
      longestDelayMs: LONGEST_DELAY_MS,
    };
  }

  static async create({ nodes, mutant }: ArenaOptions): Promise<Arena> {
    const tools = findTools();
    const folder = await Deno.makeTempDir({ prefix: "abfail-faults-" });
    await Deno.chmod(folder, 0o755);
    const count = Math.min(nodes, TARGET_NAMES.length);
    const names = Array.from({ length: nodes }, (_, i) => `n${i + 1}`);
    const hosts = [
      ...names,
      ...TARGET_NAMES.slice(0, count).map((_, i) => `t${i + 1}`),
      "bind",
      "relay",
      "cl",
    ];
    const net = await Netns.create(hosts);
    const targets = TARGET_NAMES.slice(0, count).map((name, i) => ({
      name,
      address: net.host(`t${i + 1}`).address,
    }));
    const own = `${folder}/own`;
    await Deno.mkdir(own);
    const witness = `${folder}/witness.sh`;
    await Deno.writeTextFile(witness, toml.witnessProgram(folder), { mode: 0o755 });
    const configFile = `${folder}/abfail.toml`;
    const text = toml.nodeConfig({
      nodes: names.map((name) => net.host(name).address),
      targets,
      bind: net.host("bind").address,
      own,
      witness,
    });
    await Deno.writeTextFile(configFile, text, { mode: 0o600 });
    const config = await loadConfig(configFile);
    assert(config.ok, config.ok ? "" : config.error);
    const places = new Map(targets.map(({ name, address }) => [name, address]));
    const arena = new Arena({ tools, net, folder, config: config.value, configFile, places });
    try {
      await arena.#populate(names, own, mutant);
    } catch (problem) {
      await arena[Symbol.asyncDispose]();
      throw problem;
    }
    return arena;
  }

  /** `abfail check`'s worst case for whoever asks the nodes themselves, without a cache: no TTL. */
  get budgetMs(): number {
    const service = this.config.services[0];
    assert(service !== undefined);
    const embedded = { ...service, publish: service.publish.filter(({ type }) => type === "dns") };
    const { total, ttl } = failoverBudget(this.config, embedded);
    return total.worst - ttl.worst;
  }

  get bind(): Bind {
    assert(this.#bind !== null);
    return this.#bind;
  }

  node(id: number): FaultNode {
    const node = this.nodes[id - 1];
    assert(node !== undefined, `there is no node ${id}`);
    return node;
  }

  record = (entry: Entry): void => {
    this.history.push(entry);
  };

  /** Who leads, as the newest statuses of running nodes say; null when nobody knows. */
  leader(): number | null {
    const told = this.nodes.filter((node) => node.running && !node.stopped)
      .map(({ latest }) => latest).filter((latest) => latest !== null)
      .sort((a, b) => b.from - a.from);
    for (const { status } of told) if (status.leader !== null) return status.leader.id;
    return null;
  }

  /** The target that is active. */
  active(): string | null {
    const told = this.nodes.flatMap(({ latest }) => latest === null ? [] : [latest]).sort((a, b) =>
      b.from - a.from
    );
    return told[0]?.status.services[0]?.active ?? null;
  }

  /** Notes that something is broken; gives back how to note that it is not any more. */
  breaks(broken: Broken): () => void {
    const key = ++this.#key;
    this.#broken.set(key, broken);
    this.#noteReach();
    return () => {
      this.#broken.delete(key);
      this.#noteReach();
    };
  }

  get anythingBroken(): boolean {
    return this.#broken.size > 0;
  }

  isTargetBroken(target: string): boolean {
    return [...this.#broken.values()].some((one) => one.kind === "target" && one.target === target);
  }

  /** Starts a node: for a while others may have to wait for it. */
  start(node: FaultNode): void {
    this.#startedAt = monotonicMs();
    node.start();
  }

  /** The bound on what is lost after a change of the world, ms. */
  boundMs(): number {
    return this.budgetMs + SLACK_MS + (monotonicMs() - this.#startedAt < START_MS ? START_MS : 0);
  }

  async startTarget(name: string): Promise<void> {
    const host = `t${[...this.#places.keys()].indexOf(name) + 1}`;
    let ready = false;
    const launcher = this.net.launcher(host, script("target_main.ts"));
    const child = new Child(launcher, [name, String(toml.TARGET_PORT)], () => ready = true);
    this.targets.set(name, child);
    await until(`target ${name} listens`, () => ready);
  }

  /** The host of a target. */
  hostOf(target: string): string {
    return `t${[...this.#places.keys()].indexOf(target) + 1}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#closers) close();
    await Promise.all(this.nodes.map((node) => node.end()));
    await Promise.all([...this.targets.values(), ...this.#children].map((child) => child.stop()));
    await this.#bind?.stop();
    await this.net[Symbol.asyncDispose]();
  }

  #noteReach(): void {
    const { serve, why } = reach(this.nodes.length, [...this.#places.keys()], [...this.#broken.values()]);
    this.record({ kind: "should", at: monotonicMs(), serve, why, boundMs: this.boundMs() });
  }

  async #populate(names: readonly string[], own: string, mutant: string | null): Promise<void> {
    this.#bind = await Bind.start(
      `${this.folder}/bind`,
      this.net.launcher("bind", { program: "named", args: [] }),
      this.record,
    );
    let relayReady = false;
    const relay = new Child(this.net.launcher("relay", script("relay_main.ts")), [], (line) => {
      if (relayReady) this.record(JSON.parse(line) as Entry);
      relayReady = true;
    });
    this.#children.push(relay);
    this.roads.relay = relay;
    for (const name of this.#places.keys()) await this.startTarget(name);
    await until("the relay runs", () => relayReady);
    this.#closers.push(followRuns(`${this.folder}/runs`, this.record));
    this.#closers.push(watchStalls(this.record));
    for (const [i, name] of names.entries()) {
      const launcher = this.net.launcher(name, mutant === null ? testLauncher() : mutantLauncher(mutant));
      const folder = `${this.folder}/own-${i + 1}`;
      const { faketime } = this.tools;
      this.nodes.push(
        new FaultNode({
          id: i + 1,
          launcher,
          own,
          folder,
          config: this.#configFile,
          faketime,
          record: this.record,
        }),
      );
    }
    for (const node of this.nodes) this.start(node);
    await until("all is well", () => this.missing().length === 0, () => this.missing().join("; "));
    this.#startClient(names);
    await until(
      "the client is served",
      () => this.history.some((entry) => entry.kind === "call" && entry.by !== null),
    );
    this.#noteReach();
  }

  /** What is not well, as the newest statuses say. */
  missing(): string[] {
    const found = this.nodes.flatMap((node) => {
      if (node.latest === null || monotonicMs() - node.latest.from > 1000) {
        return [`node ${node.id} says nothing`];
      }
      const entry = this.history.findLast((one) => one.kind === "look" && one.node === node.id);
      return entry?.kind === "look" ? entry.unwell : [];
    });
    const leaders = new Set(this.nodes.map(({ latest }) => latest?.status.leader?.id));
    if (leaders.size > 1) found.push("the nodes name different leaders");
    return found;
  }

  #startClient(names: readonly string[]): void {
    const servers: Record<string, ClientOrders["servers"][string]> = {};
    for (const name of names) {
      servers[name] = { host: this.net.host(name).address, port: toml.NODE_DNS_PORT, name: toml.NODE_NAME };
    }
    servers["bind"] = { host: this.net.host("bind").address, port: toml.BIND_PORT, name: toml.BIND_NAME };
    const orders: ClientOrders = { servers, nodes: names, targetPort: toml.TARGET_PORT };
    const launcher = this.net.launcher("cl", script("client_main.ts"));
    this.#children.push(
      new Child(launcher, [JSON.stringify(orders)], (line) => this.record(JSON.parse(line) as Entry)),
    );
  }
}

/** A node with a wrong core: the same program with another beginning. */
function mutantLauncher(mutant: string): Launcher {
  const right = testLauncher();
  const path = decodeURIComponent(new URL("mutant_main.ts", import.meta.url).pathname);
  return { program: Deno.execPath(), args: [...right.args.slice(0, -1), path, mutant] };
}
