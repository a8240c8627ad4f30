/** BIND on a host of its own. Its log is the witness of every update: those it took, in its order, and those it refused. */
import assert from "node:assert/strict";
import type { Launcher } from "../../src/drill/launch.ts";
import { parseMark } from "../../src/publish/epoch.ts";
import { lines } from "./child.ts";
import type { Entry, Update } from "./history.ts";
import { monotonicMs, pause } from "./monotonic.ts";
import { BIND_NAME, bindConfig, bindZone } from "./toml.ts";

const READY_MS = 20_000;

export class Bind {
  readonly #child: Deno.ChildProcess;
  readonly #followed: Promise<void>;
  #ready = false;
  #last: { addresses: string[] } | null = null;
  frozen = false;

  private constructor(folder: string, launcher: Launcher, record: (entry: Entry) => void) {
    this.#child = new Deno.Command(launcher.program, {
      args: [...launcher.args, "-g", "-c", `${folder}/named.conf`],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#followed = this.#follow(record);
  }

  static async start(folder: string, launcher: Launcher, record: (entry: Entry) => void): Promise<Bind> {
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(`${folder}/named.conf`, bindConfig(folder));
    await Deno.writeTextFile(`${folder}/zone`, bindZone());
    const bind = new Bind(folder, launcher, record);
    const end = monotonicMs() + READY_MS;
    while (!bind.#ready) {
      assert(monotonicMs() < end, "BIND did not start");
      await pause(20);
    }
    return bind;
  }

  freeze(): void {
    this.frozen = true;
    this.#child.kill("SIGSTOP");
  }

  thaw(): void {
    if (!this.frozen) return;
    this.frozen = false;
    this.#child.kill("SIGCONT");
  }

  async stop(): Promise<void> {
    this.thaw();
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It ended before.
    }
    await this.#followed;
  }

  async #follow(record: (entry: Entry) => void): Promise<void> {
    for await (const line of lines(this.#child.stderr)) {
      if (line.endsWith(" running")) this.#ready = true;
      const seen = readUpdateLine(line);
      if (seen === null) continue;
      if (seen.kind === "refused") record({ kind: "refusal", at: monotonicMs() });
      else if (seen.kind === "address") this.#last?.addresses.push(seen.address);
      else {
        const addresses: string[] = []; // they follow in the next lines
        this.#last = { addresses };
        const { epoch, target } = seen;
        record({ kind: "update", at: monotonicMs(), epoch, target, addresses } satisfies Update);
      }
    }
    await this.#child.status;
  }
}

export type UpdateLine =
  | { readonly kind: "mark"; readonly epoch: string; readonly target: string | null }
  | { readonly kind: "address"; readonly address: string }
  | { readonly kind: "refused" };

/** One line of BIND's log; null where it is about something else. Each update's mark comes before its address. */
export function readUpdateLine(line: string): UpdateLine | null {
  if (line.includes("update unsuccessful") && line.includes("prerequisite not satisfied")) {
    return { kind: "refused" };
  }
  const added = /adding an RR at '([^']+)' (\S+) (.+)$/.exec(line);
  if (added === null) return null;
  const [, name, type, data = ""] = added;
  if (name === `_abfail.${BIND_NAME}` && type === "TXT") {
    const mark = parseMark(data.replaceAll('"', ""));
    return mark === null ? null : { kind: "mark", epoch: mark.epoch, target: mark.target };
  }
  return name === BIND_NAME && type === "A" ? { kind: "address", address: data } : null;
}
