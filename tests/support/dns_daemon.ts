/** DNS programs of the system's packages that the tests put beside abfail: secondaries, parents, resolvers. */
import assert from "node:assert/strict";
import { runProgram } from "./abfail.ts";

export interface DaemonPlan {
  /** Such as `named`; looked for in /usr/sbin, /usr/bin. */
  readonly program: string;
  readonly args: (folder: string) => readonly string[];
  /** Text by name of file, in the folder. */
  readonly files: (folder: string) => Readonly<Record<string, string>>;
  /** A part of what it prints when it answers. */
  readonly ready: string;
  readonly address?: string;
  readonly port: number;
}

const READY_MS = 20_000;

/** Where a program of the system is; null when it is not installed. */
export function findProgram(name: string): string | null {
  return ["/usr/sbin", "/usr/bin"].map((folder) => `${folder}/${name}`).find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  }) ?? null;
}

/** True when these programs are not all there; says which are missing. */
export function lacks(what: string, ...programs: readonly string[]): boolean {
  const missing = programs.filter((program) => findProgram(program) === null);
  if (missing.length > 0) console.error(`${what}: not run, not installed: ${missing.join(", ")}`);
  return missing.length > 0;
}

/** One program in the foreground, with a folder of its own. */
export class DnsDaemon implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "abfail-dnsd-" });
  /** All that it printed. */
  text = "";
  readonly #plan: DaemonPlan;
  readonly #child: Deno.ChildProcess;
  readonly #drained: Promise<unknown>;

  private constructor(plan: DaemonPlan) {
    this.#plan = plan;
    Deno.chmodSync(this.folder, 0o777);
    for (const [name, text] of Object.entries(plan.files(this.folder))) {
      Deno.writeTextFileSync(`${this.folder}/${name}`, text);
    }
    this.#child = new Deno.Command(findProgram(plan.program) ?? plan.program, {
      args: [...plan.args(this.folder)],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#drained = Promise.all([this.#drain(this.#child.stdout), this.#drain(this.#child.stderr)]);
  }

  static async start(plan: DaemonPlan): Promise<DnsDaemon> {
    const daemon = new DnsDaemon(plan);
    const end = performance.now() + READY_MS;
    while (!daemon.text.includes(plan.ready)) {
      assert(performance.now() < end, `${plan.program} did not start:\n${daemon.text}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return daemon;
  }

  /** What dig prints. */
  async dig(...args: readonly string[]): Promise<string> {
    const { address = "127.0.0.1", port } = this.#plan;
    const all = ["-r", `@${address}`, "-p", String(port), "+tries=3", "+time=1", ...args];
    return (await runProgram("dig", all)).stdout;
  }

  /** The data of the answer, sorted, on one line; "" for none. */
  async ask(name: string, type = "A"): Promise<string> {
    return (await this.dig("+short", name, type)).trim().split("\n").sort().join(" ");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It is gone.
    }
    await this.#child.status;
    await this.#drained;
    await Deno.remove(this.folder, { recursive: true });
  }

  async #drain(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) this.text = (this.text + decoder.decode(chunk)).slice(-200_000);
  }
}
