/** A cluster of real node processes on loopback, for end-to-end tests and measurements. */
import assert from "node:assert/strict";
import { askStatus, fetchWithin } from "../../src/drill/ask.ts";
import type { Launcher } from "../../src/drill/launch.ts";
import { type LogLine, NodeProcess } from "../../src/drill/node_process.ts";
import { drawPlan, type Plan } from "../../src/drill/plan.ts";
import { TargetService } from "../../src/drill/target_service.ts";
import type { Status } from "../../src/view/status_type.ts";
import { abfail, type Ran, runProgram, testLauncher } from "./abfail.ts";

export interface ClusterOptions {
  /** Lines of `[election]`; the default is quick. */
  readonly election?: string;
  /** The service's `[services.check]`; `type = "http"` and quick where left out. */
  readonly check?: string;
  /** Lines of `[[services]]`. */
  readonly service?: string;
  /** More `[[services.publish]]`, beside `dns`. */
  readonly publish?: (folder: string) => string;
  /** More lines of `[dns]`. */
  readonly dns?: (folder: string) => string;
  /** Loopback addresses of the three nodes, to answer DNS on port 53 (needs root); else they share 127.0.0.1. */
  readonly hosts?: readonly string[];
  /** The zones; `drill.test` where left out. */
  readonly zones?: readonly string[];
  /** More `[[services]]`. */
  readonly services?: (plan: Plan) => string;
  /** Lines of `[api]`. */
  readonly api?: (folder: string, id: number) => string;
  /** Variables of the nodes' environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Remember over restarts. */
  readonly stateDir?: boolean;
  /** How a node is started, where not as ever: under limits, in a namespace. */
  readonly launch?: (launcher: Launcher, id: number, folder: string) => Launcher;
  /** Cluster keys of single nodes, where they differ. */
  readonly keys?: ReadonlyMap<number, string>;
}

/** How long anything may take before a test gives up, ms: far above what a busy machine needs. */
export const PATIENCE_MS = 20_000;
/** How often it is looked, ms. */
const LOOK_MS = 15;

export const QUICK_ELECTION = `timing = "lan"\npreempt_delay = "1500ms"`;
export const QUICK_TIMES = `interval = "200ms"
fast_interval = "100ms"
timeout = "400ms"
fall = 2
rise = 2`;
/** Tests take the primary away again and again: no damping of its flaps. */
const QUICK_SERVICE = `failback_delay = "300ms"\nmax_failback_delay = "300ms"\nmin_hold = "100ms"`;

export class TestCluster implements AsyncDisposable {
  readonly folder: string;
  readonly plan: Plan;
  /** In-process stand-ins for the two targets; not started by themselves. */
  readonly services: readonly TargetService[];
  readonly #options: ClusterOptions;
  readonly #nodes = new Map<number, NodeProcess>();
  /** The cluster's key, base64. */
  readonly key: string = randomKey();

  constructor(options: ClusterOptions = {}) {
    this.#options = options;
    this.folder = Deno.makeTempDirSync({ prefix: "abfail-test-" });
    this.plan = planFor(options.hosts);
    this.services = this.plan.targets.map(({ name, address }) => new TargetService(name, address));
    for (const { id } of this.plan.nodes) this.writeConfig(id);
  }

  /** Writes a node's config; only `[node]` and, where asked for, the keys differ. */
  writeConfig(id: number): void {
    const { keys } = this.#options;
    Deno.writeTextFileSync(this.configFile(id), this.#config(id, keys?.get(id) ?? this.key), {
      mode: 0o600,
    });
  }

  configFile(id: number): string {
    return `${this.folder}/abfail-${id}.toml`;
  }

  startServices(): void {
    for (const service of this.services) service.start();
  }

  service(name: "web-a" | "web-b"): TargetService {
    return this.services.find((one) => one.name === name) as TargetService;
  }

  start(...ids: number[]): void {
    for (const id of ids) {
      assert(!this.#nodes.get(id)?.running, `node ${id} runs already`);
      const args = ["run", "--config", this.configFile(id), "--node-id", String(id), "--log-format", "json"];
      const launcher = this.#options.launch?.(testLauncher(), id, this.folder) ?? testLauncher();
      this.#nodes.set(id, new NodeProcess(launcher, args, { env: this.#options.env ?? {} }));
    }
  }

  /** Services, three nodes, and node 1 leading with the primary published everywhere. */
  async startAll(): Promise<void> {
    this.startServices();
    this.start(1, 2, 3);
    await this.untilWell(1, "web-a");
  }

  node(id: number): NodeProcess {
    const node = this.#nodes.get(id);
    assert(node !== undefined, `node ${id} was never started`);
    return node;
  }

  async status(id: number): Promise<Status | null> {
    return await askStatus(this.#place(id).api, 2000);
  }

  /** GET on a node's API; null when it does not answer. */
  async get(id: number, path: string): Promise<{ readonly status: number; readonly text: string } | null> {
    return await fetchWithin(`${this.apiOf(id)}${path}`, 2000);
  }

  apiOf(id: number): string {
    const { host, port } = this.#place(id).api;
    return `http://${host}:${port}`;
  }

  /** `abfail status` about a node. */
  async statusCommand(id: number, ...more: string[]): Promise<Ran> {
    return await abfail(["status", "--api", this.apiOf(id), ...more]);
  }

  /** Where a node's DNS server is. */
  dnsPort(id: number): number {
    return this.#place(id).dns.port;
  }

  /** What `dig +short` prints for the service's name at a node, one line per record. */
  async dig(id: number, name: string = this.plan.name, type = "A", ...more: string[]): Promise<string> {
    const { host, port } = this.#place(id).dns;
    const args = [`@${host}`, "-p", String(port), "+tries=1", "+time=2", "+short", ...more, name, type];
    return (await runProgram("dig", args)).stdout.trim();
  }

  /** The address under which a target is published. */
  addressOf(name: "web-a" | "web-b"): string {
    return this.plan.targets.find((target) => target.name === name)?.publish as string;
  }

  /** Waits until all three see each other, this leader and this target, and both targets' health is known. */
  async untilWell(leader: number, active: string, ids: readonly number[] = [1, 2, 3]): Promise<void> {
    await this.until(`node ${leader} leads and ${active} is active, as nodes ${ids} see it`, async () => {
      const statuses = await Promise.all(ids.map((id) => this.status(id)));
      return statuses.every((status) => {
        const service = status?.services[0];
        return status?.leader?.id === leader && status.quorum.alive === ids.length &&
          service?.active === active &&
          service.targets.every((target) => target.health === "up" || target.health === "down");
      });
    });
  }

  /** Waits until each of these nodes' DNS gives that target's address. */
  async untilAnswered(name: "web-a" | "web-b", ids: readonly number[] = [1, 2, 3]): Promise<void> {
    const address = this.addressOf(name);
    await this.until(`the DNS of nodes ${ids} answers ${address} (${name})`, async () => {
      const answers = await Promise.all(ids.map((id) => this.dig(id)));
      return answers.every((answer) => answer === address);
    });
  }

  /** Waits for a line of a node's log. */
  async untilLogged(id: number, name: string, since = 0): Promise<LogLine> {
    let found: LogLine | undefined;
    await this.until(`node ${id} logs ${name}`, () => {
      found = this.node(id).log.find((line) => line.name === name && line.at >= since);
      return found !== undefined;
    });
    return found as LogLine;
  }

  /** Waits; fails with all that the nodes say and logged when it does not come. */
  async until(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
    const end = performance.now() + PATIENCE_MS;
    while (!await check()) {
      if (performance.now() > end) assert.fail(`it never came: ${what}\n${await this.#describe()}`);
      await pause(LOOK_MS);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#nodes.values()].map((node) => node.stop(3000)));
    await Promise.all(this.services.map((service) => service.stop()));
    await Deno.remove(this.folder, { recursive: true });
  }

  #place(id: number): Plan["nodes"][number] {
    return this.plan.nodes.find((node) => node.id === id) as Plan["nodes"][number];
  }

  async #describe(): Promise<string> {
    const parts: string[] = [];
    for (const [id, node] of this.#nodes) {
      const status = node.running ? await this.status(id) : null;
      parts.push(`--- node ${id}: ${node.running ? JSON.stringify(status) : "not running"}`);
      parts.push(...node.log.slice(-25).map((line) => `${Math.round(line.at)} ${line.name}: ${line.text}`));
    }
    return parts.join("\n");
  }

  #config(id: number, key: string): string {
    const {
      election = QUICK_ELECTION,
      service = QUICK_SERVICE,
      stateDir = false,
      publish,
      api,
      dns,
      services,
    } = this.#options;
    const zones = this.#options.zones ?? ["drill.test"];
    const nameservers = ["ns1.drill.test", "ns2.drill.test", "ns3.drill.test"].slice(
      0,
      this.#options.hosts?.length ?? 1,
    );
    const check = this.#options.check ?? `type = "http"\n${QUICK_TIMES}`;
    const nodes = this.plan.nodes.map((node) =>
      `[[cluster.nodes]]
id = ${node.id}
address = "${node.udp.host}:${node.udp.port}"
zone = "${node.zone}"
api = "127.0.0.1:${node.api.port}"
dns = "${node.dns.host}:${node.dns.port}"
`
    );
    const targets = this.plan.targets.map((target) =>
      `[[services.targets]]
name = "${target.name}"
address = "${target.address.host}:${target.address.port}"
publish = "${target.publish}"
`
    );
    return `[cluster]
name = "e2e"
keys = ["${key}"]
${nodes.join("")}
${stateDir ? `[node]\nstate_dir = "${this.folder}/state-${id}"\n` : ""}
[election]
${election}
${api === undefined ? "" : `[api]\n${api(this.folder, id)}`}
[dns]
listen = "127.0.0.1:5300"
zone = ${JSON.stringify(zones)}
nameservers = ${JSON.stringify(nameservers)}
${dns?.(this.folder) ?? ""}
[[services]]
name = "web"
${service}
[services.check]
${check}
${targets.join("")}
[[services.publish]]
type = "dns"
name = "${this.plan.name}"
ttl = "1s"
${publish?.(this.folder) ?? ""}
${services?.(this.plan) ?? ""}`;
  }
}

/** Each node on an address of its own, where asked for. */
function planFor(hosts: readonly string[] = []): Plan {
  const plan = drawPlan(true);
  if (hosts.length === 0) return plan;
  return {
    ...plan,
    nodes: plan.nodes.map((node, i) => {
      const host = hosts[i] as string;
      return { ...node, udp: { host, port: node.udp.port }, dns: { host, port: 53 } };
    }),
  };
}

export function randomKey(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))));
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
