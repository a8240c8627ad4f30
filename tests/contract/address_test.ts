/** What publishers of addresses that move must keep, each against a fake that follows the provider's documents. */
import assert from "node:assert/strict";
import { createMovingPublisher } from "../../src/adapters/publishers/cloud/index.ts";
import type { Publisher } from "../../src/adapters/publishers/publisher.ts";
import type { AddressPublisher } from "../../src/config/publisher.ts";
import { secret } from "../../src/config/secret.ts";
import type { PublishAction } from "../../src/publish/action.ts";
import { type FakeAddress, IP, MACHINES } from "../support/fakes/addresses.ts";
import { startDigitalocean } from "../support/fakes/digitalocean.ts";
import type { Fake } from "../support/fakes/fake.ts";
import { startHetzner } from "../support/fakes/hetzner.ts";
import { PROMISED } from "./conformance.ts";
import { cloudWorld, said, TIMEOUT_MS } from "./rig.ts";

interface Kind {
  readonly type: AddressPublisher["type"];
  readonly start: () => Fake;
}

const KINDS: readonly Kind[] = [
  { type: "digitalocean-reserved-ip", start: startDigitalocean },
  { type: "hetzner-floating-ip", start: () => startHetzner() },
];
const [ONE, TWO, OTHER] = MACHINES;
const VALUES = new Map([["one", "10.0.1.20"], ["two", "10.0.2.20"]]);

interface Scene {
  readonly kind: Kind;
  readonly fake: Fake;
  readonly address: FakeAddress;
  readonly publisher: Publisher;
}

function create({ type }: Kind, fake: Fake, more: Partial<AddressPublisher> = {}): Publisher {
  const config: AddressPublisher = {
    type,
    name: IP,
    machines: { one: ONE, two: TWO },
    token: { kind: "inline", secret: secret(fake.secret) },
    apiUrl: fake.url,
    timeoutMs: TIMEOUT_MS,
    onDrift: "repair",
    rehearseMs: null,
    ...more,
  };
  return createMovingPublisher(config, VALUES, cloudWorld());
}

function each(what: string, run: (scene: Scene) => Promise<void>): void {
  for (const kind of KINDS) {
    Deno.test(`${kind.type}: ${what}`, async () => {
      const fake = kind.start();
      const { address } = fake;
      assert(address !== null);
      try {
        await run({ kind, fake, address, publisher: create(kind, fake) });
      } finally {
        await fake.close();
      }
    });
  }
}

async function perform(publisher: Publisher, action: PublishAction, timeoutMs = TIMEOUT_MS): Promise<string> {
  return said(await publisher.perform(action, timeoutMs));
}

function read(epoch = "7.1"): PublishAction {
  return { kind: "read", epoch };
}

function move(target: "one" | "two" | null, more: { readonly rehearsal?: true } = {}): PublishAction {
  const value = target === null ? null : VALUES.get(target) ?? null;
  return { kind: "write", target, value, previous: null, epoch: "7.1", ...more };
}

each("it goes to the machine of a target in one action, and to none when withdrawn", async (scene) => {
  const { publisher, address } = scene;
  assert.equal(await perform(publisher, read()), "shows null");
  assert.equal(await perform(publisher, move("one")), "shows 10.0.1.20");
  assert.equal(address.machine, ONE);
  assert.equal(await perform(publisher, move("two")), "shows 10.0.2.20");
  assert.equal(address.machine, TWO);
  assert.equal(PROMISED[scene.kind.type].atomic, "whole");
  assert.deepEqual(address.actions.map(({ machine }) => machine), [ONE, TWO], "in place: never without one");
  assert.equal(await perform(publisher, read()), "shows 10.0.2.20");
  assert.equal(await perform(publisher, move(null)), "shows null");
  assert.equal(address.machine, null);
});

each("what is right is left alone; a foreign machine is named by its number", async (scene) => {
  const { publisher, address, fake } = scene;
  address.machine = ONE;
  assert.equal(await perform(publisher, move("one")), "shows 10.0.1.20");
  assert.deepEqual(fake.writes(), []);
  address.machine = OTHER;
  assert.match(await perform(publisher, read()), new RegExp(`^shows (droplet|server) ${OTHER}$`));
  assert.equal(await perform(publisher, move("one")), "shows 10.0.1.20");
});

each("a rehearsal is a write that moves nothing; who may only read is found out", async (scene) => {
  const { publisher, address, fake } = scene;
  address.machine = ONE;
  assert.equal(await perform(publisher, move("one", { rehearsal: true })), "shows 10.0.1.20");
  assert.equal(fake.writes().length, 1);
  assert.equal(address.machine, ONE);
  fake.order("write", { kind: "answer", status: 403, body: "{}" });
  assert.match(await perform(publisher, move("one", { rehearsal: true })), /^failed: .* HTTP 403/);
  assert.equal(address.machine, ONE);
});

each("a rehearsal moves nothing that somebody else has moved", async ({ publisher, address }) => {
  address.machine = OTHER;
  assert.equal(await perform(publisher, move("one", { rehearsal: true })), "not started");
  assert.equal(address.machine, OTHER);
});

each("an action of somebody else is waited for, then the wish is carried out", async (scene) => {
  const { publisher, address } = scene;
  address.machine = ONE;
  address.actionMs = 700;
  address.begin("late", OTHER);
  address.actionMs = 20;
  assert.equal(await perform(publisher, move("two")), "shows 10.0.2.20");
  assert.deepEqual(address.actions.map(({ machine }) => machine), [OTHER, TWO]);
});

each("a late action of a former leader that does what is wanted is not repeated", async (scene) => {
  const { publisher, address } = scene;
  address.actionMs = 700;
  address.begin("late", TWO);
  assert.equal(await perform(publisher, move("two")), "shows 10.0.2.20");
  assert.equal(address.actions.length, 1);
});

each("an action that fails is a failure in words, and nothing has moved", async (scene) => {
  const { publisher, address } = scene;
  address.machine = ONE;
  address.failNext = true;
  assert.match(await perform(publisher, move("two")), /^failed: the action failed: \S/);
  assert.equal(address.machine, ONE);
  assert.equal(await perform(publisher, move("two")), "shows 10.0.2.20");
});

each(
  "an action that takes longer than there is time for: it says so, and is found done later",
  async (scene) => {
    const { publisher, address } = scene;
    address.actionMs = 1000;
    assert.match(await perform(publisher, move("one"), 400), /^failed: the action was not done in time/);
    assert.equal(await perform(publisher, move("one")), "shows 10.0.1.20");
    assert.equal(address.actions.length, 1, "it was not begun twice");
  },
);

each("looks at an action that do not get through say nothing of it", async (scene) => {
  const { publisher, address, fake } = scene;
  address.actionMs = 300;
  const moved = perform(publisher, move("one"));
  while (address.actions.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  fake.order("any", { kind: "answer", status: 503, body: "<html>no</html>" });
  assert.equal(await moved, "shows 10.0.1.20");
  assert.equal(address.actions.length, 1);
});

each("409, 422 and 429 come in the provider's words; 429 asks for quiet", async (scene) => {
  const { publisher, fake } = scene;
  const order = (status: number, body: unknown, headers?: HeadersInit): void =>
    fake.order("write", {
      kind: "answer",
      status,
      body: JSON.stringify(body),
      ...(headers === undefined ? {} : { headers }),
    });
  const words = (code: string, message: string): unknown => ({ id: code, message, error: { code, message } });
  order(422, words("invalid_input", "that region has no such machine"));
  assert.match(
    await perform(publisher, move("one")),
    /^failed: .* HTTP 422: that region has no such machine/,
  );
  order(409, words("conflict", "the resource changed during the request"));
  assert.equal(await perform(publisher, move("one")), "shows 10.0.1.20", "a conflict is tried again at once");
  order(429, words("rate_limit_exceeded", "limit reached"), { "retry-after": "7" });
  const limited = await publisher.perform(move("two"), TIMEOUT_MS);
  assert(limited.kind === "failed" && limited.retryAfterMs === 7000, JSON.stringify(limited));
});

each("an address or a machine that is not there is named", async ({ kind, fake }) => {
  const elsewhere = create(kind, fake, { name: "203.0.113.77" });
  assert.match(
    await perform(elsewhere, read()),
    /^failed: there is no (reserved|floating) IP 203\.0\.113\.77/,
  );
  const gone = create(kind, fake, { machines: { one: 31 } });
  assert.match(await perform(gone, move("one")), /^failed: .* HTTP 4(04|22).*not/);
});

each("wrong credentials are named, the secret never; HTML is no answer", async ({ kind, fake }) => {
  const wrong = create(kind, fake, { token: { kind: "inline", secret: secret("another-secret") } });
  const answer = await perform(wrong, read());
  assert.match(answer, /^failed: 127\.0\.0\.1:\d+ answered HTTP 401 \(the credentials are not accepted\)/);
  assert(!answer.includes("another-secret"));
  fake.trouble = { kind: "answer", status: 200, body: "<html><body>Welcome</body></html>" };
  assert.match(await perform(create(kind, fake), read()), /^failed: .* a broken body \(not JSON\)/);
  fake.trouble = { kind: "answer", status: 200, body: "{}" };
  assert.match(await perform(create(kind, fake), move("one")), /^failed: \S/);
});

Deno.test("hetzner-floating-ip: a list of addresses that never ends is given up", async () => {
  const fake = startHetzner({ id: 1, description: "", endless: true });
  const [, kind] = KINDS;
  assert(kind !== undefined);
  assert.match(
    await perform(create(kind, fake), read()),
    /^failed: the list has more than 10 pages/,
  );
  assert(fake.requests.length <= 10);
  await fake.close();
});

Deno.test("hetzner-floating-ip: an IPv6 one is a network, found by any address in it", async () => {
  const fake = startHetzner({ id: 4711, description: "", endless: false, network: "2001:db8:1:2::/64" });
  const [, kind] = KINDS;
  assert(kind !== undefined);
  for (const name of ["2001:db8:1:2::", "2001:DB8:1:2::1"]) {
    assert.equal(await perform(create(kind, fake, { name }), move("two")), "shows 10.0.2.20");
  }
  assert.match(
    await perform(create(kind, fake, { name: "2001:db8:1:3::1" }), read()),
    /^failed: there is no/,
  );
  await fake.close();
});

Deno.test("hetzner-floating-ip: an address that was made anew has another number, and is found", async () => {
  const described = { id: 4711, description: "", endless: false };
  const fake = startHetzner(described);
  const [, kind] = KINDS;
  assert(kind !== undefined);
  const publisher = create(kind, fake);
  assert.equal(await perform(publisher, read()), "shows null");
  described.id = 4712;
  assert.match(await perform(publisher, read("8.2")), /^failed: there is no floating IP/);
  assert.equal(await perform(publisher, move("one")), "shows 10.0.1.20");
  await fake.close();
});

Deno.test("digitalocean-reserved-ip: while it is locked, what it shows is not settled", async () => {
  const fake = startDigitalocean();
  const [kind] = KINDS;
  assert(kind !== undefined && fake.address !== null);
  fake.address.machine = ONE;
  fake.address.actionMs = 60_000;
  fake.address.begin("late", TWO);
  assert.equal(await perform(create(kind, fake), read()), "shows 10.0.1.20, unclaimed");
  await fake.close();
});

each("who wakes up after the lease has gone begins nothing", async (scene) => {
  const { publisher, address } = scene;
  address.machine = ONE;
  address.actionMs = 150;
  address.begin("late", OTHER); // it is waited for
  const leaseUntil = performance.now() + 100;
  const lost = new AbortController();
  const watch = setInterval(() => {
    if (performance.now() > leaseUntil) lost.abort();
  }, 20);
  const moved = publisher.perform(move("two"), TIMEOUT_MS, lost.signal);
  while (scene.fake.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const wakeAt = performance.now() + 500;
  while (performance.now() < wakeAt); // asleep
  assert.equal((await moved).kind, "failed");
  clearInterval(watch);
  assert.equal(address.actions.length, 1);
});

each("a late action of a former leader is seen, and put right", async (scene) => {
  const { publisher, address } = scene;
  assert.equal(PROMISED[scene.kind.type].fence, "lease-only");
  assert.equal(await perform(publisher, move("one")), "shows 10.0.1.20");
  address.begin("late", TWO);
  await new Promise((resolve) => setTimeout(resolve, address.actionMs + 5));
  assert.equal(await perform(publisher, read("8.2")), "shows 10.0.2.20");
  assert.equal(await perform(publisher, move("one")), "shows 10.0.1.20");
});
