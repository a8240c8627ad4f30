/** What the publisher `rfc2136` says when a server does not want what it wants, and what it never does. */
import assert from "node:assert/strict";
import { isInstalled, KEY, KEY_NAME, WRONG_KEY, ZONE } from "../support/name_server.ts";
import { read, said, TIMEOUT_MS, write } from "./rig.ts";
import { powerdnsRig, rfc2136Rig } from "./rigs.ts";
import { createRfc2136Publisher } from "../../src/adapters/publishers/rfc2136.ts";
import { secret } from "../../src/config/secret.ts";
import { isUpdate, TcpRelay } from "../support/tcp_relay.ts";
import { WORLD } from "./rig.ts";

const WRONG: Readonly<Record<"bind" | "knot" | "powerdns", Readonly<Record<string, RegExp>>>> = {
  bind: {
    secret: /^failed: NOTAUTH \(BADSIG\): the key upd has another secret on the server$/,
    key: /^failed: NOTAUTH \(BADKEY\): the server does not know the key other \(hmac-sha256\)$/,
    clock: /^failed: NOTAUTH \(BADTIME\): the clocks/,
    zone: /^failed: (asked, it says (REFUSED|NOTAUTH)|REFUSED|NOTAUTH)/,
  },
  knot: {
    secret: /^failed: NOTAUTH \(BADSIG\)/,
    key: /^failed: (NOTAUTH \(BADKEY\)|asked, it says NOTAUTH)/,
    clock: /^failed: (NOTAUTH \(BADTIME\)|asked, it says NOTAUTH)/,
    zone: /^failed: (asked, it says (REFUSED|NOTAUTH)|REFUSED|NOTAUTH)/,
  },
  powerdns: {
    secret: /^failed: (NOTAUTH \(BADSIG\)|asked, it says (NOTAUTH|REFUSED))/,
    key: /^failed: (NOTAUTH \(BADKEY\)|asked, it says (NOTAUTH|REFUSED))/,
    clock: /^failed: (NOTAUTH \(BADTIME\)|asked, it says (NOTAUTH|REFUSED))/,
    zone: /^failed: (asked, it says (REFUSED|NOTAUTH)|REFUSED|NOTAUTH|its answer is not signed)/,
  },
};

for (const kind of ["bind", "knot", "powerdns"] as const) {
  Deno.test({
    name: `rfc2136 to ${kind}: refusals are explained, and nothing is dropped without a word`,
    ignore: !isInstalled(kind),
    fn: async (t) => {
      await using rig = await rfc2136Rig(kind);
      const perform = async (
        publisher: ReturnType<typeof rig.create>,
        action: Parameters<ReturnType<typeof rig.create>["perform"]>[0],
      ): Promise<string> => said(await publisher.perform(action, TIMEOUT_MS));
      const other = (key: { name: string; aheadMs: number }): ReturnType<typeof rig.create> =>
        createRfc2136Publisher({
          type: "rfc2136",
          name: `wrong.${ZONE}`,
          zone: ZONE,
          recordType: null,
          ttlMs: 5000,
          timeoutMs: TIMEOUT_MS,
          onDrift: "repair",
          rehearseMs: null,
          verify: [],
          servers: [{ host: "127.0.0.1", port: rig.server.port }],
          key: {
            name: key.name,
            algorithm: "hmac-sha256",
            secret: { kind: "inline", secret: secret(btoa("0123456789abcdef0123456789abcdef")) },
          },
          transport: "tcp",
        }, { ...WORLD, wallMs: () => Date.now() + key.aheadMs });

      await t.step("wrong secret, unknown key, wrong clock, foreign zone", async () => {
        const words = {
          secret: await perform(rig.create("wrong", { secret: WRONG_KEY }), write("192.0.2.1")),
          key: await perform(other({ name: "other", aheadMs: 0 }), write("192.0.2.1")),
          clock: await perform(other({ name: "upd", aheadMs: 3_600_000 }), write("192.0.2.1")),
          zone: await perform(rig.create("wrong", { zone: "elsewhere.test" }), write("192.0.2.1")),
        };
        for (const [what, said] of Object.entries(words)) {
          assert.match(said, WRONG[kind][what] as RegExp, what);
          assert(!said.includes(WRONG_KEY));
        }
        assert.equal(await rig.shows("wrong"), null);
      });

      await t.step("a CNAME beside other data is refused, what was shown stays", async () => {
        const publisher = rig.create("taken");
        assert.equal(await perform(publisher, write("192.0.2.1")), "shows 192.0.2.1");
        assert.equal(await rig.server.nsupdate(`update add taken.${ZONE}. 60 TXT "theirs"`), 0);
        assert.match(
          await perform(publisher, write("b.example.org")),
          /^failed: TXT records stand at taken\.example\.test: b\.example\.org cannot be published beside them/,
        );
        assert.equal(await rig.shows("taken"), "192.0.2.1");
        assert.equal(await perform(publisher, write("192.0.2.2")), "shows 192.0.2.2");
      });

      await t.step("someone else's TXT record at the mark's name is left alone", async () => {
        assert.equal(await rig.server.nsupdate(`update add _abfail.foreign.${ZONE}. 60 TXT "theirs"`), 0);
        const said = await perform(rig.create("foreign"), write("192.0.2.1"));
        assert.match(
          said,
          /^failed: the TXT record at _abfail\.foreign\.example\.test is not this program's/,
        );
        assert.equal(await rig.server.dig(`_abfail.foreign.${ZONE}`, "TXT"), '"theirs"');
      });

      await t.step(
        "the same value under an earlier epoch is claimed: then late writes find another mark",
        async () => {
          const [old, young] = [rig.create("claim"), rig.create("claim")];
          await perform(old, write("192.0.2.1", "7.1"));
          assert.equal(await perform(young, read("8.2")), "shows 192.0.2.1, unclaimed");
          assert.equal(await perform(young, write("192.0.2.1", "8.2")), "shows 192.0.2.1");
          assert.equal(await perform(old, write("192.0.2.9", "7.1")), "fenced by 8.2");
          assert.equal(await perform(old, read("7.1")), "fenced by 8.2");
          assert.equal(await rig.shows("claim"), "192.0.2.1");
        },
      );

      await t.step(
        "a server that stands still: unknown, then the mark tells, and the lost write is shut out",
        async () => {
          const publisher = rig.create("frozen");
          await perform(publisher, write("192.0.2.1"));
          rig.server.freeze();
          const given = said(await publisher.perform(write("192.0.2.2"), 300));
          rig.server.thaw();
          assert.match(given, /^failed: no answer within 300 ms; whether it was done is not known/);
          assert.match(await perform(publisher, write("192.0.2.3")), /^shows 192\.0\.2\.3/);
          assert.equal(await rig.shows("frozen"), "192.0.2.3");
        },
      );
    },
  });

  Deno.test({
    name: `rfc2136 to ${kind} over UDP: the same`,
    ignore: !isInstalled(kind),
    fn: async () => {
      await using rig = await rfc2136Rig(kind, "udp");
      const publisher = rig.create("datagrams");
      for (const value of ["192.0.2.1", "b.example.org", null]) {
        assert.equal(said(await publisher.perform(write(value), TIMEOUT_MS)), `shows ${value}`);
        assert.equal(await rig.shows("datagrams"), value);
      }
    },
  });
}

Deno.test({
  name: "powerdns HTTP API: refusals are explained without the key",
  ignore: !isInstalled("powerdns"),
  fn: async () => {
    await using rig = await powerdnsRig();
    const wrong = said(
      await rig.create("wrong", { secret: "guess" }).perform(write("192.0.2.1"), TIMEOUT_MS),
    );
    assert.equal(wrong, "failed: HTTP 401: the API key is wrong, or may not be used from here");
    const zone = rig.create("wrong", { zone: "elsewhere.test" });
    assert.match(
      said(await zone.perform(read(), TIMEOUT_MS)),
      /^failed: HTTP 404: there is no zone elsewhere\.test/,
    );
    assert.equal(await rig.server.nsupdate(`update add taken.${ZONE}. 60 TXT "theirs"`), 0);
    const taken = said(await rig.create("taken").perform(write("b.example.org"), TIMEOUT_MS));
    assert.match(taken, /^failed: HTTP 422: PowerDNS does not take the change: .*CNAME/i);
  },
});

Deno.test({
  name:
    "rfc2136 to several servers: one that is silent, or slow, costs a share of the time once and does no harm",
  ignore: !isInstalled("bind"),
  fn: async (t) => {
    await using rig = await rfc2136Rig("bind");
    const good = { host: "127.0.0.1", port: rig.server.port };
    const create = (first: number, transport: "tcp" | "udp" = "tcp"): ReturnType<typeof rig.create> =>
      createRfc2136Publisher({
        type: "rfc2136",
        name: `several.${ZONE}`,
        zone: ZONE,
        recordType: null,
        ttlMs: 5000,
        timeoutMs: TIMEOUT_MS,
        onDrift: "repair",
        rehearseMs: null,
        verify: [],
        servers: [{ host: "127.0.0.1", port: first }, good],
        key: { name: KEY_NAME, algorithm: "hmac-sha256", secret: { kind: "inline", secret: secret(KEY) } },
        transport,
      }, WORLD);

    await t.step("TCP: it takes connections and never answers", async () => {
      const silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const publisher = create((silent.addr as Deno.NetAddr).port);
      assert.equal(said(await publisher.perform(write("192.0.2.1"), 1200)), "shows 192.0.2.1");
      const since = performance.now();
      assert.equal(said(await publisher.perform(write("192.0.2.2"), TIMEOUT_MS)), "shows 192.0.2.2");
      assert(performance.now() - since < 1500, "the one that answered comes first from then on");
      silent.close();
    });

    await t.step("UDP: nothing comes back", async () => {
      const silent = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
      const publisher = create((silent.addr as Deno.NetAddr).port, "udp");
      assert.equal(said(await publisher.perform(write("192.0.2.3"), 2000)), "shows 192.0.2.3");
      silent.close();
    });

    await t.step("an update that went to both is done once: the late one is refused", async () => {
      await using relay = new TcpRelay(rig.server.port);
      const publisher = create(relay.port);
      assert.equal(said(await publisher.perform(read(), TIMEOUT_MS)), "shows 192.0.2.3");
      const arrived = relay.hold(isUpdate);
      const writing = publisher.perform(write("192.0.2.4"), TIMEOUT_MS);
      await arrived;
      assert.equal(said(await writing), "shows 192.0.2.4");
      assert.equal(said(await publisher.perform(write("192.0.2.5"), TIMEOUT_MS)), "shows 192.0.2.5");
      relay.release();
      assert.equal(await rig.server.nsupdate(`update add after.${ZONE}. 5 A 192.0.2.1`), 0);
      assert.equal(said(await publisher.perform(read(), TIMEOUT_MS)), "shows 192.0.2.5");
    });

    await t.step("none answers: each is named", async () => {
      const publisher = create(9);
      await rig.stop();
      const answer = said(await publisher.perform(read(), 1000));
      assert.match(
        answer,
        /^failed: 127\.0\.0\.1:9: connection refused; 127\.0\.0\.1:\d+: connection refused$/,
      );
      await rig.start();
    });
  },
});
