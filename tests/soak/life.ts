/** The life around the nodes of a soak: who asks them what, all the while. */
import { askAddress, fetchWithin } from "../../src/drill/ask.ts";
import { runProgram } from "../support/abfail.ts";
import { pause } from "../support/cluster.ts";
import type { SoakCluster } from "./soak_cluster.ts";

/** How often each node is scraped, its status read and one name asked over UDP and TCP, ms. */
const ROUND_MS = 5000;
/** A target of so many services at once fails, for so long, ms; then one of the next services. */
const FAIL_TOGETHER = 3;
const FAIL_FOR_MS = 10_000;
/** And the next one after so long at least. */
const FAIL_PAUSE_MS = 2000;
/** How long a follower of the events stays, ms. */
const FOLLOW_MS = 20_000;
/** Questions without an answer that are kept for the verdict. */
const FAILED_MAX = 20;

export class Life implements AsyncDisposable {
  /** Questions asked so far. */
  asked = 0;
  /** What was not answered, or wrongly. */
  readonly failed: string[] = [];
  readonly #cluster: SoakCluster;
  readonly #end = new AbortController();
  readonly #endOfFaults = new AbortController();
  readonly #running: Promise<void>[];
  readonly #faults: Promise<void>;
  readonly #failEveryMs: number;

  /**
   * In `roundMs` a target of every service fails some times: within the warm-up, or what the nodes remember of each
   * service's last switch, and of the last events, would go on filling after it and look like growth.
   */
  constructor(cluster: SoakCluster, roundMs: number) {
    this.#cluster = cluster;
    this.#failEveryMs = Math.max(roundMs / cluster.services, FAIL_FOR_MS + FAIL_PAUSE_MS);
    this.#running = [this.#ask(), this.#follow()];
    this.#faults = this.#fail();
  }

  /** No target fails from here on, and those that did work again. */
  async stopFailing(): Promise<void> {
    this.#endOfFaults.abort();
    await this.#faults;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await Promise.all([...this.#running, this.stopFailing()]);
  }

  async #ask(): Promise<void> {
    for (let round = 0; await sleep(ROUND_MS, this.#end.signal); round++) {
      for (const i of [0, 1, 2]) {
        const api = `http://127.0.0.1:${this.#cluster.ports.api[i]}`;
        for (const path of ["/metrics", "/v1/status", "/v1/events", "/", "/v1/services/s0"]) {
          await this.#expect(`${api}${path}`);
        }
        const port = this.#cluster.ports.dns[i] as number;
        const name = `s${round % this.#cluster.services}.soak.test`;
        this.asked += 2;
        if (await askAddress({ host: "127.0.0.1", port }, name, 5000) === null) this.#note(`DNS ${name}`);
        const dig = await runProgram("dig", ["+tcp", "+short", "@127.0.0.1", "-p", String(port), name]);
        if (!/^127\./.test(dig.stdout)) this.#note(`DNS over TCP ${name}`);
      }
    }
  }

  async #expect(url: string): Promise<void> {
    this.asked += 1;
    const answer = await fetchWithin(url, 10_000);
    if (answer?.status !== 200) this.#note(`${url}: ${answer?.status ?? "no answer"}`);
  }

  /** One reader of the events of each node after the other; cut off, as browsers do. */
  async #follow(): Promise<void> {
    for (let turn = 0; !this.#end.signal.aborted; turn++) {
      const url = `http://127.0.0.1:${this.#cluster.ports.api[turn % 3]}/v1/events`;
      const signal = AbortSignal.any([this.#end.signal, AbortSignal.timeout(FOLLOW_MS)]);
      this.asked += 1;
      try {
        const answer = await fetch(url, { headers: { accept: "text/event-stream" }, signal });
        await answer.body?.pipeTo(new WritableStream());
      } catch {
        // That is how it ends.
      }
    }
  }

  async #fail(): Promise<void> {
    const { services } = this.#cluster;
    for (let first = 0; await sleep(this.#failEveryMs - FAIL_FOR_MS, this.#endOfFaults.signal);) {
      const failing = Array.from(
        { length: Math.min(FAIL_TOGETHER, services) },
        (_, i) => (first + i) % services,
      )
        .filter((service) => service % 10 !== 8); // `tcp`: it only connects
      first = (first + FAIL_TOGETHER) % services;
      for (const service of failing) await this.#cluster.play(service, 0, "down");
      await sleep(FAIL_FOR_MS, this.#endOfFaults.signal);
      for (const service of failing) await this.#cluster.play(service, 0, "up");
    }
  }

  #note(what: string): void {
    if (this.failed.length < FAILED_MAX) this.failed.push(`no good answer: ${what}`);
  }
}

/** False when the end has come. */
async function sleep(ms: number, end: AbortSignal): Promise<boolean> {
  const until = performance.now() + ms;
  while (performance.now() < until && !end.aborted) await pause(200);
  return !end.aborted;
}
