/** Cookies and rate limits: what keeps the server from being used against others. */
import assert from "node:assert/strict";
import { COOKIE_OPTION, judgeCookie } from "../../../src/dns/cookie.ts";
import { PLAIN_EDNS, rcodeName } from "../../../src/dns/message.ts";
import { parseNetwork } from "../../../src/dns/network.ts";
import { outlineOf } from "../../../src/dns/outline.ts";
import { RateLimiter } from "../../../src/dns/rate_limit.ts";
import { serve, type Shield } from "../../../src/dns/serve.ts";
import { sipHash, sipKey } from "../../../src/dns/siphash.ts";
import { decoded, queryBytes, zoneOf } from "./fixture.ts";

const NOW_S = 1_800_000_000;
const SERVED = { zones: [zoneOf()], transfer: null, copyable: true };
const KEY = sipKey(new Uint8Array(16).fill(3));

function hex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function limited(perSecond: number, slip = 2, ...exempt: string[]): Shield {
  const networks = exempt.map((text) => {
    const network = parseNetwork(text);
    assert(network.ok);
    return network.value;
  });
  return {
    limiter: new RateLimiter({ perSecond, slip, exempt: networks, seed: 99 }),
    cookies: KEY,
    clock: { nowS: () => NOW_S, nowMs: () => 0 },
  };
}

interface Asked {
  readonly client?: string;
  readonly transport?: "udp" | "tcp";
  readonly nowMs?: number;
  readonly cookie?: Uint8Array;
  readonly name?: string;
}

function ask(shield: Shield, asked: Asked = {}): Uint8Array | null {
  const { client = "192.0.2.1", transport = "udp", nowMs = 0, cookie, name = "web.ha.example.com" } = asked;
  const options = cookie === undefined ? [] : [{ code: COOKIE_OPTION, octets: cookie }];
  const query = queryBytes(name, "A", { ...PLAIN_EDNS, options });
  const reply = serve(SERVED, { query, transport, client }, {
    ...shield,
    clock: { nowS: () => NOW_S, nowMs: () => nowMs },
  });
  assert(reply === null || reply instanceof Uint8Array);
  return reply;
}

function cookieOf(reply: Uint8Array | null): Uint8Array {
  assert(reply !== null);
  const option = decoded(reply).edns?.options[0];
  assert.equal(option?.code, COOKIE_OPTION);
  return option.octets;
}

/** How many of so many questions get a whole answer, an empty one, and none. */
function tally(shield: Shield, count: number, asked: Asked = {}): [number, number, number] {
  const counts: [number, number, number] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const reply = ask(shield, asked);
    counts[reply === null ? 2 : outlineOf(reply).truncated ? 1 : 0]++;
  }
  return counts;
}

Deno.test("SipHash-2-4 gives the reference's values", () => {
  const key = sipKey(Uint8Array.from({ length: 16 }, (_, i) => i));
  const hash = (length: number): Uint8Array => sipHash(key, Uint8Array.from({ length }, (_, i) => i));
  assert.deepEqual(hash(15), hex("e545be4961ca29a1"));
  assert.deepEqual(hash(0), hex("310e0edd47db6f72"));
});

Deno.test("server cookies are those of RFC 9018, appendix A", () => {
  const key = sipKey(hex("e5e973e5a6b2a43f48e7dc849e37bfcf"));
  const first = judgeCookie(key, hex("2464c4abcf10c957"), "198.51.100.100", 1559731985);
  assert.deepEqual(first?.reply, hex("2464c4abcf10c957010000005cf79f111f8130c3eee29480"));
  assert.equal(first.known, false);
  const again = judgeCookie(key, first.reply, "198.51.100.100", 1559734385);
  assert.equal(again?.known, true);
  assert.deepEqual(again.reply, hex("2464c4abcf10c957010000005cf7a871d4a564a1442aca77"));
  // Its reserved octets are not zero; they are under the hash all the same.
  const reserved = hex("fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5");
  assert.equal(judgeCookie(key, reserved, "203.0.113.203", 1559728000)?.known, true);
  const six = sipKey(hex("dd3bdf9344b678b185a6f5cb60fca715"));
  const cookie = hex("22681ab97d52c298010000005cf7c57926556bd0934c72f8");
  assert.equal(judgeCookie(six, cookie, "2001:db8:220:1:59de:d0f4:8769:82b8", 1559741817)?.known, true);
});

Deno.test("a cookie is good for its address and its hour, and for nothing else", () => {
  const given = judgeCookie(KEY, new Uint8Array(8).fill(1), "192.0.2.1", NOW_S)!.reply;
  const known = (cookie: Uint8Array, client = "192.0.2.1", nowS = NOW_S): boolean | undefined =>
    judgeCookie(KEY, cookie, client, nowS)?.known;
  assert.equal(known(given), true);
  assert.equal(known(given, "192.0.2.2"), false);
  assert.equal(known(given, "192.0.2.1", NOW_S + 3601), false);
  assert.equal(known(given, "192.0.2.1", NOW_S - 301), false);
  for (const at of [0, 8, 12, 16, 23]) {
    assert.equal(known(given.with(at, given[at]! ^ 1)), false, `octet ${at}`);
  }
  assert.equal(
    judgeCookie(KEY, given, "192.0.2.1", NOW_S + 1700)?.reply.join(),
    given.join(),
    "kept while fresh",
  );
  assert.notEqual(
    judgeCookie(KEY, given, "192.0.2.1", NOW_S + 1900)?.reply.join(),
    given.join(),
    "then renewed",
  );
  for (const length of [0, 7, 9, 15, 41]) {
    assert.equal(judgeCookie(KEY, new Uint8Array(length), "::1", 1), null);
  }
});

Deno.test("a query with a cookie gets one back, on the quick way and on the general one; without, none", () => {
  const shield = limited(1e6);
  for (const name of ["web.ha.example.com", "nothing.ha.example.com", "www.example.org"]) {
    const cookie = cookieOf(ask(shield, { name, cookie: new Uint8Array(8).fill(9) }));
    assert.deepEqual([cookie.length, cookie.slice(0, 8)], [24, new Uint8Array(8).fill(9)]);
    assert.deepEqual(cookieOf(ask(shield, { name, cookie })), cookie);
    assert.deepEqual(decoded(ask(shield, { name })!).edns?.options, []);
  }
  const bad = decoded(ask(shield, { cookie: new Uint8Array(11) })!);
  assert.deepEqual([rcodeName(bad.rcode), bad.answers], ["FORMERR", []]);
  const outline = outlineOf(ask(shield, { name: "no.ha.example.com", cookie: new Uint8Array(8) })!);
  assert.equal(rcodeName(outline.rcode), "NXDOMAIN");
});

Deno.test("a network gets so many answers a second; of the rest every other is an empty one with TC", () => {
  const shield = limited(10);
  assert.deepEqual(tally(shield, 30), [10, 10, 10]);
  assert.deepEqual([shield.limiter?.slipped, shield.limiter?.dropped], [10, 10]);
  assert.deepEqual(tally(shield, 4, { client: "192.0.2.200" }), [0, 2, 2], "the same /24");
  assert.deepEqual(tally(shield, 4, { client: "192.0.3.1" }), [4, 0, 0], "another");
  assert.deepEqual(tally(shield, 20, { nowMs: 500 }), [5, 7, 8], "half a second later");
  assert.deepEqual(tally(shield, 20, { nowMs: 60_000 }), [10, 5, 5], "no more than a second's is saved up");
  assert.deepEqual(
    tally(shield, 30, { transport: "tcp", nowMs: 60_000 }),
    [30, 0, 0],
    "TCP proves the address",
  );
  assert.deepEqual(tally(limited(10, 0), 30), [10, 0, 20]);
  assert.deepEqual(tally(limited(10, 1), 30), [10, 20, 0]);
});

Deno.test("IPv6 is counted by /56, IPv4 inside it as IPv4", () => {
  const shield = limited(4);
  assert.deepEqual(tally(shield, 4, { client: "2001:db8:0:ff::1" }), [4, 0, 0]);
  assert.deepEqual(tally(shield, 2, { client: "2001:db8:0:aa:5::9" }), [0, 1, 1]);
  assert.deepEqual(tally(shield, 2, { client: "2001:db8:0:1aa::1" }), [2, 0, 0]);
  assert.deepEqual(tally(shield, 4, { client: "198.51.100.7" }), [4, 0, 0]);
  assert.deepEqual(tally(shield, 2, { client: "::ffff:198.51.100.9" }), [0, 1, 1]);
});

Deno.test("exempt networks and clients with a good cookie meet no limit", () => {
  const shield = limited(2, 2, "10.0.0.0/8");
  assert.deepEqual(tally(shield, 50, { client: "10.9.8.7" }), [50, 0, 0]);
  const one = limited(2, 2, "192.0.2.7", "2001:db8::7");
  assert.deepEqual(tally(one, 50, { client: "192.0.2.7" }), [50, 0, 0]);
  assert.deepEqual(tally(one, 50, { client: "192.0.2.8" }), [0, 25, 25], "its network has used up its share");
  assert.deepEqual(tally(one, 50, { client: "2001:db8::7" }), [50, 0, 0]);
  const cookie = cookieOf(ask(shield, { cookie: new Uint8Array(8) }));
  assert.deepEqual(tally(shield, 50, { cookie }), [50, 0, 0]);
  assert.deepEqual(
    tally(shield, 50, { cookie: cookie.with(20, cookie[20]! ^ 1) }),
    [0, 25, 25],
    "a forged one",
  );
  assert.deepEqual(tally(shield, 10, { cookie, client: "203.0.113.1" }), [2, 4, 4], "one of another address");
  // A client without a cookie of ours gets one with the empty answer, and is free then.
  const late = limited(1, 1);
  ask(late);
  const empty = ask(late, { cookie: new Uint8Array(8) });
  assert(empty !== null && outlineOf(empty).truncated);
  assert.deepEqual(tally(late, 10, { cookie: cookieOf(empty) }), [10, 0, 0]);
});

Deno.test("a flood from everywhere takes no more memory and does not free the network that is limited", () => {
  const shield = limited(5, 0);
  tally(shield, 100);
  let freed = 0;
  for (let i = 0; i < 20_000; i++) {
    ask(shield, { client: `10.${(i >> 8) & 255}.${i & 255}.1` });
    if (i % 100 === 0) freed += tally(shield, 1)[0];
  }
  assert(freed < 60, `${freed} of 200 passed`);
});
