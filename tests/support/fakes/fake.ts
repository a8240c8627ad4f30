/**
 * What the fakes of cloud APIs have in common: a server on loopback, faults to order, rate limits, a log of requests.
 * Each fake follows the provider's documents in its own file; nothing here knows an adapter.
 */
import type { FakeAddress } from "./addresses.ts";
import { type Refused, type Standing, Throttle, type Window } from "./limits.ts";

/** One fault, used up by the next request that it fits. */
export type Fault =
  | {
    readonly kind: "answer";
    readonly status: number;
    readonly body: string;
    readonly headers?: HeadersInit;
  }
  /** Answers in full, so much later. */
  | { readonly kind: "slow"; readonly ms: number }
  /** Does what is asked, but breaks the answer off in the middle. */
  | { readonly kind: "truncate" }
  /** Keeps the request in front of the door until `release` is called: it is applied late, for nobody. */
  | { readonly kind: "hold" };

/** One request as it came. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: string;
  /** The body as JSON; null when it is none. */
  readonly json: unknown;
}

/** What the world shows under one name and type. */
export interface Shown {
  readonly values: readonly string[];
  readonly ttl: number;
}

/** A fake as tests use it. */
export interface Fake {
  readonly url: string;
  /** What proves who asks: what to give to the publisher as `token`. */
  readonly secret: string;
  readonly requests: Asked[];
  /** Requests that may change something. */
  readonly writes: () => readonly Asked[];
  /** The next request (`any`), or the next that changes something, meets this fault. */
  order(on: "any" | "write", fault: Fault): void;
  /** Every request meets this until it is null again; what was ordered comes first. */
  trouble: Fault | null;
  /** Requests that are held now. */
  readonly held: number;
  /** Held requests go on now; resolves when they have been applied. */
  release(): Promise<void>;
  /** What stands there, values without final dot or quotes. Names are whole. */
  get(name: string, type: string): Shown | null;
  /** Someone else writes. */
  set(name: string, type: string, values: readonly string[], ttl: number): void;
  /** The address of its own that this provider gives to machines; null where it has none. */
  readonly address: FakeAddress | null;
  /** What the limit headers say is left from now on; undefined = no headers, unless it is throttled. */
  remaining: number | undefined;
  /** From now on it counts requests, and refuses those over a limit: the documented ones, or these. */
  throttle(windows?: readonly Window[]): void;
  readonly pages: Pages;
  close(): Promise<void>;
}

/** The rate limits of one provider. */
export interface Rate {
  /** As its documents have them; what the headers tell is the first. */
  readonly windows: readonly Window[];
  /** The limit headers; absent where there are none. */
  headers?(standing: Standing): HeadersInit;
  /** What is answered over a limit. */
  refuse(refused: Refused): Response;
}

/** How lists are cut into pages. */
export interface Pages {
  /** Entries of a page at most, whatever is asked for. */
  most: number;
  /** There is always one more page. */
  endless: boolean;
}

/** What one provider's file gives. */
export interface Behaviour {
  readonly secret: string;
  /** Answers one request; the base has dealt with faults. */
  handle(asked: Asked): Response | Promise<Response>;
  /** True for requests that change nothing although they are no GET, such as asking for a token. */
  harmless?(asked: Asked): boolean;
  readonly address?: FakeAddress;
  readonly rate: Rate;
  get(name: string, type: string): Shown | null;
  set(name: string, type: string, values: readonly string[], ttl: number): void;
}

/** Where a fake listens: loopback and a free port, unless it stands on a host of its own. */
export interface FakePlace {
  readonly hostname: string;
  readonly port: number;
}

/** Starts a fake. */
export function startFake(
  make: (url: string, pages: Pages) => Behaviour,
  place: FakePlace = { hostname: "127.0.0.1", port: 0 },
): Fake {
  const orders: { readonly on: "any" | "write"; readonly fault: Fault }[] = [];
  const requests: Asked[] = [];
  const gates: (() => void)[] = [];
  const applied: Promise<unknown>[] = [];
  const ending = new AbortController();
  let behaviour: Behaviour | null = null;
  const fakes: { remaining: number | undefined; trouble: Fault | null } = {
    remaining: undefined,
    trouble: null,
  };
  const pages: Pages = { most: Infinity, endless: false };
  const throttles = new Map<string, Throttle>();
  let windows: readonly Window[] | null = null;

  const isWrite = (asked: Asked): boolean => asked.method !== "GET" && behaviour?.harmless?.(asked) !== true;

  async function answer(request: Request): Promise<Response> {
    if (behaviour === null) return new Response(null, { status: 503 });
    const url = new URL(request.url);
    const body = await request.text();
    const { pathname: path, searchParams: query } = url;
    const asked = { method: request.method, path, query, headers: request.headers, body, json: parse(body) };
    requests.push(asked);
    const at = orders.findIndex(({ on }) => on === "any" || isWrite(asked));
    const fault = at < 0 ? fakes.trouble : orders.splice(at, 1)[0]?.fault ?? null;
    if (fault?.kind === "answer") {
      return new Response(fault.body, { status: fault.status, headers: fault.headers });
    }
    if (fault?.kind === "slow") {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, fault.ms);
        ending.signal.addEventListener("abort", () => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    if (fault?.kind === "hold") await new Promise<void>((resolve) => gates.push(resolve));
    const taken = windows === null ? null : throttleOf(asked, windows).take(asked);
    const { rate } = behaviour;
    const refused = taken?.refused ?? null;
    const handled = Promise.resolve(refused === null ? behaviour.handle(asked) : rate.refuse(refused));
    applied.push(handled);
    const response = await handled;
    const standing = fakes.remaining === undefined ? refused ?? taken?.standing : {
      limit: rate.windows[0]?.limit ?? 0,
      remaining: fakes.remaining,
      resetAtMs: Date.now() + 1_800_000,
    };
    for (const [name, value] of new Headers(standing === undefined ? {} : rate.headers?.(standing))) {
      response.headers.set(name, value);
    }
    if (fault?.kind !== "truncate") return response;
    const text = await response.text();
    return new Response(text.slice(0, Math.floor(text.length / 2)), response);
  }

  /** One account, one count: told apart by what proves who asks. */
  function throttleOf(asked: Asked, limits: readonly Window[]): Throttle {
    const who = (asked.headers.get("authorization") ?? "").replace(/, ?Signature=.*/, "");
    const throttle = throttles.get(who) ?? new Throttle(limits);
    throttles.set(who, throttle);
    return throttle;
  }

  const server = Deno.serve({ ...place, onListen: () => {} }, answer);
  const url = `http://${place.hostname}:${server.addr.port}`;
  const made = make(url, pages);
  behaviour = made;
  return {
    url,
    secret: made.secret,
    requests,
    writes: () => requests.filter(isWrite),
    order: (on, fault): void => void orders.push({ on, fault }),
    release: async (): Promise<void> => {
      for (const go of gates.splice(0)) go();
      await new Promise<void>((resolve) => setTimeout(resolve, 0)); // the held handlers go on first
      await Promise.all(applied);
    },
    get: made.get,
    set: made.set,
    address: made.address ?? null,
    throttle: (limits = made.rate.windows): void => {
      windows = limits;
      throttles.clear();
    },
    pages,
    get trouble(): Fault | null {
      return fakes.trouble;
    },
    set trouble(fault: Fault | null) {
      fakes.trouble = fault;
    },
    get held(): number {
      return gates.length;
    },
    get remaining(): number | undefined {
      return fakes.remaining;
    },
    set remaining(value: number | undefined) {
      fakes.remaining = value;
    },
    close: async (): Promise<void> => {
      for (const go of gates.splice(0)) go();
      ending.abort();
      await server.shutdown();
    },
  };
}

/** A JSON answer. */
export function json(status: number, body: unknown, headers?: HeadersInit): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json", ...Object.fromEntries(new Headers(headers)) },
  });
}

/** No body. */
export function empty(status: number): Response {
  return new Response(null, { status });
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

/** A property of a JSON object. */
export function prop(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

/** A list of a JSON object. */
export function items(value: unknown, key: string): readonly unknown[] {
  const found = prop(value, key);
  return Array.isArray(found) ? found : [];
}

/** Record sets by name and type, as most providers keep them. */
export class RecordSets {
  readonly #sets = new Map<string, Shown>();

  /** The key of a set: whole name in small letters without final dot. */
  static key(name: string, type: string): string {
    return `${name.toLowerCase().replace(/\.$/, "")} ${type}`;
  }

  get(name: string, type: string): Shown | null {
    return this.#sets.get(RecordSets.key(name, type)) ?? null;
  }

  put(name: string, type: string, set: Shown): void {
    this.#sets.set(RecordSets.key(name, type), set);
  }

  remove(name: string, type: string): void {
    this.#sets.delete(RecordSets.key(name, type));
  }

  /** A CNAME stands alone: true when the set would break that. */
  collides(name: string, type: string): boolean {
    const types = type === "CNAME" ? ["A", "AAAA", "TXT"] : ["CNAME"];
    return types.some((other) => this.get(name, other) !== null);
  }
}

/** As a user sees it: no final dot, no quotes. */
export function bare(set: Shown | null): Shown | null {
  if (set === null) return null;
  return {
    ttl: set.ttl,
    values: set.values.map((value) => value.replace(/\.$/, "").replace(/^"(.*)"$/, "$1")),
  };
}

/** Values as master files have them. */
export function dotted(type: string, values: readonly string[]): readonly string[] {
  if (type === "CNAME") return values.map((value) => `${value.replace(/\.$/, "")}.`);
  return type === "TXT" ? values.map((value) => `"${value}"`) : values;
}

/** The domain of all fakes. */
export const DOMAIN = "example.com";
/** The token of the fakes that take a plain one. */
export const TOKEN = "tok-5f1c9a-very-secret";

/** Milliseconds in a minute and an hour. */
export const MINUTE = 60_000;
export const HOUR = 3_600_000;

/** `RateLimit-*` as DigitalOcean and Hetzner spell them. */
export function plainHeaders({ limit, remaining, resetAtMs }: Standing): HeadersInit {
  return {
    "ratelimit-limit": String(limit),
    "ratelimit-remaining": String(remaining),
    "ratelimit-reset": String(Math.ceil(resetAtMs / 1000)),
  };
}

/** A request that may change something. */
export function isWriting({ method }: Asked): boolean {
  return method !== "GET";
}
