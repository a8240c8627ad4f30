/** One node of the arena: its process in its lives, its log, its status through its Unix socket, its wall clock. */
import assert from "node:assert/strict";
import { type LogLine, NodeProcess } from "../../src/drill/node_process.ts";
import type { Launcher } from "../../src/drill/launch.ts";
import type { Status } from "../../src/view/status_type.ts";
import type { Entry, LeaseTold } from "./history.ts";
import { monotonicMs, pause } from "./monotonic.ts";

/** Between two looks at a node, ms. */
const LOOK_EVERY_MS = 100;
/** How long one look may take, ms. */
const LOOK_LIMIT_MS = 1500;
/** How long a node may take to stop when told, ms. */
const STOP_LIMIT_MS = 3000;
/** Lines of the log that are kept for the reader of a failure. */
const KEPT_LINES = 4000;

export interface NodeOptions {
  readonly id: number;
  /** On its host. */
  readonly launcher: Launcher;
  /** As the node sees its folder, and where that is. */
  readonly own: string;
  readonly folder: string;
  readonly config: string;
  /** libfaketime; null where it is not installed. */
  readonly faketime: string | null;
  readonly record: (entry: Entry) => void;
}

const WHAT: Readonly<Record<string, LeaseTold["what"]>> = {
  "lease": "begins",
  "epoch": "goes-on",
  "lease-lost": "runs-out",
  "released": "released",
};

export class FaultNode {
  readonly id: number;
  /** The last lines of all its lives. */
  readonly lines: string[] = [];
  latest: { readonly status: Status; readonly from: number } | null = null;
  readonly #options: NodeOptions;
  readonly #perf = monotonicMs() - performance.now();
  #process: NodeProcess | null = null;
  #life = 0;
  #stoppedAt: number | null = null;
  #ending = false;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: NodeOptions) {
    this.#options = options;
    this.id = options.id;
    Deno.mkdirSync(options.folder, { recursive: true });
    this.setClock(0);
  }

  get running(): boolean {
    return this.#process?.running === true;
  }

  get stopped(): boolean {
    return this.#stoppedAt !== null;
  }

  /** Starts a life. Its folder is mounted where the one config for all nodes says. */
  start(): void {
    assert(!this.running, `node ${this.id} runs already`);
    const { launcher, own, folder, config, faketime } = this.#options;
    const life = ++this.#life;
    const mounted = ["sh", "-c", 'mount --bind "$0" "$1" && shift && exec "$@"', folder, own];
    const inSpace = launcher.args.slice(0, 3); // ip netns exec HOST, whose mounts are its own
    const args = [...inSpace, ...mounted, ...launcher.args.slice(3), "run", "--config", config];
    const env: Record<string, string> = faketime === null ? {} : {
      LD_PRELOAD: faketime,
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      FAKETIME_TIMESTAMP_FILE: `${folder}/clock`,
      FAKETIME_CACHE_DURATION: "1",
    };
    const process = new NodeProcess(
      { program: launcher.program, args },
      ["--node-id", String(this.id), "--log-format", "json"],
      { env, onLine: (line) => this.#onLine(line, life) },
    );
    this.#process = process;
    this.#stoppedAt = null;
    void process.ended.then(() => {
      if (!process.crashed || this.#ending) return;
      const text = process.log.slice(-3).map((line) => line.text).join(" / ");
      this.#options.record({ kind: "crash", node: this.id, life, at: monotonicMs(), text });
    });
    this.#looking = this.#look(process, life);
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    const process = this.#process;
    if (process === null || !process.running) return;
    process.kill("SIGKILL");
    await process.ended;
    this.#noteEnd();
  }

  /** SIGTERM, and what it takes. */
  async stop(): Promise<void> {
    const process = this.#process;
    if (process === null || !process.running) return;
    await process.stop(STOP_LIMIT_MS);
    this.#noteEnd();
  }

  /** SIGSTOP. */
  freeze(): void {
    if (!this.running || this.stopped) return;
    this.#stoppedAt = monotonicMs();
    this.#process?.kill("SIGSTOP");
  }

  /** SIGCONT. */
  thaw(): void {
    if (this.#stoppedAt === null) return;
    this.#process?.kill("SIGCONT");
    this.#noteThaw();
  }

  /** Sets its wall clock so many seconds off the machine's. */
  setClock(offsetS: number): void {
    const file = `${this.#options.folder}/clock`;
    Deno.writeTextFileSync(`${file}.new`, `${offsetS < 0 ? "" : "+"}${offsetS}\n`);
    Deno.renameSync(`${file}.new`, file);
  }

  /** A request through its socket; null when it does not answer, or refuses. */
  async ask(path: string, method: "GET" | "POST" = "GET", body?: unknown): Promise<string | null> {
    const socket = `${this.#options.folder}/abfail.sock`;
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), LOOK_LIMIT_MS);
    const client = Deno.createHttpClient({
      proxy: { transport: "unix", path: socket },
      poolMaxIdlePerHost: 0,
    });
    try {
      const headers = { "content-type": "application/json" };
      const init = {
        method,
        client,
        signal: stop.signal,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
      };
      const answer = await fetch(`http://localhost${path}`, init);
      const text = await answer.text();
      return answer.ok ? text : null;
    } catch {
      return null;
    } finally {
      clearTimeout(timer);
      client.close();
    }
  }

  /** Ends it for good. */
  async end(): Promise<void> {
    this.#ending = true;
    this.thaw();
    await this.#process?.stop(STOP_LIMIT_MS);
    await this.#looking;
  }

  #noteEnd(): void {
    this.#options.record({ kind: "death", node: this.id, life: this.#life, at: monotonicMs() });
    if (this.#stoppedAt !== null) this.#noteThaw();
    this.latest = null;
  }

  #noteThaw(): void {
    const from = this.#stoppedAt ?? monotonicMs();
    this.#stoppedAt = null;
    this.#options.record({ kind: "stop", node: this.id, life: this.#life, from, to: monotonicMs() });
  }

  #onLine(line: LogLine, life: number): void {
    const { record } = this.#options;
    const at = line.at + this.#perf;
    this.lines.push(
      `${at.toFixed(1)} ${this.id}/${life} ${line.name}: ${line.text} ${JSON.stringify(line.data)}`,
    );
    if (this.lines.length > KEPT_LINES) this.lines.splice(0, KEPT_LINES / 4);
    const what = WHAT[line.name];
    const { uptimeMs, lateMs = 0 } = line.data as { readonly uptimeMs?: number; readonly lateMs?: number };
    if (what !== undefined && line.epoch !== null && uptimeMs !== undefined) {
      const until = what === "runs-out" ? uptimeMs - lateMs - 1 : uptimeMs;
      record({ kind: "lease", node: this.id, life, what, epoch: line.epoch, at, uptimeMs: until });
    }
    if (line.name === "switch" && line.epoch !== null) {
      const { from, to, reason } = line.data as Record<string, string | null>;
      record({
        kind: "switch",
        at,
        epoch: line.epoch,
        from: from ?? null,
        to: to ?? null,
        reason: reason ?? "",
      });
    }
  }

  async #look(process: NodeProcess, life: number): Promise<void> {
    while (process.running && !this.#ending) {
      const from = monotonicMs();
      const text = await this.ask("/v1/status");
      const to = monotonicMs();
      if (text !== null && process.running) this.#note(text, life, from, to);
      await pause(Math.max(LOOK_EVERY_MS / 5, LOOK_EVERY_MS - (to - from)));
    }
  }

  #note(text: string, life: number, from: number, to: number): void {
    const status = JSON.parse(text) as Status;
    this.latest = { status, from };
    const { node, leader, quorum, services, time } = status;
    this.#options.record({
      kind: "look",
      node: this.id,
      life,
      from,
      to,
      uptimeMs: node.uptimeMs,
      wallOffMs: Date.parse(time) - (Date.now() - (monotonicMs() - to)),
      role: node.role,
      holds: node.role === "leader" && leader?.id === this.id ? leader.epoch : null,
      leader: leader?.id ?? null,
      alive: quorum.alive,
      active: services[0]?.active ?? null,
      unwell: unwell(status),
    });
  }
}

/** What keeps a node's view from being well. */
export function unwell({ node, leader, quorum, services }: Status): string[] {
  const found: string[] = [];
  if (node.role === "joining") found.push(`node ${node.id} is joining`);
  if (leader === null) found.push(`node ${node.id} knows no leader`);
  if (quorum.alive < quorum.size) found.push(`node ${node.id} hears ${quorum.alive} of ${quorum.size}`);
  for (const service of services) {
    if (service.pinned !== null) found.push(`${service.name} is pinned`);
    for (const { name, health } of service.targets) {
      if (health !== "up") found.push(`node ${node.id} says ${name} is ${health}`);
    }
    if (leader?.id !== node.id) continue;
    for (const { type, state, error } of service.publishers) {
      if (state !== "ok") found.push(`${type} is ${state}${error === null ? "" : ` (${error})`}`);
    }
  }
  return found;
}
