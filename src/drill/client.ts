/**
 * What a user of the service sees: asks DNS, calls the service that it is told, and again, many times a second.
 * Each question goes to another node's DNS server; where one is silent, the next is asked, as resolvers do.
 */
import type { HostPort } from "../config/config.ts";
import { askAddress } from "./ask.ts";

/** One request and what came of it. */
export interface Sample {
  /** When it began and when it ended, `performance.now()`. */
  readonly from: number;
  readonly to: number;
  /** Name of the service that answered; null when the request failed. */
  readonly by: string | null;
  /** Why it failed; null when it did not. */
  readonly problem: string | null;
}

export interface ClientOptions {
  readonly name: string;
  /** The nodes' DNS servers. */
  readonly servers: readonly HostPort[];
  /** Where each published address is reached. */
  readonly endpoints: ReadonlyMap<string, HostPort>;
  /** Pause between requests, ms. */
  readonly pauseMs: number;
  /** Told of each request. */
  readonly onSample: (sample: Sample) => void;
}

/** How long a DNS server may take before the next is asked, ms. */
const DNS_LIMIT_MS = 150;
/** How long a silent server is asked last, ms. */
const SHUN_MS = 2000;
/** How long the service may take, ms. */
const SERVICE_LIMIT_MS = 500;

export class Client {
  readonly #options: ClientOptions;
  readonly #http = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  #running = false;
  #closed = false;
  #loop: Promise<void> | null = null;
  #turn = 0;
  /** Until when each server is asked last. */
  readonly #shunned = new Map<HostPort, number>();

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = true;
    this.#loop = this.#run();
  }

  /** Ends after the request under way. Harmless when repeated; it cannot be started again. */
  async stop(): Promise<void> {
    this.#running = false;
    await this.#loop;
    if (!this.#closed) this.#http.close();
    this.#closed = true;
  }

  async #run(): Promise<void> {
    while (this.#running) {
      const from = performance.now();
      const result = await this.#request();
      this.#options.onSample({ from, to: performance.now(), ...result });
      await new Promise((resolve) => setTimeout(resolve, this.#options.pauseMs));
    }
  }

  async #request(): Promise<Pick<Sample, "by" | "problem">> {
    const address = await this.#resolve();
    if (address === null) return { by: null, problem: "DNS had no answer" };
    const endpoint = this.#options.endpoints.get(address);
    if (endpoint === undefined) return { by: null, problem: `DNS said ${address}, which is no target` };
    return await this.#call(endpoint);
  }

  async #resolve(): Promise<string | null> {
    for (const server of this.#order()) {
      const address = await askAddress(server, this.#options.name, DNS_LIMIT_MS);
      if (address !== null) return address;
      this.#shunned.set(server, performance.now() + SHUN_MS);
    }
    return null;
  }

  /** All servers in turn, those that were silent a moment ago last. */
  #order(): HostPort[] {
    const { servers } = this.#options;
    const now = performance.now();
    const first = this.#turn++ % servers.length;
    const turned = [...servers.slice(first), ...servers.slice(0, first)];
    const shunned = (server: HostPort): boolean => (this.#shunned.get(server) ?? 0) > now;
    return [...turned.filter((server) => !shunned(server)), ...turned.filter(shunned)];
  }

  async #call(endpoint: HostPort): Promise<Pick<Sample, "by" | "problem">> {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), SERVICE_LIMIT_MS);
    try {
      const url = `http://${endpoint.host}:${endpoint.port}/`;
      const answer = await fetch(url, { client: this.#http, signal: stop.signal });
      const text = await answer.text();
      return answer.ok ? { by: text, problem: null } : { by: null, problem: `HTTP ${answer.status}` };
    } catch (problem) {
      return { by: null, problem: reasonOf(problem) };
    } finally {
      clearTimeout(timer);
    }
  }
}

function reasonOf(problem: unknown): string {
  if (problem instanceof DOMException) return "no answer in time";
  const text = String(problem instanceof Error ? problem.cause ?? problem.message : problem);
  return /refused/i.test(text) ? "connection refused" : /reset|closed|aborted/i.test(text) ? "cut off" : text;
}
