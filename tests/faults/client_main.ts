/**
 * What the world sees, from a host that no fault touches: a client that resolves and calls the service all the time,
 * and one that only asks each name server what it says. `client_main.ts JSON`
 */
import { formatIpv4 } from "../../src/dns/address.ts";
import { decodeMessage } from "../../src/dns/decode.ts";
import { encodeMessage } from "../../src/dns/encode.ts";
import { queryFor, RCODE } from "../../src/dns/message.ts";
import { parseName } from "../../src/dns/name.ts";
import { TYPE } from "../../src/dns/record.ts";
import { takeOrders, tellArena } from "./child.ts";
import type { Answer, Call } from "./history.ts";
import { monotonicMs, pause } from "./monotonic.ts";

/** What it is to do. */
export interface ClientOrders {
  /** Name servers by what they are called; those of `nodes` are the client's resolvers. */
  readonly servers: Readonly<
    Record<string, { readonly host: string; readonly port: number; readonly name: string }>
  >;
  readonly nodes: readonly string[];
  readonly targetPort: number;
}

/** Between two calls, and between two questions to one server, ms. */
const CALL_EVERY_MS = 60;
const ASK_EVERY_MS = 150;
/** How long a server may take before the next is asked, ms. */
const DNS_LIMIT_MS = 250;
const ASK_LIMIT_MS = 1000;
/** A silent server is asked last for so long, ms. */
const SHUN_MS = 2000;
const CALL_LIMIT_MS = 500;

interface Said {
  readonly rcode: number;
  readonly addresses: readonly string[];
}

/** One question by UDP; null when nothing comes in time. */
async function ask(server: ClientOrders["servers"][string], limitMs: number): Promise<Said | null> {
  const parsed = parseName(server.name);
  if (!parsed.ok) throw new Error(`not a name: ${server.name}`);
  const id = Math.floor(Math.random() * 0x10000);
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: 0 });
  const close = (): void => {
    try {
      socket.close();
    } catch {
      // Closed before.
    }
  };
  const timer = setTimeout(close, limitMs);
  try {
    const query = encodeMessage(queryFor(id, parsed.value, TYPE.A)).bytes;
    await socket.send(query, { transport: "udp", hostname: server.host, port: server.port });
    while (true) {
      const [bytes] = await socket.receive();
      const answer = decodeMessage(bytes);
      if (!answer.ok || !answer.value.response || answer.value.id !== id) continue;
      const addresses = answer.value.answers.flatMap(({ data }) =>
        data.kind === "A" ? [formatIpv4(data.address)] : []
      );
      return { rcode: answer.value.rcode, addresses };
    }
  } catch {
    return null; // the timer has closed it, or there is no way there
  } finally {
    clearTimeout(timer);
    close();
  }
}

async function watch(name: string, server: ClientOrders["servers"][string]): Promise<never> {
  while (true) {
    const from = monotonicMs();
    const said = await ask(server, ASK_LIMIT_MS);
    const to = monotonicMs();
    if (said !== null) {
      const addresses = said.rcode === RCODE.NOERROR ? said.addresses : null;
      tellArena({ kind: "answer", server: name, from, to, addresses } satisfies Answer);
    }
    await pause(Math.max(0, ASK_EVERY_MS - (to - from)));
  }
}

/** Asks the nodes in turn, those that were silent a moment ago last. */
class Resolver {
  readonly #orders: ClientOrders;
  readonly #shunned = new Map<string, number>();
  #turn = 0;

  constructor(orders: ClientOrders) {
    this.#orders = orders;
  }

  async resolve(): Promise<{ readonly address: string; readonly server: string } | null> {
    const { nodes, servers } = this.#orders;
    const now = monotonicMs();
    const first = this.#turn++ % nodes.length;
    const turned = [...nodes.slice(first), ...nodes.slice(0, first)];
    const isShunned = (name: string): boolean => (this.#shunned.get(name) ?? 0) > now;
    for (const name of [...turned.filter((one) => !isShunned(one)), ...turned.filter(isShunned)]) {
      const server = servers[name];
      const said = server === undefined ? null : await ask(server, DNS_LIMIT_MS);
      const [address] = said?.rcode === RCODE.NOERROR ? said.addresses : [];
      if (address !== undefined) return { address, server: name };
      this.#shunned.set(name, monotonicMs() + SHUN_MS);
    }
    return null;
  }
}

async function call(orders: ClientOrders): Promise<never> {
  const resolver = new Resolver(orders);
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  while (true) {
    const from = monotonicMs();
    const found = await resolver.resolve();
    const result = found === null
      ? { by: null, problem: "DNS had no answer" }
      : await callService(`http://${found.address}:${orders.targetPort}/`, client);
    const to = monotonicMs();
    tellArena({ kind: "call", from, to, server: found?.server ?? null, ...result } satisfies Call);
    await pause(CALL_EVERY_MS);
  }
}

async function callService(
  url: string,
  client: Deno.HttpClient,
): Promise<{ readonly by: string | null; readonly problem: string | null }> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), CALL_LIMIT_MS);
  try {
    const answer = await fetch(url, { client, signal: stop.signal });
    const text = await answer.text();
    return answer.ok ? { by: text, problem: null } : { by: null, problem: `HTTP ${answer.status}` };
  } catch (problem) {
    if (problem instanceof DOMException) return { by: null, problem: "no answer in time" };
    return { by: null, problem: /refused/i.test(String((problem as Error).cause)) ? "refused" : "cut off" };
  } finally {
    clearTimeout(timer);
  }
}

if (import.meta.main) {
  const orders = JSON.parse(Deno.args[0] ?? "{}") as ClientOrders;
  for (const [name, server] of Object.entries(orders.servers)) void watch(name, server);
  void call(orders);
  await takeOrders(() => {});
}
