/** NOTIFY to secondaries that answer, refuse, say nothing. */
import assert from "node:assert/strict";
import { ZoneNotifier } from "../../src/adapters/dns_notify.ts";
import { encodeMessage } from "../../src/dns/encode.ts";
import { OPCODE, RCODE } from "../../src/dns/message.ts";
import { verifyMessage } from "../../src/dns/tsig.ts";
import { decoded, named } from "../unit/dns/fixture.ts";

const KEY = { name: named("transfer"), algorithm: "hmac-sha256", secret: new Uint8Array(32) } as const;
const ORIGIN = named("ha.example.com");

class Secondary implements Disposable {
  readonly socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  readonly seen: Uint8Array[] = [];

  constructor(readonly rcode: number | null) {
    void this.#run();
  }

  get address(): { host: string; port: number } {
    return { host: "127.0.0.1", port: (this.socket.addr as Deno.NetAddr).port };
  }

  async #run(): Promise<void> {
    for await (const [bytes, from] of this.socket) {
      this.seen.push(bytes);
      if (this.rcode === null) continue;
      const { id, questions, opcode } = decoded(bytes);
      const answer = {
        ...decoded(bytes),
        id,
        questions,
        opcode,
        response: true,
        rcode: this.rcode,
        additionals: [],
      };
      await this.socket.send(encodeMessage(answer).bytes, from);
    }
  }

  [Symbol.dispose](): void {
    this.socket.close();
  }
}

async function until(what: string, check: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!check()) {
    assert(performance.now() < end, what);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

Deno.test("a secondary is told once when it answers, again and again but not for ever when it does not", async () => {
  using good = new Secondary(RCODE.NOERROR);
  using cross = new Secondary(RCODE.NOTAUTH);
  using mute = new Secondary(null);
  const log: string[] = [];
  const notifier = new ZoneNotifier({
    secondaries: [good.address, cross.address, mute.address],
    from: "127.0.0.1",
    key: () => KEY,
    nowS: () => 1_800_000_000,
    random: () => 0.25,
    log: (_level, text) => log.push(text),
    firstWaitMs: 10,
  });
  notifier.tell([{ origin: ORIGIN, serial: 7 }]);
  await until("three outcomes", () => {
    const { acknowledged, refused, unanswered } = notifier.counters;
    return acknowledged === 1 && refused === 1 && unanswered === 1;
  });
  assert.equal(mute.seen.length, 6);
  assert.equal(cross.seen.length, 1);
  const message = decoded(good.seen[0]!);
  assert.deepEqual([message.opcode, message.authoritative, message.questions[0]?.name.key], [
    OPCODE.NOTIFY,
    true,
    ORIGIN.key,
  ]);
  assert(verifyMessage(good.seen[0]!, KEY, { nowS: 1_800_000_000 }).ok);
  assert.match(log.join("\n"), /does not answer NOTIFY \(zone ha\.example\.com, serial 7\)/);
  assert.match(log.join("\n"), /with NOTAUTH/);
  await notifier.close();
});

Deno.test("a newer serial takes the place of the one that is being told", async () => {
  using mute = new Secondary(null);
  const notifier = new ZoneNotifier({
    secondaries: [mute.address],
    from: "127.0.0.1",
    key: () => null,
    nowS: () => 0,
    random: () => 0,
    log: () => {},
    firstWaitMs: 20,
  });
  for (let serial = 1; serial <= 5; serial++) notifier.tell([{ origin: ORIGIN, serial }]);
  await until("given up", () => notifier.counters.unanswered === 1);
  assert.equal(notifier.counters.sent, 4 + 6);
  await notifier.close();
});
