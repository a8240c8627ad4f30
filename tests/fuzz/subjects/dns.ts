/** DNS: queries to the embedded server, over UDP and TCP, and the messages of servers that we ask. */
import { type DnsServer, startDnsServer } from "../../../src/adapters/dns_server.ts";
import { COOKIE_OPTION } from "../../../src/dns/cookie.ts";
import { decodeMessage } from "../../../src/dns/decode.ts";
import { encodeMessage } from "../../../src/dns/encode.ts";
import { type Message, PLAIN_EDNS, plainHeader, queryFor } from "../../../src/dns/message.ts";
import { formatName, parseName } from "../../../src/dns/name.ts";
import { parseNetwork } from "../../../src/dns/network.ts";
import { outlineOf } from "../../../src/dns/outline.ts";
import { RateLimiter } from "../../../src/dns/rate_limit.ts";
import { formatData, TYPE, typeName } from "../../../src/dns/record.ts";
import { serve, type Served, type Shield } from "../../../src/dns/serve.ts";
import { sipKey } from "../../../src/dns/siphash.ts";
import { signMessage, type TsigKey, verifyMessage } from "../../../src/dns/tsig.ts";
import { named, queryBytes, zoneOf } from "../../unit/dns/fixture.ts";
import { below, pick, spliced } from "../mutate.ts";
import { must, type Mutate, type Subject } from "../subject.ts";

export const NOW_S = 1_800_000_000;
const CLIENT = "192.0.2.7";
export const KEY: TsigKey = {
  name: named("xfr.example"),
  algorithm: "hmac-sha256",
  secret: new TextEncoder().encode("0123456789abcdef"),
};

function network(text: string): ReturnType<typeof parseNetwork> & { readonly ok: true } {
  const parsed = parseNetwork(text);
  must(parsed.ok, "a network");
  return parsed;
}

const SERVED: Served = {
  zones: [zoneOf()],
  transfer: { from: [network("192.0.2.0/24").value], key: KEY, needsKey: true },
  copyable: true,
};

function shield(): Shield {
  return {
    limiter: new RateLimiter({ perSecond: 2, slip: 2, exempt: [network("127.0.0.0/8").value], seed: 9 }),
    cookies: sipKey(new Uint8Array(16).fill(3)),
    clock: { nowS: () => NOW_S, nowMs: () => 0 },
  };
}

/** Counts, pointers, types: what octets alone seldom hit. */
export const mutateDns: Mutate = (input, random) => {
  const copy = input.slice();
  if (copy.length < 12) return copy;
  const view = new DataView(copy.buffer);
  switch (below(random, 8)) {
    case 0:
      view.setUint16(4 + 2 * below(random, 4), pick(random, [0, 1, 2, 3, 255, 0x1000, 0xffff]));
      return copy;
    case 1: // a pointer: back, forward, to itself
      view.setUint16(
        Math.min(copy.length - 2, 12 + below(random, copy.length)),
        0xc000 | pick(random, [0, 11, 12, 13, below(random, copy.length), 0x3fff]),
      );
      return copy;
    case 2:
      view.setUint16(
        Math.min(copy.length - 2, 12 + below(random, copy.length)),
        pick(random, Object.values(TYPE)),
      );
      return copy;
    case 3: // flags
      view.setUint16(2, below(random, 0x10000));
      return copy;
    case 4: { // the longest name, then as many as fit that point into it
      const label = new Uint8Array(127 * 2 + 1);
      for (let i = 0; i < 127; i++) label.set([1, 97], 2 * i);
      const room = pick(random, [300, 4000, 60_000]);
      const tail = new Uint8Array(Math.floor(room / 6) * 6);
      for (let at = 0; at < tail.length; at += 6) tail.set([0xc0, 12, 0, 1, 0, 1], at);
      const head = copy.slice(0, 12);
      new DataView(head.buffer).setUint16(4, 1 + tail.length / 6);
      return spliced(
        spliced(head, 12, 0, spliced(label, label.length, 0, Uint8Array.of(0, 1, 0, 1))),
        271,
        0,
        tail,
      );
    }
    case 5: { // an OPT, or another record, behind it
      const record = Uint8Array.of(
        0,
        0,
        pick(random, [41, 250, 6, 1]),
        4,
        208,
        0,
        0,
        0,
        0,
        0,
        below(random, 12),
      );
      view.setUint16(10, view.getUint16(10) + 1);
      return spliced(copy, copy.length, 0, record);
    }
    case 6: // an option of EDNS at the end
      return spliced(copy, copy.length, 0, Uint8Array.of(0, pick(random, [8, 10, 12]), 0, below(random, 41)));
    default:
      return copy.slice(0, 12 + below(random, copy.length - 12));
  }
};

function queries(): Uint8Array[] {
  const cookie = (length: number): Uint8Array =>
    queryBytes("web.ha.example.com", "A", {
      ...PLAIN_EDNS,
      options: [{ code: COOKIE_OPTION, octets: new Uint8Array(length).fill(7) }],
    });
  const asked = (type: number): Uint8Array => {
    const query = queryFor(4711, named("ha.example.com"), type);
    const soa = SERVED.zones[0]!.soa;
    const authorities = [{ name: named("ha.example.com"), type: TYPE.SOA, class: 1, ttl: 0, data: soa }];
    return encodeMessage({ ...query, authorities: type === TYPE.IXFR ? authorities : [] }).bytes;
  };
  const sign = (bytes: Uint8Array, nowS = NOW_S): Uint8Array => signMessage(bytes, KEY, { nowS }).bytes;
  return [
    ...[
      "web",
      "pair",
      "alias",
      "twice",
      "dangling",
      "ring-a",
      "withdrawn",
      "note",
      "long",
      "huge",
      "nothing",
      "a.deep.inside",
    ]
      .flatMap((name) => ["A", "TXT", "ANY"].map((type) => queryBytes(`${name}.ha.example.com`, type))),
    ...["SOA", "NS", "AXFR", "IXFR"].map((type) => queryBytes("ha.example.com", type)),
    queryBytes("WEB.ha.example.com", "AAAA", PLAIN_EDNS),
    queryBytes("elsewhere.example", "A", PLAIN_EDNS),
    ...[8, 16, 24, 40, 41].map(cookie),
    asked(TYPE.AXFR),
    asked(TYPE.IXFR),
    sign(asked(TYPE.AXFR)),
    sign(asked(TYPE.IXFR)),
    sign(asked(TYPE.AXFR), NOW_S - 9999),
    sign(queryBytes("web.ha.example.com", "A", PLAIN_EDNS)),
  ];
}

/** Queries as the server takes them. Whatever comes: one answer that can be read and fits, or silence. */
export function query(): Subject {
  const corpus = queries();
  const transfers = new Set(corpus.map((bytes) => bytes.toHex()));
  return {
    name: "dns-query",
    about: "queries to the embedded DNS server: from the whole world",
    corpus,
    maxOctets: 65_535,
    cpuMs: 60,
    mutate: mutateDns,
    check: (input): void => {
      for (const transport of ["udp", "tcp"] as const) {
        const asked = transport === "udp" ? input.subarray(0, 4096) : input;
        const room = new Uint8Array(1232);
        const guard = shield();
        for (let again = 0; again < (input.length < 600 ? 4 : 1); again++) {
          const reply = serve(SERVED, { query: asked, transport, client: CLIENT, room }, guard);
          const all = reply === null ? [] : reply instanceof Uint8Array ? [reply] : reply;
          must(reply === null || all.length > 0, "an answer of no message");
          must(transport === "tcp" || all.length <= 1, `${all.length} messages over UDP`);
          must(
            all.length <= 1 || transfers.has(input.toHex()) || isSigned(input),
            "a transfer that nobody may have",
          );
          must(all.reduce((sum, { length }) => sum + length, 0) <= 300_000, "an answer without end");
          for (const [i, one] of all.entries()) {
            mustAnswer(asked, one, transport, i === 0);
          }
        }
      }
    },
  };
}

function isSigned(input: Uint8Array): boolean {
  return verifyMessage(input, KEY, { nowS: NOW_S }).ok;
}

function mustAnswer(
  asked: Uint8Array,
  answer: Uint8Array,
  transport: "udp" | "tcp",
  outlined: boolean,
): void {
  must(answer.length <= (transport === "udp" ? 1500 : 65_535), `an answer of ${answer.length} octets`);
  const decoded = decodeMessage(answer);
  must(decoded.ok, "an answer that cannot be read");
  must(decoded.value.response, "an answer that is a question");
  must(decoded.value.id === ((asked[0]! << 8) | asked[1]!), "an answer with another id");
  must((asked[2]! & 0x80) === 0, "an answer to an answer");
  if (outlined) outlineOf(answer).name();
}

/** Frames over TCP, to a real server: split and cut as it comes. The server goes on. */
export async function overTcp(): Promise<Subject> {
  const started = await startDnsServer({
    listen: [{ host: "127.0.0.1", port: 0 }],
    current: () => SERVED,
    wallMs: () => NOW_S * 1000,
    nowMs: () => performance.now(),
    idleTimeoutMs: 300,
    maxConnections: 16,
  });
  must(started.ok, "a server");
  const server: DnsServer = started.value;
  const port = server.addresses[0]!.port;
  const framed = queries().map((bytes) =>
    spliced(bytes, 0, 0, Uint8Array.of(bytes.length >> 8, bytes.length & 0xff))
  );
  const several = framed.slice(0, 8).reduce(
    (all, one) => spliced(all, all.length, 0, one),
    new Uint8Array(0),
  );
  return {
    name: "dns-tcp",
    about: "frames over TCP to the embedded DNS server: from the whole world",
    corpus: [...framed, several],
    maxOctets: 140_000,
    cpuMs: 400,
    mutate: (input, random): Uint8Array =>
      spliced(mutateDns(input.subarray(2), random), 0, 0, input.subarray(0, 2)),
    check: async (input): Promise<void> => {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port });
      const read = readAll(connection);
      try {
        const half = Math.floor(input.length / 2);
        for (const part of [input.subarray(0, half), input.subarray(half)]) {
          for (let sent = 0; sent < part.length;) sent += await connection.write(part.subarray(sent));
        }
        await connection.closeWrite();
      } catch {
        // It has had enough.
      }
      const bytes = await read;
      for (let at = 0; at < bytes.length;) {
        const end = at + 2 + ((bytes[at]! << 8) | (bytes[at + 1] ?? 0));
        must(end <= bytes.length, "a frame that breaks off");
        must(decodeMessage(bytes.subarray(at + 2, end)).ok, "an answer that cannot be read");
        at = end;
      }
      must(server.counters().connections <= 16, "more connections than there may be");
    },
    close: () => server.close(),
  };
}

/** All that comes until the end; the connection is closed then. */
export async function readAll(connection: Deno.TcpConn, most = 4_000_000): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const buffer = new Uint8Array(65_536);
  try {
    for (
      let n = await connection.read(buffer);
      n !== null && size < most;
      n = await connection.read(buffer)
    ) {
      chunks.push(buffer.slice(0, n));
      size += n;
    }
  } catch {
    // Reset: that is an end too.
  }
  connection.close();
  const all = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** What the server answers to all those queries. */
function answersTo(asked: readonly Uint8Array[]): Uint8Array[] {
  return asked.flatMap((bytes) => {
    const reply = serve(SERVED, { query: bytes, transport: "tcp", client: CLIENT }, shield());
    return reply instanceof Uint8Array ? [reply] : [...reply ?? []];
  });
}

/** Answers to a dns check. */
export async function target(): Promise<Subject> {
  const { dnsTarget } = await import("./probes.ts");
  return await dnsTarget(answersTo(queries()), mutateDns);
}

/** Messages of servers that we ask: read, they can be written and shown, and are the same read again. */
export function message(): Subject {
  return {
    name: "dns-message",
    about: "DNS messages: from name servers, resolvers, and targets of dns checks",
    corpus: answersTo(queries()),
    maxOctets: 65_535,
    cpuMs: 60,
    mutate: mutateDns,
    check: (input): void => {
      const read = decodeMessage(input);
      if (!read.ok) return;
      const { answers, authorities, additionals, questions } = read.value;
      const records = [...answers, ...authorities, ...additionals];
      let shown = 0;
      for (const { name, type, data, ttl } of records.slice(0, 256)) {
        must(ttl >= 0 && (ttl <= 0x7fff_ffff || type === TYPE.OPT), `a TTL of ${ttl}`);
        shown += formatName(name).length + typeName(type).length + formatData(data).length;
      }
      for (const { name } of questions.slice(0, 256)) {
        must(parseName(formatName(name)).ok, `a name that cannot be read: ${formatName(name)}`);
      }
      must(shown <= 40_000_000, `${shown} characters out of ${input.length} octets`);
      if (records.length + questions.length > 256) return; // nothing of ours writes so many
      const written = encodeMessage(read.value);
      const again = decodeMessage(written.bytes);
      must(again.ok, "what was written cannot be read");
      if (!written.truncated) must(plain(again.value) === plain(read.value), "another message, read again");
    },
  };
}

/** Names by their key: compression takes the letter case of the first one. OPT records without their place. */
function plain(value: Message): string {
  const { edns, ...rest } = value;
  const options = edns === null
    ? null
    : { ...edns, options: edns.options.map(({ code, octets }) => [code, octets.toHex()]) };
  return JSON.stringify({ ...rest, options }, (key, each) => key === "labels" ? undefined : each);
}

/** Signed messages: none is taken that was not signed with the key, at about this time. */
export function signed(): Subject {
  const query = queryBytes("web.ha.example.com", "A", PLAIN_EDNS);
  const answer = encodeMessage({
    ...queryFor(4711, named("web.ha.example.com"), TYPE.A),
    ...plainHeader(4711),
    response: true,
  }).bytes;
  const corpus = [query, answer].map((bytes) => signMessage(bytes, KEY, { nowS: NOW_S }).bytes);
  const known = new Set([query, answer].map((bytes) => bytes.toHex()));
  return {
    name: "dns-signed",
    about: "TSIG: from anyone who can reach the DNS port, or stands before a name server",
    corpus,
    maxOctets: 65_535,
    cpuMs: 60,
    mutate: mutateDns,
    check: (input): void => {
      const verified = verifyMessage(input, KEY, { nowS: NOW_S });
      must(!verified.ok || known.has(verified.value.bytes.toHex()), "a signature that nobody made");
      if (!verified.ok && verified.error.kind === "bad-time") {
        must(Number.isFinite(verified.error.aheadS), `a clock ${verified.error.aheadS} ahead`);
      }
    },
  };
}
