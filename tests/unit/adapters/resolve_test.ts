import assert from "node:assert/strict";
import { createResolver, RENEW_MS, type Resolver, RETRY_MS } from "../../../src/adapters/resolve.ts";
import type { UdpFamily } from "../../../src/adapters/udp.ts";

const PEERS = [
  { id: 1, address: { host: "10.0.1.10", port: 7420 } },
  { id: 2, address: { host: "node2.example.com", port: 7421 } },
];

/** A resolver over a table of hosts, under the test's clock. */
class Lab {
  now = 0;
  asked: string[] = [];
  hosts: Record<string, string[] | undefined> = { "node2.example.com": ["10.0.2.10"] };
  readonly resolver: Resolver;

  constructor(family: UdpFamily = "ipv4", peers = PEERS) {
    this.resolver = createResolver({
      peers,
      family,
      now: () => this.now,
      lookup: (host) => {
        this.asked.push(host);
        const found = this.hosts[host];
        return found === undefined ? Promise.reject(new Error("no such host")) : Promise.resolve(found);
      },
    });
  }

  /** Refreshes, and gives how many lookups that took. */
  async refresh(silent = false): Promise<number> {
    const before = this.asked.length;
    this.resolver.refresh(() => silent);
    await this.resolver.settled();
    return this.asked.length - before;
  }
}

Deno.test("an IP address is there at once and is never looked up; a name when it has been", async () => {
  const lab = new Lab();
  assert.deepEqual(lab.resolver.addressOf(1), { host: "10.0.1.10", port: 7420 });
  assert.equal(lab.resolver.addressOf(2), null);
  await lab.refresh();
  assert.deepEqual(lab.resolver.addressOf(2), { host: "10.0.2.10", port: 7421 });
  assert.deepEqual(lab.asked, ["node2.example.com"]);
  assert.equal(lab.resolver.addressOf(9), null);
});

Deno.test("a peer that is heard is looked up every RENEW_MS, a silent one every RETRY_MS", async () => {
  const lab = new Lab();
  assert.equal(await lab.refresh(), 1);
  lab.now = RETRY_MS;
  assert.equal(await lab.refresh(), 0);
  assert.equal(await lab.refresh(true), 1);
  assert.equal(await lab.refresh(true), 0);
  lab.now += RENEW_MS - 1;
  assert.equal(await lab.refresh(), 0);
  lab.now += 1;
  assert.equal(await lab.refresh(), 1);
});

Deno.test("a name that has not been resolved yet is tried every RETRY_MS", async () => {
  const lab = new Lab();
  const { hosts } = lab;
  lab.hosts = {};
  await lab.refresh();
  lab.hosts = hosts;
  lab.now = RETRY_MS;
  assert.equal(await lab.refresh(), 1);
  assert.equal(lab.resolver.addressOf(2)?.host, "10.0.2.10");
});

Deno.test("a failed lookup keeps the old address and says why; the next good one is taken", async () => {
  const lab = new Lab();
  await lab.refresh();
  lab.hosts = {};
  lab.now += RENEW_MS;
  await lab.refresh();
  assert.equal(lab.resolver.addressOf(2)?.host, "10.0.2.10");
  assert.match(lab.resolver.problemOf(2) ?? "", /node2\.example\.com cannot be looked up: no such host/);
  lab.hosts = { "node2.example.com": ["10.0.2.99"] };
  lab.now += RENEW_MS;
  await lab.refresh();
  assert.equal(lab.resolver.addressOf(2)?.host, "10.0.2.99");
  assert.equal(lab.resolver.problemOf(2), null);
});

Deno.test("a host with several addresses keeps the one in use, and tries the next while it is silent", async () => {
  const lab = new Lab();
  await lab.refresh();
  lab.hosts = { "node2.example.com": ["10.0.2.77", "10.0.2.10"] };
  lab.now += RENEW_MS;
  await lab.refresh();
  assert.equal(lab.resolver.addressOf(2)?.host, "10.0.2.10");
  const tried = [];
  for (let n = 0; n < 3; n++) {
    lab.now += RETRY_MS;
    await lab.refresh(true);
    tried.push(lab.resolver.addressOf(2)?.host);
  }
  assert.deepEqual(tried, ["10.0.2.77", "10.0.2.10", "10.0.2.77"]);
});

Deno.test("only addresses that the socket can reach are taken", async () => {
  const both = ["2001:db8::2", "10.0.2.10"];
  for (
    const [family, host] of [["ipv4", "10.0.2.10"], ["ipv6", "2001:db8::2"], ["both", "2001:db8::2"]] as const
  ) {
    const lab = new Lab(family);
    lab.hosts = { "node2.example.com": both };
    await lab.refresh();
    assert.equal(lab.resolver.addressOf(2)?.host, host, family);
  }
  const lab = new Lab("ipv6");
  await lab.refresh();
  assert.equal(lab.resolver.addressOf(1), null);
  assert.match(lab.resolver.problemOf(1) ?? "", /10\.0\.1\.10 cannot be reached from an ipv6 socket/);
  assert.match(lab.resolver.problemOf(2) ?? "", /has no ipv6 address/);
});

Deno.test("a lookup that hangs is not asked twice", async () => {
  let asked = 0;
  let answer: (found: string[]) => void = () => {};
  const resolver = createResolver({
    peers: PEERS,
    family: "ipv4",
    now: () => 1e9 * asked,
    lookup: () => {
      asked++;
      return new Promise((resolve) => answer = resolve);
    },
  });
  resolver.refresh(() => true);
  resolver.refresh(() => true);
  assert.equal(asked, 1);
  answer(["10.0.2.10"]);
  await resolver.settled();
  assert.equal(resolver.addressOf(2)?.host, "10.0.2.10");
});

Deno.test("the system's lookup knows localhost from the hosts file", async () => {
  const resolver = createResolver({
    peers: [{ id: 1, address: { host: "localhost", port: 1 } }],
    family: "both",
    now: () => 0,
  });
  resolver.refresh(() => false);
  await resolver.settled();
  assert.match(resolver.addressOf(1)?.host ?? "", /^(127\.0\.0\.1|::1)$/);
});
