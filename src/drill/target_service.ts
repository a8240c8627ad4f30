/** A small HTTP service that says its name: one copy of what the drill keeps reachable. */
import type { HostPort } from "../config/config.ts";

export class TargetService {
  readonly name: string;
  readonly address: HostPort;
  #stop: AbortController | null = null;
  #server: Deno.HttpServer | null = null;

  constructor(name: string, address: HostPort) {
    this.name = name;
    this.address = address;
  }

  /** Begins to answer; throws when the port is taken. */
  start(): void {
    const stop = new AbortController();
    const { host: hostname, port } = this.address;
    this.#stop = stop;
    this.#server = Deno.serve(
      { hostname, port, signal: stop.signal, onListen: (): void => {} },
      () => new Response(this.name),
    );
  }

  /** Ends like a process that is killed: requests are cut, new connections refused. Harmless when repeated. */
  async stop(): Promise<void> {
    this.#stop?.abort();
    await this.#server?.finished;
    this.#stop = null;
    this.#server = null;
  }
}
