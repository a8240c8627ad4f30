/** The DNS server on loopback, asked by the real `dig` (BIND's client) and by raw sockets. */
import assert from "node:assert/strict";
import { explainBindFailure } from "../../src/adapters/dns_addresses.ts";
import {
  type DnsServer,
  type DnsServerOptions,
  type QueryInfo,
  startDnsServer,
} from "../../src/adapters/dns_server.ts";
import type { Result } from "../../src/base/result.ts";
import { RCODE } from "../../src/dns/message.ts";
import { decoded, lines, patched, queryBytes, zoneOf } from "../unit/dns/fixture.ts";

const ZONE = zoneOf();
const SERVED = { zones: [ZONE], transfer: null, copyable: true };
const clocks = { wallMs: (): number => Date.now(), nowMs: (): number => performance.now() };
const LOOPBACK = { host: "127.0.0.1", port: 0 };

async function withServer(
  options: Partial<DnsServerOptions>,
  use: (server: DnsServer, port: number) => Promise<void>,
): Promise<void> {
  const server = started(
    await startDnsServer({ listen: [LOOPBACK], current: () => SERVED, ...clocks, ...options }),
  );
  try {
    await use(server, server.addresses[0]!.port);
  } finally {
    await server.close();
  }
}

function started(server: Result<DnsServer, string>): DnsServer {
  assert(server.ok, server.ok ? "" : server.error);
  return server.value;
}

/** Waits until the condition holds; fails after five seconds. */
async function eventually(condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert(condition(), what);
}

function framed(...queries: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(queries.flatMap((query) => [query.length >> 8, query.length & 0xff, ...query]));
}

/** Reads one framed message; null when the server closed. */
async function readFrame(conn: Deno.TcpConn): Promise<Uint8Array | null> {
  const exactly = async (length: number): Promise<Uint8Array | null> => {
    const bytes = new Uint8Array(length);
    for (let filled = 0; filled < length;) {
      const count = await conn.read(bytes.subarray(filled)).catch(() => null);
      if (count === null) return null;
      filled += count;
    }
    return bytes;
  };
  const head = await exactly(2);
  return head === null ? null : await exactly((head[0]! << 8) | head[1]!);
}

interface Dig {
  /** All that dig printed. */
  readonly text: string;
  /** Such as `NOERROR`; "" without an answer. */
  readonly status: string;
  readonly flags: readonly string[];
  /** The lines of the answer and authority sections, one space between fields. */
  readonly answers: readonly string[];
  readonly authorities: readonly string[];
}

async function dig(port: number, ...args: string[]): Promise<Dig> {
  const command = new Deno.Command("dig", {
    args: ["-r", "@127.0.0.1", "-p", String(port), "+tries=1", "+timeout=5", "+norecurse", ...args],
    stderr: "piped",
  });
  const text = new TextDecoder().decode((await command.output()).stdout);
  const sectionOf = (name: string): string[] => {
    const lines = text.split(`;; ${name} SECTION:\n`)[1]?.split("\n\n")[0]?.split("\n") ?? [];
    return lines.filter((line) => line !== "").map((line) => line.replace(/\s+/g, " "));
  };
  return {
    text,
    status: /status: ([A-Z0-9]+)/.exec(text)?.[1] ?? "",
    flags: (/flags: ([a-z ]*);/.exec(text)?.[1] ?? "").split(" "),
    answers: sectionOf("ANSWER"),
    authorities: sectionOf("AUTHORITY"),
  };
}

function hasDig(): boolean {
  try {
    return new Deno.Command("dig", { args: ["-v"], stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    console.error("dig is not installed (Debian: bind9-dnsutils): the tests that ask with it are ignored");
    return false;
  }
}

const ignore = !hasDig();
const SOA =
  "ha.example.com. 5 IN SOA ns1.ha.example.com. hostmaster.ha.example.com. 20251125 3600 600 604800 5";

Deno.test({
  name: "dig gets each type, over UDP and TCP",
  ignore,
  fn: () =>
    withServer({}, async (_server, port) => {
      for (const transport of ["+notcp", "+tcp"]) {
        const answers = async (...args: string[]): Promise<readonly string[]> => {
          const { status, flags, answers } = await dig(port, transport, ...args);
          assert.deepEqual([status, flags.includes("aa"), flags.includes("ra")], ["NOERROR", true, false]);
          return answers;
        };
        assert.deepEqual(await answers("web.ha.example.com", "A"), ["web.ha.example.com. 5 IN A 192.0.2.1"]);
        assert.deepEqual(await answers("web.ha.example.com", "AAAA"), [
          "web.ha.example.com. 5 IN AAAA 2001:db8::1",
        ]);
        assert.deepEqual(await answers("alias.ha.example.com", "A"), [
          "alias.ha.example.com. 5 IN CNAME web.ha.example.com.",
          "web.ha.example.com. 5 IN A 192.0.2.1",
        ]);
        assert.deepEqual(await answers("note.ha.example.com", "TXT"), [
          'note.ha.example.com. 5 IN TXT "hello"',
        ]);
        assert.deepEqual(await answers("ha.example.com", "SOA"), [SOA.replace(" 5 IN", " 3600 IN")]);
        assert.equal((await answers("ha.example.com", "NS")).length, 3);
        assert.deepEqual(await answers("web.ha.example.com", "ANY"), [
          "web.ha.example.com. 5 IN A 192.0.2.1",
        ]);
      }
    }),
});

Deno.test({
  name: "dig gets NXDOMAIN and NODATA with the SOA, and REFUSED outside the zone",
  ignore,
  fn: () =>
    withServer({}, async (_server, port) => {
      const said = async (...args: string[]): Promise<unknown[]> => {
        const { status, answers, authorities } = await dig(port, ...args);
        return [status, answers, authorities];
      };
      assert.deepEqual(await said("nothing.ha.example.com", "A"), ["NXDOMAIN", [], [SOA]]);
      assert.deepEqual(await said("web.ha.example.com", "TXT"), ["NOERROR", [], [SOA]]);
      assert.deepEqual(await said("withdrawn.ha.example.com", "A"), ["NOERROR", [], [SOA]]);
      assert.deepEqual(await said("www.example.org", "A"), ["REFUSED", [], []]);
      assert.deepEqual(await said("web.ha.example.com", "A", "-c", "CH"), ["REFUSED", [], []]);
    }),
});

Deno.test({
  name: "dig sees TC when an answer does not fit, and gets it all over TCP",
  ignore,
  fn: () =>
    withServer({}, async (server, port) => {
      const cut = await dig(port, "+bufsize=512", "+ignore", "long.ha.example.com", "TXT");
      assert(cut.flags.includes("tc"));
      assert.deepEqual(cut.answers, []);
      const retried = await dig(port, "+bufsize=512", "long.ha.example.com", "TXT");
      assert.deepEqual([retried.flags.includes("tc"), retried.answers.length], [false, 1]);
      const fits = await dig(port, "+bufsize=1232", "+ignore", "long.ha.example.com", "TXT");
      assert.deepEqual([fits.flags.includes("tc"), fits.answers.length], [false, 1]);
      const { truncated, tcp, connectionsTotal } = server.counters();
      assert.deepEqual([truncated, tcp, connectionsTotal], [2, 1, 1]);
    }),
});

Deno.test({
  name: "dig sees its letter case, no transfer, BADVERS, and nothing that it did not ask for",
  ignore,
  fn: () =>
    withServer({}, async (_server, port) => {
      const mixed = await dig(port, "wEb.Ha.eXample.COM", "A");
      assert.match(mixed.text, /^;wEb\.Ha\.eXample\.COM\./m);
      assert.deepEqual(mixed.answers, ["wEb.Ha.eXample.COM. 5 IN A 192.0.2.1"]);
      assert.match((await dig(port, "ha.example.com", "AXFR")).text, /Transfer failed/);
      const version = await dig(port, "+edns=1", "+noednsnegotiation", "web.ha.example.com", "A");
      assert.deepEqual([version.status, version.answers], ["BADVERS", []]);
      const options = ["+nocookie", "+subnet=192.0.2.0/24", "+nsid", "+padding=64"];
      const others = await dig(port, ...options, "web.ha.example.com", "A");
      assert.deepEqual([others.status, others.answers.length], ["NOERROR", 1]);
      assert.doesNotMatch(others.text, /COOKIE|CLIENT-SUBNET|NSID|PAD/);
      const plain = await dig(port, "+noedns", "web.ha.example.com", "A");
      assert(!plain.text.includes("OPT PSEUDOSECTION"));
      assert.equal((await dig(port, "+opcode=notify", "web.ha.example.com", "SOA")).status, "NOTIMP");
    }),
});

Deno.test("UDP and TCP are on one port, and each query is told and counted", async () => {
  const told: QueryInfo[] = [];
  await withServer({ onQuery: (info) => told.push(info) }, async (server, port) => {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    await conn.write(framed(queryBytes("Web.ha.example.com", "A"), queryBytes("x.example", "TYPE999")));
    assert.deepEqual(lines(decoded((await readFrame(conn))!).answers), ["5 A 192.0.2.1"]);
    assert.equal(decoded((await readFrame(conn))!).rcode, RCODE.REFUSED);
    conn.close();
    const { byType, byRcode, udp, tcp } = server.counters();
    assert.deepEqual([byType, byRcode, udp, tcp], [{ A: 1, other: 1 }, { NOERROR: 1, REFUSED: 1 }, 0, 2]);
  });
  assert.deepEqual(told.map(({ client: _client, ...rest }) => rest), [
    { transport: "tcp", name: "Web.ha.example.com", type: "A", rcode: "NOERROR", truncated: false },
    { transport: "tcp", name: "x.example", type: "TYPE999", rcode: "REFUSED", truncated: false },
  ]);
});

Deno.test("datagrams that are no query do not stop the answers, and neither does code that throws", async () => {
  let broken = false;
  const current: DnsServerOptions["current"] = () => {
    if (broken) throw new Error("a bug");
    return SERVED;
  };
  const onQuery = (): void => {
    if (broken) throw new Error("another bug");
  };
  await withServer({ current, onQuery }, async (server, port) => {
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const to: Deno.NetAddr = { transport: "udp", hostname: "127.0.0.1", port };
    const query = queryBytes("web.ha.example.com", "A");
    const bad = [
      new Uint8Array(0),
      Uint8Array.of(1),
      patched(query, 2, 0x80),
      new Uint8Array(9000).fill(0xff),
    ];
    for (const bytes of bad) await socket.send(bytes, to);
    await socket.send(query.slice(0, 20), to);
    assert.equal(decoded((await socket.receive())[0]).rcode, RCODE.FORMERR);
    await socket.send(query, to);
    assert.equal(decoded((await socket.receive())[0]).answers.length, 1);
    const { dropped, malformed, udp, failures } = server.counters();
    assert.deepEqual([dropped, malformed, udp, failures], [4, 1, 6, 0]);
    broken = true;
    await socket.send(query, to);
    assert.equal(decoded((await socket.receive())[0]).rcode, RCODE.SERVFAIL);
    assert.equal(server.counters().failures, 2);
    broken = false;
    await socket.send(query, to);
    assert.equal(decoded((await socket.receive())[0]).answers.length, 1);
    socket.close();
  });
});

Deno.test("however many datagrams lie ready, timers fire between them", async () => {
  const { listenDatagram } = Deno;
  const burst = 100_000;
  let datagrams = 0;
  const from: Deno.NetAddr = { transport: "udp", hostname: "127.0.0.1", port: 1 };
  const query = Uint8Array.from(queryBytes("web.ha.example.com", "A"));
  Deno.listenDatagram = (options): Deno.DatagramConn => {
    const socket = listenDatagram(options as Deno.UdpListenOptions & { transport: "udp" });
    const receive = socket.receive.bind(socket);
    socket.receive = (buffer) => ++datagrams > burst ? receive(buffer) : Promise.resolve([query, from]);
    socket.send = () => Promise.resolve(0);
    return socket;
  };
  const start = startDnsServer({ listen: [LOOPBACK], current: () => SERVED, ...clocks });
  Deno.listenDatagram = listenDatagram;
  const server = started(await start);
  await new Promise((resolve) => setTimeout(resolve, 0));
  const before = datagrams;
  await eventually(() => datagrams > burst, "the burst ends");
  await server.close();
  assert(before < burst / 2, `a timer of 0 ms fired after ${before} datagrams`);
});

Deno.test("without a current answer, names in the zone get SERVFAIL", async () => {
  await withServer({ current: () => ({ servfail: true, origins: [ZONE.origin] }) }, async (_server, port) => {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    await conn.write(framed(queryBytes("web.ha.example.com", "A"), queryBytes("www.example.org", "A")));
    assert.equal(decoded((await readFrame(conn))!).rcode, RCODE.SERVFAIL);
    assert.equal(decoded((await readFrame(conn))!).rcode, RCODE.REFUSED);
    conn.close();
  });
});

Deno.test("TCP queries may come in pieces, together, and be followed by the client's end", async () => {
  await withServer({}, async (_server, port) => {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    const queries = Array.from({ length: 300 }, (_, id) => {
      return patched(queryBytes("huge.ha.example.com", "TXT"), 0, id >> 8, id & 0xff);
    });
    const bytes = framed(...queries);
    await conn.write(bytes.subarray(0, 1));
    await conn.write(bytes.subarray(1, 7));
    const writing = (async (): Promise<void> => {
      for (let at = 7; at < bytes.length;) at += await conn.write(bytes.subarray(at));
      await conn.closeWrite();
    })();
    for (let id = 0; id < queries.length; id++) assert.equal(decoded((await readFrame(conn))!).id, id);
    await writing;
    assert.equal(await readFrame(conn), null);
    conn.close();
  });
});

Deno.test("a connection that is idle, or half way through a query, is closed when its time is up", async () => {
  await withServer({ idleTimeoutMs: 60 }, async (server, port) => {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    await conn.write(framed(queryBytes("web.ha.example.com", "A")).subarray(0, 9));
    assert.equal(await readFrame(conn), null);
    conn.close();
    await eventually(() => server.counters().connections === 0, "no connection is left");
    assert.equal(server.counters().connectionsTimedOut, 1);
  });
});

Deno.test("a client that asks and does not read is cut off when its time is up", async () => {
  await withServer({ idleTimeoutMs: 200 }, async (server, port) => {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    const bytes = framed(...Array.from({ length: 500 }, () => queryBytes("huge.ha.example.com", "TXT")));
    const writing = (async (): Promise<void> => {
      for (;;) await conn.write(bytes);
    })().catch(() => undefined);
    await eventually(() => server.counters().connectionsTimedOut === 1, "the connection was timed out");
    await writing;
    conn.close();
  });
});

Deno.test("bytes that cannot be DNS end the connection", async () => {
  await withServer({}, async (_server, port) => {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    await conn.write(Uint8Array.of(0, 3, 1, 2, 3));
    assert.equal(await readFrame(conn), null);
    conn.close();
  });
});

Deno.test("one connection too many closes the one that was quiet for longest", async () => {
  await withServer({ maxConnections: 2 }, async (server, port) => {
    const query = framed(queryBytes("web.ha.example.com", "A"));
    const open = async (): Promise<Deno.TcpConn> => {
      const conn = await Deno.connect({ hostname: "127.0.0.1", port });
      await conn.write(query);
      assert.notEqual(await readFrame(conn), null);
      return conn;
    };
    const [first, second] = [await open(), await open()];
    await first.write(query);
    assert.notEqual(await readFrame(first), null);
    const third = await open();
    assert.equal(await readFrame(second), null, "the second was quiet for longest");
    await first.write(query);
    assert.notEqual(await readFrame(first), null);
    await eventually(() => server.counters().connections === 2, "two are open");
    assert.equal(server.counters().connectionsEvicted, 1);
    for (const conn of [first, second, third]) conn.close();
  });
});

Deno.test("an address in use is an error that names it, and nothing stays bound", async () => {
  await withServer({}, async (_server, port) => {
    const free = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const other = free.addr as Deno.NetAddr;
    free.close();
    const listen = [{ host: "127.0.0.1", port: other.port }, { host: "127.0.0.1", port }];
    const second = await startDnsServer({ listen, current: () => SERVED, ...clocks });
    assert(!second.ok);
    assert.match(second.error, new RegExp(`127\\.0\\.0\\.1:${port} \\(UDP\\): the address is in use`));
    Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: other.port }).close();
  });
});

Deno.test("an address that is not here, and no address at all, are errors", async () => {
  const current: DnsServerOptions["current"] = () => SERVED;
  const elsewhere = await startDnsServer({ listen: [{ host: "203.0.113.7", port: 0 }], current, ...clocks });
  assert.match(elsewhere.ok ? "" : elsewhere.error, /203\.0\.113\.7:0 \(UDP\): this machine does not have/);
  assert.equal((await startDnsServer({ listen: [], current, ...clocks })).ok, false);
});

Deno.test("a refused low port says what to do about it", () => {
  const error = new Deno.errors.PermissionDenied("Permission denied (os error 13)");
  const text = explainBindFailure({ host: "::", port: 53 }, "UDP", error);
  assert.match(text, /\[::\]:53 \(UDP\): permission denied.*setcap.*AmbientCapabilities.*another port/);
  assert(!explainBindFailure({ host: "::", port: 5353 }, "UDP", error).includes("setcap"));
});

Deno.test("all addresses means one socket each, which answers from its own; new ones are found, gone ones left", async () => {
  let hosts = ["127.0.0.1", "127.0.0.2"];
  const interfaces: NonNullable<DnsServerOptions["interfaces"]> = () => [
    ...hosts.map((address) => ({ family: "IPv4" as const, address })),
    { family: "IPv6", address: "::1" },
  ];
  const options = { listen: [{ host: "0.0.0.0", port: 0 }], interfaces, rescanMs: 20 };
  await withServer(options, async (server, port) => {
    const bound = (): string =>
      server.addresses.map((address) => `${address.host}:${address.port}`).join(" ");
    assert.equal(bound(), `127.0.0.1:${port} 127.0.0.2:${port}`);
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    await socket.send(queryBytes("web.ha.example.com", "A"), {
      transport: "udp",
      hostname: "127.0.0.2",
      port,
    });
    assert.equal(((await socket.receive())[1] as Deno.NetAddr).hostname, "127.0.0.2");
    hosts = ["127.0.0.2", "127.0.0.3", "203.0.113.9"];
    await eventually(
      () => bound() === `127.0.0.2:${port} 127.0.0.3:${port}`,
      "127.0.0.1 went, 127.0.0.3 came",
    );
    assert.match(server.problems.join(), /203\.0\.113\.9:.*does not have that address/);
    await socket.send(queryBytes("web.ha.example.com", "A"), {
      transport: "udp",
      hostname: "127.0.0.3",
      port,
    });
    assert.equal(((await socket.receive())[1] as Deno.NetAddr).hostname, "127.0.0.3");
    socket.close();
  });
});

Deno.test({
  name: "the IPv6 wildcard means every local address but link-local ones, and IPv6 is answered",
  ignore: !Deno.networkInterfaces().some(({ address }) => address === "::1"),
  fn: () => {
    const interfaces: NonNullable<DnsServerOptions["interfaces"]> = () => [
      { family: "IPv4", address: "127.0.0.1" },
      { family: "IPv6", address: "::1" },
      { family: "IPv6", address: "fe80::1" },
    ];
    return withServer({ listen: [{ host: "::", port: 0 }], interfaces }, async (server, port) => {
      assert.deepEqual(server.addresses.map(({ host }) => host), ["127.0.0.1", "::1"]);
      const socket = Deno.listenDatagram({ transport: "udp", hostname: "::1", port: 0 });
      await socket.send(queryBytes("web.ha.example.com", "A"), { transport: "udp", hostname: "::1", port });
      assert.deepEqual(lines(decoded((await socket.receive())[0]).answers), ["5 A 192.0.2.1"]);
      socket.close();
    });
  },
});

Deno.test("closing ends open connections, frees the port, and may be repeated", async () => {
  const server = started(await startDnsServer({ listen: [LOOPBACK], current: () => SERVED, ...clocks }));
  const port = server.addresses[0]!.port;
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await eventually(() => server.counters().connections === 1, "the connection was accepted");
  await Promise.all([server.close(), server.close()]);
  assert.equal(await readFrame(conn), null);
  conn.close();
  assert.deepEqual(server.addresses, []);
  const again = started(
    await startDnsServer({ listen: [{ host: "127.0.0.1", port }], current: () => SERVED, ...clocks }),
  );
  await again.close();
});

Deno.test({
  name: "dig gets a cookie and shows it again; ANY gets one set",
  ignore,
  fn: () =>
    withServer({}, async (_server, port) => {
      const first = await dig(port, "+cookie=0102030405060708", "web.ha.example.com", "A");
      const cookie = /COOKIE: ([0-9a-f]{48}) \(good\)/.exec(first.text)?.[1];
      assert(cookie !== undefined && cookie.startsWith("0102030405060708"), first.text);
      const again = await dig(port, `+cookie=${cookie}`, "web.ha.example.com", "A");
      assert.match(again.text, new RegExp(`COOKIE: ${cookie} \\(good\\)`));
      const any = await dig(port, "+notcp", "web.ha.example.com", "ANY");
      assert.deepEqual(any.answers, ["web.ha.example.com. 5 IN A 192.0.2.1"]);
    }),
});

Deno.test("who asks too fast over UDP gets silence and TC, is counted, and is served over TCP and with a cookie", async () => {
  const rateLimit = { perSecond: 5, slip: 2, exempt: [] };
  let nowMs = 0;
  await withServer({ rateLimit, nowMs: () => nowMs }, async (server, port) => {
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const to: Deno.NetAddr = { transport: "udp", hostname: "127.0.0.1", port };
    const query = queryBytes("web.ha.example.com", "A");
    for (let i = 0; i < 15; i++) await socket.send(query, to);
    const got: boolean[] = [];
    while (got.length < 10) got.push(decoded((await socket.receive())[0]).truncated);
    assert.deepEqual([got.filter((tc) => !tc).length, got.filter((tc) => tc).length], [5, 5]);
    assert.deepEqual(server.counters().limited, { slipped: 5, dropped: 5 });
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    await conn.write(framed(query));
    assert.equal(decoded((await readFrame(conn))!).answers.length, 1);
    conn.close();
    nowMs = 1000;
    await socket.send(query, to);
    assert.equal(decoded((await socket.receive())[0]).answers.length, 1, "a second later");
    socket.close();
  });
});
