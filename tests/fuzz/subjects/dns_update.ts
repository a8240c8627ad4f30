/** The answers of a name server to the publisher `rfc2136`. */
import { createRfc2136Publisher } from "../../../src/adapters/publishers/rfc2136.ts";
import { encodeMessage } from "../../../src/dns/encode.ts";
import { plainHeader, queryFor } from "../../../src/dns/message.ts";
import { TYPE } from "../../../src/dns/record.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { named } from "../../unit/dns/fixture.ts";
import { must, type Subject } from "../subject.ts";
import { mustBeResult } from "./result.ts";
import { mutateDns } from "./dns.ts";

/** A server on loopback that answers every question with the input, under the question's id. */
export function update(): Promise<Subject> {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  let answer: Uint8Array = new Uint8Array(0);
  const serving = (async (): Promise<void> => {
    for await (const [asked, from] of socket) {
      const bytes = answer.slice();
      if (bytes.length > 1) bytes.set(asked.subarray(0, 2));
      await socket.send(bytes.subarray(0, 60_000), from).catch(() => {});
    }
  })();
  const port = (socket.addr as Deno.NetAddr).port;
  const at = (name: string, type: number, data: Parameters<typeof answerOf>[2]): Uint8Array =>
    answerOf(name, type, data);
  const text = (words: string): Parameters<typeof answerOf>[2] => ({
    kind: "TXT",
    strings: [new TextEncoder().encode(words)],
  });
  return Promise.resolve({
    name: "dns-update",
    about: "answers to dynamic updates: from the name server, or who stands before it",
    corpus: [
      at("web.example.test", TYPE.A, { kind: "A", address: Uint8Array.of(192, 0, 2, 1) }),
      at("_abfail.web.example.test", TYPE.TXT, text("epoch=7.1 write=1 target=t")),
      at("_abfail.web.example.test", TYPE.TXT, text("epoch=281474976710656.65535 write=9999999999 target=t")),
      at("_abfail.web.example.test", TYPE.TXT, text("v=spf1 -all")),
      at("web.example.test", TYPE.CNAME, { kind: "CNAME", target: named("a.example.test") }),
    ],
    maxOctets: 4096,
    words: ["epoch=", " write=", " target=", "9.9", "\x1b[2J"],
    mutate: mutateDns,
    cpuMs: 300,
    check: async (input): Promise<void> => {
      answer = input;
      const publisher = createRfc2136Publisher({
        type: "rfc2136",
        name: "web.example.test",
        servers: [{ host: "127.0.0.1", port }],
        zone: "example.test",
        recordType: null,
        transport: "udp",
        key: null,
        ttlMs: 5000,
        timeoutMs: 60,
        onDrift: "repair",
        rehearseMs: null,
        verify: [],
      }, { wallMs: () => 1_800_000_000_000, random: new SeededRandom(4) });
      const read = await publisher.perform({ kind: "read", epoch: "7.1" }, 60);
      mustBeResult(read, []);
      const write = { kind: "write", target: "t", value: "192.0.2.2", previous: null, epoch: "7.1" } as const;
      const wrote = await publisher.perform(write, 60);
      mustBeResult(wrote, []);
      must(wrote.kind !== "not-started", "a write that was not begun");
    },
    close: async (): Promise<void> => {
      socket.close();
      await serving;
    },
  });
}

function answerOf(
  name: string,
  type: number,
  data: Parameters<typeof encodeMessage>[0]["answers"][number]["data"],
): Uint8Array {
  return encodeMessage({
    ...queryFor(1, named(name), type, null),
    ...plainHeader(1),
    response: true,
    authoritative: true,
    answers: [{ name: named(name), type, class: 1, ttl: 5, data }],
  }).bytes;
}
