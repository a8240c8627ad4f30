/** Three nodes with many services, and one process that plays all their targets. */
import { askStatus, fetchWithin } from "../../src/drill/ask.ts";
import { NodeProcess } from "../../src/drill/node_process.ts";
import { freePorts } from "../../src/drill/ports.ts";
import { makeCertificates } from "../integration/certificates.ts";
import { testLauncher } from "../support/abfail.ts";
import { pause, randomKey } from "../support/cluster.ts";

const TARGETS = 3;
/** How long the cluster may take until every target is up, ms. */
const READY_MS = 60_000;

interface Ports {
  readonly udp: readonly number[];
  readonly api: readonly number[];
  readonly dns: readonly number[];
  readonly plain: number;
  readonly secure: number;
}

export class SoakCluster implements AsyncDisposable {
  readonly services: number;
  readonly ports: Ports;
  readonly #folder: string;
  readonly #nodes: NodeProcess[] = [];
  #player: Deno.ChildProcess | null = null;

  private constructor(services: number, folder: string) {
    const ports = freePorts(11);
    this.services = services;
    this.#folder = folder;
    this.ports = {
      udp: ports.slice(0, 3),
      api: ports.slice(3, 6),
      dns: ports.slice(6, 9),
      plain: ports[9] as number,
      secure: ports[10] as number,
    };
  }

  /** Started, a leader elected, every target up; throws when that does not come. */
  static async start(services: number): Promise<SoakCluster> {
    const cluster = new SoakCluster(services, await Deno.makeTempDir({ prefix: "abfail-soak-" }));
    try {
      await cluster.#start();
      return cluster;
    } catch (problem) {
      await cluster[Symbol.asyncDispose]();
      throw problem;
    }
  }

  get pids(): readonly number[] {
    return this.#nodes.map((node) => node.pid);
  }

  /** Lets a target fail, or work again: the player answers 503 on its address. */
  async play(service: number, target: number, state: "up" | "down"): Promise<void> {
    const host = addressOf(service, target);
    await fetchWithin(`http://127.0.0.1:${this.ports.plain}/play/${host}/${state}`, 5000);
  }

  /** The V8 heap in use of each node, for the log. */
  async heaps(): Promise<string[]> {
    return await Promise.all(this.ports.api.map(async (port) => {
      const page = await fetchWithin(`http://127.0.0.1:${port}/metrics`, 5000);
      const bytes = /^abfail_heap_used_bytes (\d+)/m.exec(page?.text ?? "")?.[1];
      return bytes === undefined ? "?" : (Number(bytes) / 2 ** 20).toFixed(1);
    }));
  }

  /** What the nodes say is wrong, and how a node that is gone ended. */
  async complaints(): Promise<string[]> {
    const all = await Promise.all(this.#nodes.map(async (node, i) => {
      if (node.crashed) {
        return [`node ${i + 1} crashed: ${node.log.slice(-5).map((line) => line.text).join("; ")}`];
      }
      const status = await askStatus({ host: "127.0.0.1", port: this.ports.api[i] as number }, 5000);
      return status === null ? [`node ${i + 1} does not answer`] : status.problems;
    }));
    return all.flat();
  }

  /** What is still wrong when the nodes had `ms` to recover; asked until nothing is. */
  async complaintsAfter(ms: number): Promise<string[]> {
    const end = performance.now() + ms;
    for (;;) {
      const complaints = await this.complaints();
      if (complaints.length === 0 || performance.now() > end) return complaints;
      await pause(1000);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.stop(3000)));
    try {
      this.#player?.kill("SIGTERM");
    } catch {
      // It has ended: Ctrl-C meets every process of the terminal.
    }
    await this.#player?.status;
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #start(): Promise<void> {
    const certificates = await makeCertificates();
    const { key, cert } = certificates.of("good");
    await Deno.writeTextFile(`${this.#folder}/key.pem`, key);
    await Deno.writeTextFile(`${this.#folder}/cert.pem`, cert);
    await Deno.remove(certificates.folder, { recursive: true });
    const { plain, secure } = this.ports;
    const player = new URL("./player.ts", import.meta.url).pathname;
    const args = ["run", "-q", "--allow-all", player, String(plain), String(secure), this.#folder];
    this.#player = new Deno.Command(Deno.execPath(), { args, stdout: "null", stderr: "inherit" }).spawn();
    await pause(1500);
    const key32 = randomKey();
    for (const id of [1, 2, 3]) {
      const file = `${this.#folder}/node-${id}.toml`;
      await Deno.writeTextFile(file, this.#config(id, key32), { mode: 0o600 });
      const args = ["run", "--config", file, "--node-id", String(id), "--log-format", "json"];
      this.#nodes.push(new NodeProcess(testLauncher(), args));
    }
    const end = performance.now() + READY_MS;
    while ((await this.complaints()).length > 0 || !await this.#allUp()) {
      if (performance.now() > end) throw new Error(`not ready: ${(await this.complaints()).join("; ")}`);
      await pause(500);
    }
  }

  async #allUp(): Promise<boolean> {
    const status = await askStatus({ host: "127.0.0.1", port: this.ports.api[0] as number }, 5000);
    return status?.services.every((one) => one.targets.every((target) => target.health === "up")) ?? false;
  }

  #config(id: number, key: string): string {
    const { udp, api, dns } = this.ports;
    const nodes = [0, 1, 2].map((i) =>
      `[[cluster.nodes]]\nid = ${i + 1}\naddress = "127.0.0.1:${udp[i]}"\nzone = "z${i + 1}"
api = "127.0.0.1:${api[i]}"\ndns = "127.0.0.1:${dns[i]}"\n`
    );
    const services = Array.from({ length: this.services }, (_, i) => this.#service(i));
    return `[cluster]\nname = "soak"\nkeys = ["${key}"]\n${nodes.join("")}
[node]\nstate_dir = "${this.#folder}/state-${id}"
[election]\npreempt_delay = "3s"
[dns]\nlisten = "127.0.0.1:5300"\nzone = "soak.test"\nnameservers = ["ns1.soak.test"]
${services.join("")}`;
  }

  /** Most are `http`; every tenth is `tcp`, every tenth `https`. */
  #service(i: number): string {
    const { plain, secure } = this.ports;
    const kind = i % 10 === 8 ? "tcp" : i % 10 === 9 ? "https" : "http";
    const port = kind === "https" ? secure : plain;
    const verify = kind === "https" ? "verify = false\n" : "";
    const targets = Array.from({ length: TARGETS }, (_, target) => {
      return `[[services.targets]]\nname = "t${target}"\naddress = "${addressOf(i, target)}:${port}"
publish = "${addressOf(i, target)}"\n`;
    });
    return `[[services]]\nname = "s${i}"\nfailback_delay = "5s"
[services.check]\ntype = "${kind}"\n${verify}interval = "1s"\nfast_interval = "250ms"\ntimeout = "900ms"
${targets.join("")}[[services.publish]]\ntype = "dns"\nname = "s${i}.soak.test"\nttl = "5s"\n`;
  }
}

/** Each target has a loopback address of its own. */
function addressOf(service: number, target: number): string {
  return `127.2.${service}.${target + 1}`;
}
