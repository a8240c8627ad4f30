/** Real nodes for a bench: any number of them, on loopback or on hosts of their own, asked over their Unix sockets. */
import { freePorts } from "../../src/drill/ports.ts";
import { type LogLine, NodeProcess } from "../../src/drill/node_process.ts";
import type { Status } from "../../src/view/status_type.ts";
import { testLauncher } from "../support/abfail.ts";
import { pause, randomKey } from "../support/cluster.ts";
import type { Netns } from "../support/netns.ts";
import { keep } from "./keep.ts";

export interface BenchClusterOptions {
  readonly nodes?: number;
  /** Lines of `[election]`. */
  readonly election: string;
  /** TOML below the API: `[dns]`, services; on loopback each node has a DNS port of its own. */
  readonly rest?: string;
  /** Hosts `PREFIX1` ... of a network; loopback without. */
  readonly net?: { readonly on: Netns; readonly prefix: string };
  readonly logLevel?: string;
}

/** How long anything may take before a round has failed, ms. */
const PATIENCE_MS = 30_000;
const LOOK_MS = 5;
/** Between a cluster that is well and the next fault: what was lately started is over, any phase of the timers. */
const REST_MS = 700;

export class BenchCluster implements AsyncDisposable {
  readonly ids: readonly number[];
  readonly folder: string;
  /** Each node's DNS port on loopback. */
  readonly dnsPorts: readonly number[];
  /** The cluster's key, base64. */
  readonly key: string;
  readonly #ports: readonly number[];
  readonly #options: BenchClusterOptions;
  readonly #nodes = new Map<number, NodeProcess>();
  readonly #clients = new Map<number, Deno.HttpClient>();
  readonly #all: NodeProcess[] = [];

  constructor(options: BenchClusterOptions) {
    this.#options = options;
    const count = options.nodes ?? 3;
    this.ids = Array.from({ length: count }, (_, i) => i + 1);
    this.folder = Deno.makeTempDirSync({ prefix: "abfail-bench-" });
    const ports = freePorts(count * 3);
    this.dnsPorts = ports.slice(count * 2);
    const key = randomKey();
    this.key = key;
    this.#ports = ports;
    for (const id of this.ids) {
      Deno.writeTextFileSync(this.configFile(id), this.#config(id, key, ports), { mode: 0o600 });
    }
  }

  /** Starts all, and waits until one leads and everybody hears everybody. */
  static async start(options: BenchClusterOptions): Promise<BenchCluster> {
    const cluster = keep(new BenchCluster(options));
    try {
      for (const id of cluster.ids) cluster.startNode(id);
      await cluster.untilCalm();
    } catch (problem) {
      await cluster[Symbol.asyncDispose]();
      throw problem;
    }
    return cluster;
  }

  /** A node's port on loopback. */
  udpPort(id: number): number {
    return this.#ports[(id - 1) * 2] as number;
  }

  configFile(id: number): string {
    return `${this.folder}/${id}.toml`;
  }

  startNode(id: number): void {
    const { net, logLevel = "info" } = this.#options;
    const launcher = net === undefined
      ? testLauncher()
      : net.on.launcher(`${net.prefix}${id}`, testLauncher());
    const flags = ["--log-format", "json", "--log-level", logLevel];
    const args = ["run", "--config", this.configFile(id), "--node-id", String(id), ...flags];
    const node = new NodeProcess(launcher, args);
    this.#nodes.set(id, node);
    this.#all.push(node);
  }

  node(id: number): NodeProcess {
    const node = this.#nodes.get(id);
    if (node === undefined) throw new Error(`node ${id} was never started`);
    return node;
  }

  /** GET or POST over the node's Unix socket; null when it does not answer. */
  async ask(
    id: number,
    path: string,
    limitMs = 1000,
    method = "GET",
    input: unknown = {},
  ): Promise<string | null> {
    let client = this.#clients.get(id);
    if (client === undefined) {
      client = Deno.createHttpClient({ proxy: { transport: "unix", path: this.#socket(id) } });
      this.#clients.set(id, client);
    }
    try {
      const signal = AbortSignal.timeout(limitMs);
      const headers = { "content-type": "application/json" };
      const body = method === "POST" ? JSON.stringify(input) : undefined;
      const answer = await fetch(`http://localhost${path}`, { client, signal, method, headers, body });
      return await answer.text();
    } catch {
      return null;
    }
  }

  async status(id: number): Promise<Status | null> {
    const text = await this.ask(id, "/v1/status");
    return text === null ? null : JSON.parse(text);
  }

  /** The node that leads as it says itself; null when none or when several do. */
  async leader(ids: readonly number[] = this.ids): Promise<number | null> {
    const statuses = await Promise.all(ids.map((id) => this.status(id)));
    const leading = statuses.filter((status) => status?.node.role === "leader");
    return leading.length === 1 ? leading[0]?.node.id ?? null : null;
  }

  /** Waits until one node leads, all know it and hear all; gives the leader. */
  async untilCalm(wanted: number | null = null, ids: readonly number[] = this.ids): Promise<number> {
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      const statuses = await Promise.all(ids.map((id) => this.status(id)));
      const leader = statuses[0]?.leader?.id;
      const calm = leader !== undefined && (wanted === null || leader === wanted) &&
        statuses.every((status) => {
          return status?.leader?.id === leader && status.quorum.alive === ids.length &&
            status.node.role !== "joining" && status.peers.every(({ problem }) => problem === null);
        });
      if (calm) {
        await pause(REST_MS + Math.random() * REST_MS / 2);
        return leader;
      }
      if (performance.now() > end) throw new Error(`never calm: ${this.#tail(ids)}`);
      await pause(50);
    }
  }

  /** The first line with that name that one of these nodes logs since then. */
  async untilLogged(
    ids: readonly number[],
    name: string,
    since: number,
  ): Promise<LogLine & { readonly id: number }> {
    const end = performance.now() + PATIENCE_MS;
    for (;;) {
      const found = ids.flatMap((id) => {
        const line = this.node(id).log.findLast((one) => one.name === name);
        return line !== undefined && line.at >= since ? [{ ...line, id }] : [];
      });
      found.sort((a, b) => a.at - b.at);
      if (found[0] !== undefined) return found[0];
      if (performance.now() > end) throw new Error(`nodes ${ids} never logged ${name}: ${this.#tail(ids)}`);
      await pause(LOOK_MS);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map((node) => node.running ? node.stop(2000) : node.ended));
    for (const client of this.#clients.values()) client.close();
    await Deno.remove(this.folder, { recursive: true }).catch(() => {});
  }

  #tail(ids: readonly number[]): string {
    return ids.map((id) => {
      const lines = this.#nodes.get(id)?.log.slice(-3).map(({ text }) => text) ?? [];
      return `node ${id}: ${lines.join(" / ")}`;
    }).join("; ");
  }

  #socket(id: number): string {
    return `${this.folder}/${id}.sock`;
  }

  #config(id: number, key: string, ports: readonly number[]): string {
    const { net, election, rest = "" } = this.#options;
    const nodes = this.ids.map((one) => {
      const [udp, api] = [ports[(one - 1) * 2], ports[(one - 1) * 2 + 1]];
      const place = net === undefined
        ? `address = "127.0.0.1:${udp}"\napi = "127.0.0.1:${api}"\n${
          rest.includes("[dns]") ? `dns = "127.0.0.1:${this.dnsPorts[one - 1]}"` : ""
        }`
        : `address = "${net.on.host(`${net.prefix}${one}`).address}:7420"`;
      return `[[cluster.nodes]]\nid = ${one}\n${place}\n`;
    });
    return `[cluster]\nname = "bench"\nkeys = ["${key}"]\n${nodes.join("")}[election]\n${election}
[api]\nsocket = "${this.#socket(id)}"\n${rest}`;
  }
}
