/** True for a DNS UPDATE over TCP. */
export function isUpdate(chunk: Uint8Array): boolean {
  return (((chunk[4] ?? 0) >> 3) & 0xf) === 5;
}

/** A TCP relay that can keep what goes one way: for requests that arrive late, and answers that never do. */
export class TcpRelay implements AsyncDisposable {
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #to: number;
  readonly #open = new Set<Deno.Conn>();
  readonly #pumps = new Set<Promise<void>>();
  /** Requests wait while this is pending. */
  #gate: Promise<void> = Promise.resolve();
  #release: () => void = () => {};
  #arrived: () => void = () => {};
  #swallow = false;
  #kept = 0;
  #match: (chunk: Uint8Array) => boolean = () => true;
  readonly #releases: (() => void)[] = [];

  constructor(to: number) {
    this.#to = to;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = (this.#listener.addr as Deno.NetAddr).port;
    void this.#serve();
  }

  /** From now on requests (those that match) are kept until `release`. Resolves when the first has come. */
  hold(match: (chunk: Uint8Array) => boolean = () => true): Promise<void> {
    this.#match = match;
    this.#gate = new Promise((resolve) => this.#release = resolve);
    return new Promise((resolve) => this.#arrived = resolve);
  }

  /** What was kept arrives now, even if who sent it is gone. */
  release(): void {
    this.#release();
  }

  /** New connections pass again; returns how to let go of what is kept. */
  through(): () => void {
    const release = this.#release;
    this.#gate = Promise.resolve();
    this.#release = (): void => {};
    this.#releases.push(release);
    return release;
  }

  /** Requests that are kept now. */
  get kept(): number {
    return this.#kept;
  }

  /** From now on answers are thrown away, or not. */
  swallowAnswers(swallow: boolean): void {
    this.#swallow = swallow;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#release();
    for (const release of this.#releases) release();
    this.#listener.close();
    for (const connection of this.#open) close(connection);
    await Promise.all(this.#pumps);
  }

  async #serve(): Promise<void> {
    for await (const client of this.#listener) {
      this.#open.add(client);
      try {
        const server = await Deno.connect({ hostname: "127.0.0.1", port: this.#to });
        this.#open.add(server);
        this.#track(this.#requests(client, server));
        this.#track(this.#answers(server, client));
      } catch {
        close(client);
      }
    }
  }

  #track(pump: Promise<void>): void {
    this.#pumps.add(pump);
    void pump.finally(() => this.#pumps.delete(pump));
  }

  async #requests(client: Deno.Conn, server: Deno.Conn): Promise<void> {
    const gate = this.#gate;
    await pump(client, async (chunk) => {
      const kept = this.#match(chunk);
      if (kept) this.#arrived();
      this.#kept++;
      if (kept) await gate;
      await server.write(chunk);
      this.#kept--;
    });
    await gate;
    if (gate === this.#gate) close(server);
  }

  async #answers(server: Deno.Conn, client: Deno.Conn): Promise<void> {
    await pump(server, async (chunk) => {
      if (!this.#swallow) await client.write(chunk);
    });
    if (!this.#swallow) close(client);
  }
}

async function pump(from: Deno.Conn, take: (chunk: Uint8Array) => Promise<void>): Promise<void> {
  const buffer = new Uint8Array(16_384);
  try {
    for (let read = await from.read(buffer); read !== null; read = await from.read(buffer)) {
      await take(buffer.slice(0, read));
    }
  } catch {
    // Closed.
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}
