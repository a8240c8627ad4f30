/** What name servers and resolvers are asked, and what is made of their answers. */
import assert from "node:assert/strict";
import { createPublishers } from "../../src/adapters/publishers/index.ts";
import type { NamedServer } from "../../src/adapters/publishers/name_servers.ts";
import { verifyRound } from "../../src/adapters/publishers/verify.ts";
import { systemRandom } from "../../src/adapters/random.ts";
import { err, ok } from "../../src/base/result.ts";
import type { PublisherConfig, VerifyPoint } from "../../src/config/publisher.ts";
import { secret } from "../../src/config/secret.ts";
import type { VerifyAnswer } from "../../src/publish/verify.ts";
import { isInstalled, NameServer, ZONE } from "../support/name_server.ts";
import { testConfig } from "../support/node_lab.ts";

const NAME = `www.${ZONE}`;
const AUTHORITATIVE: VerifyPoint = { kind: "authoritative" };
const never = new AbortController().signal;

type Verifiable = Extract<PublisherConfig, { type: "powerdns" | "rfc2136" }>;

function powerdns(verify: readonly VerifyPoint[], recordType: Verifiable["recordType"] = null): Verifiable {
  return {
    type: "powerdns",
    name: NAME,
    zone: ZONE,
    recordType,
    ttlMs: 5000,
    timeoutMs: 5000,
    onDrift: "repair",
    rehearseMs: null,
    verify,
    apiUrl: "http://127.0.0.1:9",
    serverId: "localhost",
    apiKey: { kind: "inline", secret: secret("none") },
  };
}

function world(servers: readonly NamedServer[] | string): Parameters<typeof verifyRound>[1] {
  return {
    random: systemRandom,
    wallMs: () => performance.timeOrigin + performance.now(),
    nameServers: () => Promise.resolve(typeof servers === "string" ? err(servers) : ok(servers)),
  };
}

function said(answers: readonly VerifyAnswer[]): string[] {
  return answers.map(({ server, shows, problem }) => `${server}: ${problem ?? shows}`);
}

Deno.test({
  name:
    "verify asks every authoritative server and every resolver, all at once, and says who does not answer",
  ignore: !isInstalled("bind"),
  fn: async () => {
    await using bind = await NameServer.start("bind");
    const silent = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
    const port = (silent.addr as Deno.NetAddr).port;
    const at = { host: "127.0.0.1", port: bind.port };
    const ns1 = { name: "ns1.example.test", at };
    const ns2 = { name: "ns2.example.test", at: { host: "127.0.0.1", port } };
    const resolver: VerifyPoint = { kind: "resolver", ...at };

    const both = powerdns([AUTHORITATIVE, resolver]);
    assert.deepEqual(said(await verifyRound(both, world([ns1]), 3000, never)), [
      "ns1.example.test: null",
      `resolver 127.0.0.1:${bind.port}: null`,
    ]);
    await bind.nsupdate(`update add ${NAME}. 5 A 192.0.2.1`, `update add ${NAME}. 5 AAAA 2001:db8::1`);
    const started = performance.now();
    const answers = await verifyRound(both, world([ns1, ns2]), 500, never);
    assert.deepEqual(said(answers), [
      "ns1.example.test: 192.0.2.1,2001:db8::1",
      "ns2.example.test: no answer within 500 ms",
      `resolver 127.0.0.1:${bind.port}: 192.0.2.1,2001:db8::1`,
    ]);
    assert.ok(performance.now() - started < 3000);
    assert.ok((answers[0]?.ageMs ?? 0) > 100, "the quick one is not as slow as the round");
    const onlyA = await verifyRound(powerdns([AUTHORITATIVE], "A"), world([ns1]), 3000, never);
    assert.deepEqual(said(onlyA), ["ns1.example.test: 192.0.2.1"]);

    const elsewhere = { ...both, name: "www.elsewhere.test", zone: "elsewhere.test" };
    assert.deepEqual(said(await verifyRound(elsewhere, world([ns1]), 3000, never)), [
      "ns1.example.test: it says REFUSED",
      `resolver 127.0.0.1:${bind.port}: it says REFUSED`,
    ]);
    assert.deepEqual(said(await verifyRound(powerdns([AUTHORITATIVE]), world("no NS"), 3000, never)), [
      "authoritative: no NS",
    ]);

    // The primaries of rfc2136 are asked by themselves, each server once.
    const rfc2136: Verifiable = { ...both, type: "rfc2136", servers: [at], key: null, transport: "tcp" };
    assert.deepEqual(
      said(await verifyRound({ ...rfc2136, verify: [AUTHORITATIVE] }, world([ns1]), 3000, never)),
      [
        `127.0.0.1:${bind.port}: 192.0.2.1,2001:db8::1`,
      ],
    );
    assert.equal(
      (await verifyRound({ ...rfc2136, verify: [AUTHORITATIVE] }, world("none"), 3000, never)).length,
      1,
    );
    silent.close();
  },
});

Deno.test({
  name: "what verify reads is spelled as the config has it",
  ignore: !isInstalled("bind"),
  fn: async () => {
    await using bind = await NameServer.start("bind");
    await bind.nsupdate(`update add ${NAME}. 5 CNAME Web-A.Example.Org.`);
    const config = testConfig();
    const [service] = config.services;
    const [target] = service!.targets;
    const publish = [powerdns([{ kind: "resolver", host: "127.0.0.1", port: bind.port }])];
    const targets = [{ ...target!, publish: "web-a.example.org" }];
    const publishers = createPublishers(
      { ...config, services: [{ ...service!, publish, targets }] },
      world([]),
    );
    const answers = await publishers.verify({ service: "web", index: 0 }, 3000);
    assert.deepEqual(answers.map(({ shows }) => shows), ["web-a.example.org"]);
    assert.deepEqual(await publishers.verify({ service: "web", index: 1 }, 3000), []);
    await publishers.close();
  },
});
