import assert from "node:assert/strict";
import { runProbe } from "../../src/adapters/probes/index.ts";
import type { CheckConfig } from "../../src/config/config.ts";
import { decodeMessage } from "../../src/dns/decode.ts";
import { encodeMessage } from "../../src/dns/encode.ts";
import type { Message } from "../../src/dns/message.ts";
import { type Name, parseName } from "../../src/dns/name.ts";
import { TYPE } from "../../src/dns/record.ts";
import { knotd } from "../support/knotd.ts";
import { at, checkOf, datagrams, raw, silence, unusedPort } from "./probe_lab.ts";

function dns(
  query: string,
  record: string,
  expect: readonly string[] = [],
  timeoutMs = 2000,
): CheckConfig {
  return checkOf({ type: "dns", port: 53, query, record, expect }, timeoutMs);
}

async function told(check: CheckConfig, port: number): Promise<[boolean, string]> {
  const { ok, detail } = await runProbe(check, at(port));
  return [ok, detail];
}

/** A server that answers each question with one address, and then changes its answer. */
function fake(change: (answer: Message) => Partial<Message>): ReturnType<typeof datagrams> {
  return datagrams((bytes) => answerTo(bytes, change));
}

function answerTo(bytes: Uint8Array, change: (answer: Message) => Partial<Message>): Uint8Array {
  const read = decodeMessage(bytes);
  assert(read.ok);
  const query = read.value;
  const [question] = query.questions;
  assert(question !== undefined);
  const data = { kind: "A", address: Uint8Array.of(192, 0, 2, 1) } as const;
  const record = { name: question.name, type: TYPE.A, class: 1, ttl: 5, data };
  const answer = { ...query, response: true, answers: [record] };
  return encodeMessage({ ...answer, ...change(answer) }).bytes;
}

function name(text: string): Name {
  const parsed = parseName(text);
  assert(parsed.ok);
  return parsed.value;
}

Deno.test("dns: a good answer, and one that is not what was expected", async () => {
  await using server = fake(() => ({}));
  assert.deepEqual(await told(dns("web.example", "A"), server.port), [true, "A 192.0.2.1"]);
  assert.deepEqual(await told(dns("web.example", "A", ["192.0.2.1"]), server.port), [true, "A 192.0.2.1"]);
  assert.deepEqual(await told(dns("web.example", "A", ["192.0.2.9"]), server.port), [
    false,
    "192.0.2.9 is not among the answers: 192.0.2.1",
  ]);
  assert.deepEqual(await told(dns("web.example", "AAAA"), server.port), [
    false,
    "web.example has no AAAA record there",
  ]);
});

Deno.test("dns: servers that lie are not believed: another id, question, letter case, name or direction", async () => {
  const lies: readonly (readonly [string, (answer: Message) => Partial<Message>])[] = [
    ["an answer with another id", ({ id }) => ({ id: id ^ 1 })],
    ["an answer that is none", () => ({ response: false })],
    ["an answer without the question", () => ({ questions: [] })],
    ["an answer to another question", ({ questions }) => ({
      questions: questions.map((question) => ({ ...question, name: name("other.example") })),
    })],
    // 24 letters: that chance chose all of them small happens once in 16 million runs.
    ["an answer to another question", ({ questions }) => ({
      questions: questions.map((question) => ({
        ...question,
        name: name("abcdefghijklmnopqrstuvwx.example"),
      })),
    })],
    ["an answer to another question", ({ questions }) => ({
      questions: questions.map((question) => ({ ...question, type: TYPE.AAAA })),
    })],
  ];
  for (const [what, lie] of lies) {
    await using server = fake(lie);
    assert.deepEqual(await told(dns("abcdefghijklmnopqrstuvwx.example", "A", [], 120), server.port), [
      false,
      `no answer within 120 ms (${what} was ignored)`,
    ]);
  }
  await using stranger = fake(({ answers }) => ({
    answers: answers.map((record) => ({ ...record, name: name("other.example") })),
  }));
  assert.deepEqual(await told(dns("web.example", "A"), stranger.port), [
    false,
    "web.example has no A record there",
  ]);
});

Deno.test("dns: the truth behind a lie counts, as anybody can send lies", async () => {
  await using mixed = twice();
  assert.deepEqual(await told(dns("web.example", "A"), mixed.port), [true, "A 192.0.2.1"]);
});

Deno.test("dns: garbage, silence, refusal and a loop of aliases are bad", async () => {
  await using garbage = datagrams(() => new TextEncoder().encode("SSH-2.0"));
  assert.deepEqual(await told(dns("web.example", "A", [], 120), garbage.port), [
    false,
    "no answer within 120 ms (an answer that is not DNS was ignored)",
  ]);
  assert.deepEqual(await told(dns("web.example", "A", [], 120), unusedPort()), [
    false,
    "no answer within 120 ms",
  ]);
  await using refuses = fake(() => ({ rcode: 5, answers: [] }));
  assert.deepEqual(await told(dns("web.example", "A"), refuses.port), [false, "REFUSED for web.example"]);
  await using loop = fake(({ questions }) => ({
    answers: questions.map(({ name: target }) => ({
      name: target,
      type: TYPE.CNAME,
      class: 1,
      ttl: 5,
      data: { kind: "CNAME", target } as const,
    })),
  }));
  assert.deepEqual(await told(dns("web.example", "A"), loop.port), [
    false,
    "web.example has no A record there",
  ]);
});

Deno.test("dns: what is cut short by UDP is asked by TCP, where it can go wrong too", async () => {
  for (let attempt = 0;; attempt++) {
    await using udp = fake(() => ({ truncated: true, answers: [] }));
    const talk = { mode: "good" };
    let tcp: ReturnType<typeof raw>;
    try {
      tcp = raw(async (conn) => {
        if (talk.mode === "silent") return await silence(conn);
        const buffer = new Uint8Array(1024);
        const count = await conn.read(buffer);
        if (count === null || talk.mode === "closes") return;
        const lie = talk.mode === "lies" ? 1 : 0;
        const answer = answerTo(buffer.slice(2, count), ({ id }) => ({ id: id ^ lie }));
        await conn.write(Uint8Array.of(answer.length >> 8, answer.length & 0xff, ...answer));
      }, udp.port);
    } catch (problem) {
      if (attempt < 10 && problem instanceof Deno.errors.AddrInUse) continue;
      throw problem;
    }
    await using _tcp = tcp;
    const check = dns("web.example", "A", [], 300);
    assert.deepEqual(await told(check, udp.port), [true, "A 192.0.2.1"]);
    talk.mode = "lies";
    assert.deepEqual(await told(check, udp.port), [false, "an answer with another id (TCP)"]);
    talk.mode = "closes";
    assert.deepEqual(await told(check, udp.port), [false, "connection closed without an answer (TCP)"]);
    talk.mode = "silent";
    assert.deepEqual(await told(check, udp.port), [false, "no answer within 300 ms"]);
    break;
  }
});

/** Each question gets a lie first and the truth then. */
function twice(): { readonly port: number } & AsyncDisposable {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const serve = (async (): Promise<void> => {
    for await (const [bytes, from] of socket) {
      await socket.send(answerTo(bytes, ({ id }) => ({ id: id ^ 1, rcode: 3 })), from);
      await socket.send(answerTo(bytes, () => ({})), from);
    }
  })();
  return {
    port: (socket.addr as Deno.NetAddr).port,
    [Symbol.asyncDispose]: async (): Promise<void> => {
      socket.close();
      await serve;
    },
  };
}

const ZONE = `$ORIGIN example.test.
$TTL 60
@ SOA ns1 admin 1 3600 600 86400 60
@ NS ns1
@ MX 10 mail
ns1 A 127.0.0.1
web A 192.0.2.1
web A 192.0.2.2
web AAAA 2001:db8::1
www CNAME web
info TXT "v=1" " second"
_db._tcp SRV 1 2 5432 web
big TXT ${Array.from({ length: 10 }, () => `"${"x".repeat(200)}"`).join(" ")}
`;

const installed = await knotd.isInstalled();

Deno.test({
  name: "dns: a real server (knotd): records of every type, aliases, names that are not there, by TCP too",
  ignore: !installed,
  fn: async () => {
    await using server = await knotd.start("example.test", ZONE);
    const cases: readonly (readonly [string, string, readonly string[], boolean, RegExp])[] = [
      ["web.example.test", "A", ["192.0.2.2"], true, /^A 192\.0\.2\.1, 192\.0\.2\.2$/],
      ["web.example.test", "A", ["192.0.2.1", "192.0.2.3"], false, /^192\.0\.2\.3 is not among the answers/],
      ["web.example.test", "AAAA", ["2001:DB8:0::1"], true, /^AAAA 2001:db8::1$/],
      ["www.example.test", "A", ["192.0.2.1"], true, /^A /],
      ["www.example.test", "CNAME", ["WEB.example.test."], true, /^CNAME /],
      ["example.test", "MX", ["10 mail.example.test"], true, /^MX 10 mail\.example\.test$/],
      ["example.test", "NS", ["ns1.example.test"], true, /^NS /],
      ["example.test", "SOA", [], true, /^SOA ns1\.example\.test /],
      ["_db._tcp.example.test", "SRV", ["1 2 5432 web.example.test"], true, /^SRV 1 2 5432 /],
      ["info.example.test", "TXT", ["v=1 second"], true, /^TXT v=1 second$/],
      ["big.example.test", "TXT", ["x".repeat(2000)], true, /^TXT x+$/],
      ["none.example.test", "A", [], false, /^NXDOMAIN for none\.example\.test$/],
      ["info.example.test", "A", [], false, /^info\.example\.test has no A record there$/],
      ["elsewhere.test", "A", [], false, /^REFUSED for elsewhere\.test$/],
    ];
    for (const [query, record, expect, ok, detail] of cases) {
      const outcome = await runProbe(dns(query, record, expect), at(server.port));
      assert.equal(outcome.ok, ok, `${query} ${record}: ${outcome.detail}`);
      assert.match(outcome.detail, detail);
    }
  },
});
