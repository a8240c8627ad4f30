/** What every publisher on a cloud DNS API must keep, each against a fake that follows the provider's documents. */
import assert from "node:assert/strict";
import { createCloudPublisher } from "../../src/adapters/publishers/cloud/index.ts";
import type { Publisher } from "../../src/adapters/publishers/publisher.ts";
import type { CloudPublisher, CloudRecord } from "../../src/config/publisher.ts";
import { secret } from "../../src/config/secret.ts";
import type { PublishAction } from "../../src/publish/action.ts";
import { startCloudflare } from "../support/fakes/cloudflare.ts";
import { startDesec } from "../support/fakes/desec.ts";
import { startDigitalocean } from "../support/fakes/digitalocean.ts";
import { DOMAIN, type Fake } from "../support/fakes/fake.ts";
import { startGandi } from "../support/fakes/gandi.ts";
import { startGoogle } from "../support/fakes/google.ts";
import { startHetzner } from "../support/fakes/hetzner.ts";
import { ACCESS_KEY_ID, startRoute53, ZONE_ID } from "../support/fakes/route53.ts";
import { PROMISED } from "./conformance.ts";
import { cloudWorld, read, rehearse, said, TIMEOUT_MS, write } from "./rig.ts";

interface Kind {
  readonly type: CloudPublisher["type"];
  readonly start: () => Fake;
  readonly fenced: boolean;
  /** A TTL that the provider takes, s. */
  readonly ttl: number;
  /** What it says about a TTL of 5 s; null where it takes that. */
  readonly tooShort: RegExp | null;
  /** It tells how many requests are left. */
  readonly counts: boolean;
  /** Records of one name are a list with pages. */
  readonly pages: boolean;
}

/** What a fake has beside what the publisher promises. */
type Traits = Pick<Kind, "start"> & Partial<Pick<Kind, "tooShort" | "counts" | "pages">>;

const TRAITS: Readonly<Record<CloudPublisher["type"], Traits>> = {
  "digitalocean-dns": { start: startDigitalocean, tooShort: /TTL must be/, counts: true, pages: true },
  cloudflare: { start: startCloudflare, tooShort: /Invalid TTL/, counts: true, pages: true },
  route53: { start: startRoute53 },
  "google-dns": { start: startGoogle, pages: true },
  "hetzner-dns": { start: () => startHetzner(), tooShort: /at least 60/, counts: true },
  desec: { start: startDesec, tooShort: /3600/ },
  gandi: { start: startGandi, tooShort: /minimum value 300/ },
};

const KINDS = (Object.keys(TRAITS) as CloudPublisher["type"][]).map((type): Kind => {
  const { fence, leastTtlS } = PROMISED[type];
  const { start, tooShort = null, counts = false, pages = false } = TRAITS[type];
  assert.equal(tooShort === null, leastTtlS === null, "a least TTL is one that is refused below");
  return { type, start, fenced: fence !== "lease-only", ttl: leastTtlS ?? 30, tooShort, counts, pages };
});

function create(kind: Kind, fake: Fake, more: Partial<CloudRecord> = {}, world = cloudWorld()): Publisher {
  const record: CloudRecord = {
    name: `web.${DOMAIN}`,
    domain: DOMAIN,
    record: "web",
    recordType: "A",
    ttlMs: kind.ttl * 1000,
    timeoutMs: TIMEOUT_MS,
    onDrift: "repair",
    rehearseMs: null,
    verify: [],
    token: { kind: "inline", secret: secret(fake.secret) },
    apiUrl: fake.url,
    ...more,
  };
  switch (kind.type) {
    case "route53":
      return createCloudPublisher(
        { type: kind.type, ...record, zoneId: ZONE_ID, accessKeyId: ACCESS_KEY_ID },
        world,
      );
    case "google-dns":
      return createCloudPublisher(
        { type: kind.type, ...record, project: "prj", managedZone: "example-com" },
        world,
      );
    default:
      return createCloudPublisher({ type: kind.type, ...record }, world);
  }
}

async function perform(publisher: Publisher, action: PublishAction, timeoutMs = TIMEOUT_MS): Promise<string> {
  return said(await publisher.perform(action, timeoutMs));
}

function each(
  what: string,
  run: (kind: Kind, fake: Fake) => Promise<void>,
  fits = (_kind: Kind): boolean => true,
): void {
  for (const kind of KINDS.filter(fits)) {
    Deno.test(`${kind.type}: ${what}`, async () => {
      const fake = kind.start();
      try {
        await run(kind, fake);
        assert.deepEqual(fake.get(`other.${DOMAIN}`, "A")?.values, ["192.0.2.99"], "a neighbour was changed");
      } finally {
        await fake.close();
      }
    });
  }
}

const web = (fake: Fake): unknown => fake.get(`web.${DOMAIN}`, "A");

each("it shows what was written last, and nothing once withdrawn", async (kind, fake) => {
  const publisher = create(kind, fake);
  assert.equal((await perform(publisher, read())).replace(", unclaimed", ""), "shows null");
  for (const value of ["192.0.2.1", "192.0.2.2"]) {
    assert.equal(await perform(publisher, write(value)), "ok");
    assert.deepEqual(web(fake), { values: [value], ttl: kind.ttl });
    assert.equal(await perform(publisher, read()), `shows ${value}`);
  }
  assert.equal(await perform(publisher, write(null)), "ok");
  assert.equal(web(fake), null);
  assert.equal(await perform(publisher, read()), "shows null");
});

each(
  "host names are written in full and read without the final dot",
  async (kind, fake) => {
    const publisher = create(kind, fake, { recordType: "CNAME", record: "a.b" });
    for (const value of ["one.example.org", "two.example.org"]) {
      assert.equal(await perform(publisher, write(value)), "ok");
      assert.deepEqual(fake.get(`a.b.${DOMAIN}`, "CNAME"), { values: [value], ttl: kind.ttl });
      assert.equal(await perform(publisher, read()), `shows ${value}`);
    }
  },
);

each("the domain itself can be published", async (kind, fake) => {
  const publisher = create(kind, fake, { record: "@", recordType: "AAAA" });
  assert.equal(await perform(publisher, write("2001:db8::1")), "ok");
  assert.deepEqual(fake.get(DOMAIN, "AAAA")?.values, ["2001:db8::1"]);
  assert.equal(await perform(publisher, read()), "shows 2001:db8::1");
});

each("the same write again changes nothing; another node finds it right", async (kind, fake) => {
  const publisher = create(kind, fake);
  await perform(publisher, write("192.0.2.1"));
  const writes = fake.writes().length;
  assert.equal(await perform(publisher, write("192.0.2.1")), "ok");
  assert.equal(await perform(create(kind, fake), write("192.0.2.1")), "ok");
  assert.equal(fake.writes().length, writes);
});

each("a change is one request, but for what the table says", async (kind, fake) => {
  const publisher = create(kind, fake);
  await perform(publisher, write("192.0.2.1"));
  const count = async (change: Promise<string>): Promise<number> => {
    const before = fake.writes().length;
    assert.equal(await change, "ok");
    return fake.writes().length - before;
  };
  assert.equal(await count(perform(publisher, write("192.0.2.2"))), 1, "the value");
  const longer = create(kind, fake, { ttlMs: 7_200_000 });
  const expected = PROMISED[kind.type].atomic === "value-then-ttl" ? 2 : 1;
  assert.equal(await count(perform(longer, write("192.0.2.3"))), expected, "value and TTL");
  assert.deepEqual(web(fake), { values: ["192.0.2.3"], ttl: 7200 });
});

each("a rehearsal is a write that changes nothing; who may only read is found out", async (kind, fake) => {
  const publisher = create(kind, fake);
  await perform(publisher, write("192.0.2.1"));
  const shown = web(fake);
  const writes = fake.writes().length;
  assert.equal(await perform(publisher, rehearse("192.0.2.1")), "ok");
  assert.equal(fake.writes().length, writes + 1, "it was asked");
  assert.deepEqual(web(fake), shown);
  fake.order("write", { kind: "answer", status: 403, body: "{}" });
  assert.match(await perform(publisher, rehearse("192.0.2.1")), /^failed: .* HTTP 403 \(not permitted\)/);
  assert.deepEqual(web(fake), shown);
  assert.equal(await perform(publisher, read()), "shows 192.0.2.1");
});

each("a rehearsal overwrites nothing that somebody else has put there", async (kind, fake) => {
  const publisher = create(kind, fake);
  await perform(publisher, write("192.0.2.1"));
  fake.set(`web.${DOMAIN}`, "A", ["192.0.2.66"], kind.ttl);
  assert.equal(await perform(publisher, rehearse("192.0.2.1")), "not started");
  assert.deepEqual(fake.get(`web.${DOMAIN}`, "A")?.values, ["192.0.2.66"]);
});

each("a foreign value is shown, all of it, and put right with its TTL", async (kind, fake) => {
  fake.set(`web.${DOMAIN}`, "A", ["192.0.2.66", "192.0.2.65"], 7200);
  const publisher = create(kind, fake);
  assert.match(await perform(publisher, read()), /^shows 192\.0\.2\.65,192\.0\.2\.66/);
  assert.equal(await perform(publisher, write("192.0.2.1")), "ok");
  assert.deepEqual(web(fake), { values: ["192.0.2.1"], ttl: kind.ttl });
  fake.set(`web.${DOMAIN}`, "A", ["192.0.2.1"], 7200);
  assert.equal(await perform(publisher, write("192.0.2.1")), "ok");
  assert.deepEqual(web(fake), { values: ["192.0.2.1"], ttl: kind.ttl });
});

each("wrong credentials are named, the secret never", async (kind, fake) => {
  const wrong = kind.type === "google-dns"
    ? fake.secret.replace("abfail@prj", "someone@prj")
    : "another-secret-token";
  const publisher = create(kind, fake, { token: { kind: "inline", secret: secret(wrong) } });
  const answer = await perform(publisher, read());
  assert.match(answer, /^failed: 127\.0\.0\.1:\d+ answered HTTP 40[013]/);
  assert(!answer.includes(wrong));
  const absent = create(kind, fake, { token: { kind: "env", variable: "ABFAIL_TEST_NOT_SET" } });
  assert.equal(
    await perform(absent, read()),
    "failed: there is no token: the variable ABFAIL_TEST_NOT_SET is not set",
  );
});

each("an error that repeats the secret does not", async (kind, fake) => {
  if (kind.type === "google-dns") return;
  const publisher = create(kind, fake);
  const body = JSON.stringify({ message: `bad ${fake.secret}`, detail: `bad ${fake.secret}` });
  fake.order("any", { kind: "answer", status: 403, body });
  assert(!(await perform(publisher, read())).includes(fake.secret));
});

each("429 asks for quiet, in seconds or as a date; 503 is told, then it works", async (kind, fake) => {
  const publisher = create(kind, fake);
  const order = (status: number, headers?: HeadersInit): void =>
    fake.order("any", { kind: "answer", status, body: "{}", ...(headers === undefined ? {} : { headers }) });
  order(429, { "retry-after": "7" });
  assert.deepEqual(await publisher.perform(read(), TIMEOUT_MS), {
    kind: "failed",
    detail: `${new URL(fake.url).host} answered HTTP 429 (too many requests)`,
    retryAfterMs: 7000,
  });
  order(429, { "retry-after": new Date(Date.now() + 60_000).toUTCString() });
  // within that quiet the same tenure goes by what it has seen; another one looks all the same
  const dated = await publisher.perform(read("8.2"), TIMEOUT_MS);
  assert(
    dated.kind === "failed" && (dated.retryAfterMs ?? 0) > 50_000 && (dated.retryAfterMs ?? 0) <= 60_000,
  );
  order(503);
  assert.match(await perform(publisher, write("192.0.2.1")), /^failed: .* HTTP 503/);
  assert.equal(web(fake), null);
  assert.equal(await perform(publisher, write("192.0.2.1")), "ok");
});

each("a slow far side: it ends in time; it ends when told to", async (kind, fake) => {
  const publisher = create(kind, fake);
  await perform(publisher, read());
  fake.order("any", { kind: "slow", ms: 60_000 });
  assert.match(await perform(publisher, read(), 150), /^failed: no answer from .* in time/);
  fake.order("any", { kind: "slow", ms: 60_000 });
  const stop = new AbortController();
  const cut = publisher.perform(write("192.0.2.1"), 60_000, stop.signal);
  stop.abort();
  assert.equal((await cut).kind, "failed");
});

each("an answer that breaks off is a failure, and what was done is seen", async (kind, fake) => {
  if (kind.type === "route53") return; // its answer to a change is not looked into
  const publisher = create(kind, fake);
  await perform(publisher, read());
  fake.order("write", { kind: "truncate" });
  const answer = await perform(publisher, write("192.0.2.1"));
  assert.match(answer, /^failed: /);
  assert.equal(await perform(publisher, write("192.0.2.1")), "ok");
  assert.equal(await perform(publisher, read()), "shows 192.0.2.1");
});

each("a TTL below the provider's least is refused in its words", async (kind, fake) => {
  const publisher = create(kind, fake, { ttlMs: 5000 });
  const answer = await perform(publisher, write("192.0.2.1"));
  if (kind.tooShort === null) assert.equal(answer, "ok");
  else assert.match(answer, kind.tooShort);
});

each("what stands in the way is told in the provider's words", async (kind, fake) => {
  fake.set(`web.${DOMAIN}`, "CNAME", ["one.example.org"], kind.ttl);
  assert.match(await perform(create(kind, fake), write("192.0.2.1")), /^failed: .* HTTP 4/);
});

each("a domain that is not there is a failure, not an empty record", async (kind, fake) => {
  const publisher = create(kind, fake, { domain: "example.net" });
  assert.match(await perform(publisher, write("192.0.2.1")), /^failed: /);
}, ({ type }) => type !== "google-dns" && type !== "route53");

each("a late write of an earlier epoch is seen, and put right", async (kind, fake) => {
  const [old, young] = [create(kind, fake), create(kind, fake)];
  await perform(old, write("192.0.2.1", "7.1"));
  fake.order("write", { kind: "hold" });
  assert.match(await perform(old, write("192.0.2.7", "7.1"), 300), /^failed: no answer/);
  assert.equal(await perform(young, write("192.0.2.8", "8.2")), "ok");
  await fake.release();
  assert.equal(await perform(young, read("8.2")), "shows 192.0.2.7");
  assert.equal(await perform(young, write("192.0.2.8", "8.2")), "ok");
  assert.equal(await perform(young, read("8.2")), "shows 192.0.2.8");
}, ({ fenced }) => !fenced);

each("a late write of an earlier epoch is refused", async (kind, fake) => {
  const [old, young] = [create(kind, fake), create(kind, fake)];
  await perform(old, write("192.0.2.1", "7.1"));
  fake.order("write", { kind: "hold" });
  const stale = perform(old, write("192.0.2.7", "7.1"));
  while (fake.writes().length < 2) await new Promise((resolve) => setTimeout(resolve, 2));
  assert.equal(await perform(young, read("8.2")), "shows 192.0.2.1, unclaimed");
  assert.equal(await perform(young, write("192.0.2.1", "8.2")), "ok"); // the same value: only the mark changes
  await fake.release();
  assert.equal(await stale, "fenced by 8.2");
  assert.equal(await perform(young, read("8.2")), "shows 192.0.2.1");
  assert.equal(await perform(old, read("7.1")), "fenced by 8.2");
  assert.equal(await perform(old, write("192.0.2.7", "7.3")), "fenced by 8.2");
  assert.match(fake.get(`_abfail.web.${DOMAIN}`, "TXT")?.values[0] ?? "", /^epoch=8\.2 write=1 target=t$/);
}, ({ fenced }) => fenced);

each("a write that was given up cannot come late any more, once another was done", async (kind, fake) => {
  const publisher = create(kind, fake);
  await perform(publisher, write("192.0.2.1"));
  fake.order("write", { kind: "hold" });
  assert.match(await perform(publisher, write("192.0.2.3"), 300), /whether it was done is not known/);
  assert.equal(await perform(publisher, read()), "shows 192.0.2.1, unclaimed");
  assert.equal(await perform(publisher, write("192.0.2.1")), "ok");
  await fake.release();
  assert.equal(await perform(publisher, read()), "shows 192.0.2.1");
}, ({ fenced }) => fenced);

each("two epochs at once: the later one's value stands", async (kind, fake) => {
  for (let n = 0; n < 5; n++) {
    const record = `race${n}`;
    const [old, young] = [create(kind, fake, { record }), create(kind, fake, { record })];
    await perform(old, write("192.0.2.6", "6.1")); // Cloudflare refuses only where there was a mark
    await Promise.all([
      perform(old, write("192.0.2.7", "7.1")),
      perform(young, write("192.0.2.8", "8.2")),
    ]);
    assert.deepEqual(fake.get(`${record}.${DOMAIN}`, "A")?.values, ["192.0.2.8"]);
  }
}, ({ fenced }) => fenced);

each("two first writes at once are seen and put right", async (kind, fake) => {
  const [old, young] = [create(kind, fake), create(kind, fake)];
  fake.order("write", { kind: "hold" });
  const stale = perform(old, write("192.0.2.7", "7.1"));
  while (fake.writes().length < 1) await new Promise((resolve) => setTimeout(resolve, 2));
  assert.equal(await perform(young, write("192.0.2.8", "8.2")), "ok");
  await fake.release();
  assert.equal(await stale, "fenced by 8.2");
  assert.match(await perform(young, read("8.2")), /^shows 192\.0\.2\.(7,192\.0\.2\.8, unclaimed|8)$/);
  assert.equal(await perform(young, write("192.0.2.8", "8.2")), "ok");
  assert.equal(await perform(young, read("8.2")), "shows 192.0.2.8");
  assert.equal(fake.get(`_abfail.web.${DOMAIN}`, "TXT")?.values.length, 1);
}, ({ fenced }) => fenced);

each("a mark of somebody else is not touched", async (kind, fake) => {
  fake.set(`_abfail.web.${DOMAIN}`, "TXT", ["v=something"], 300);
  assert.match(await perform(create(kind, fake), write("192.0.2.1")), /^failed: .*not this program's/);
  assert.equal(web(fake), null);
}, ({ fenced }) => fenced);

each("when few requests are left, looks are answered from memory and writes go on", async (kind, fake) => {
  const publisher = create(kind, fake);
  await perform(publisher, write("192.0.2.1"));
  fake.remaining = 20;
  assert.equal(await perform(publisher, read()), "shows 192.0.2.1");
  const asked = fake.requests.length;
  assert.equal(await perform(publisher, read()), "shows 192.0.2.1");
  assert.equal(fake.requests.length, asked);
  assert.equal(await perform(publisher, write("192.0.2.2")), "ok");
  assert.equal(await perform(publisher, read()), "shows 192.0.2.2"); // after a write the world is looked at
  await perform(publisher, read("9.1")); // and by another tenure
  assert(fake.requests.length > asked + 3);
}, ({ counts }) => counts);

each(
  "what stands on the second page is found, and a list that never ends is given up",
  async (kind, fake) => {
    fake.pages.most = 1;
    fake.set(
      `web.${DOMAIN}`,
      "A",
      kind.type === "google-dns" ? ["192.0.2.66"] : ["192.0.2.65", "192.0.2.66"],
      300,
    );
    const publisher = create(kind, fake);
    assert.match(await perform(publisher, read()), /^shows .*192\.0\.2\.66/);
    assert.equal(await perform(publisher, write("192.0.2.1")), "ok");
    assert.deepEqual(web(fake), { values: ["192.0.2.1"], ttl: kind.ttl });
    fake.pages.endless = true;
    const asked = fake.requests.length;
    assert.match(await perform(publisher, read()), /^failed: the list has more than 10 pages/);
    assert(fake.requests.length - asked <= 11);
  },
  ({ pages }) => pages === true,
);

each("a record that somebody else makes at the same time does not stay beside ours", async (kind, fake) => {
  const publisher = create(kind, fake);
  fake.order("write", { kind: "hold" });
  const ours = perform(publisher, write("192.0.2.1"));
  while (fake.writes().length < 1) await new Promise((resolve) => setTimeout(resolve, 2));
  fake.set(`web.${DOMAIN}`, "A", ["192.0.2.66"], 300);
  await fake.release();
  assert.match(await ours, /^(ok$|failed: .* HTTP 4)/);
  assert.equal(await perform(publisher, write("192.0.2.1")), "ok");
  assert.deepEqual(web(fake), { values: ["192.0.2.1"], ttl: kind.ttl });
});

each(
  "over the provider's limit: it says so in its way, quiet is kept, and later it works",
  async (kind, fake) => {
    const publisher = create(kind, fake);
    assert.equal(await perform(publisher, write("192.0.2.1")), "ok");
    fake.throttle([{ limit: 4, ms: 1500 }]);
    let answer = await publisher.perform(read("7.1"), TIMEOUT_MS);
    for (let n = 2; answer.kind === "ok"; n++) answer = await publisher.perform(read(`7.${n}`), TIMEOUT_MS);
    assert(answer.kind === "failed", JSON.stringify(answer));
    assert(answer.retryAfterMs !== null && answer.retryAfterMs > 0, answer.detail);
    assert.deepEqual(await publisher.perform(rehearse("192.0.2.1"), TIMEOUT_MS), {
      kind: "not-started",
      waitMs: 60_000,
    });
    fake.throttle([{ limit: 100, ms: 1500 }]);
    assert.equal(await perform(publisher, write("192.0.2.2")), "ok", "a failover is not held up");
  },
);

each("one token, one budget: what one publisher is told, the others know", async (kind, fake) => {
  const world = cloudWorld();
  const first = create(kind, fake, {}, world);
  const second = create(kind, fake, { record: "api" }, world);
  const other = create(kind, fake, { record: "api" });
  await perform(first, write("192.0.2.1"));
  for (const publisher of [second, other]) {
    assert.equal(await perform(publisher, write("192.0.2.2")), "ok");
    assert.equal(await perform(publisher, read()), "shows 192.0.2.2");
  }
  const over = { kind: "answer", status: 429, body: "{}", headers: { "retry-after": "30" } } as const;
  fake.order("any", over);
  assert.match(await perform(first, read()), /^failed: .* HTTP 429/);
  const asked = fake.requests.length;
  assert.equal(await perform(second, read()), "shows 192.0.2.2");
  assert.equal(said(await second.perform(rehearse("192.0.2.2"), TIMEOUT_MS)), "not started");
  assert.equal(fake.requests.length, asked, "what can wait waits");
  assert.equal(await perform(other, read()), "shows 192.0.2.2");
  assert(fake.requests.length > asked, "another account is another budget");
  assert.equal(await perform(second, write("192.0.2.3")), "ok", "a failover is not held up");
  assert.deepEqual(fake.get(`api.${DOMAIN}`, "A")?.values, ["192.0.2.3"]);
});

each(
  "looks stop before the limit is reached: a failover always finds something to spend",
  async (kind, fake) => {
    const world = cloudWorld();
    const publishers = ["web", "api"].map((record) => create(kind, fake, { record }, world));
    for (const publisher of publishers) assert.equal(await perform(publisher, write("192.0.2.1")), "ok");
    fake.throttle([{ limit: 60, ms: 60_000 }]);
    const before = fake.requests.length;
    for (let n = 0; n < 60; n++) {
      for (const publisher of publishers) assert.equal(await perform(publisher, read()), "shows 192.0.2.1");
    }
    const spent = fake.requests.length - before;
    assert(spent > 50 && spent <= 56, `${spent} of 60 were spent on looks`);
    assert.equal(await perform(create(kind, fake, {}, world), write("192.0.2.2")), "ok");
    assert.deepEqual(web(fake), { values: ["192.0.2.2"], ttl: kind.ttl });
  },
  ({ counts }) => counts,
);

Deno.test("hetzner-dns: what no record can have is a broken answer; many values are named in part", async () => {
  const kind = KINDS.find(({ type }) => type === "hetzner-dns");
  assert(kind !== undefined);
  const fake = kind.start();
  const answered = async (...values: readonly (string | undefined)[]): Promise<string> => {
    const body = JSON.stringify({ rrset: { ttl: 60, records: values.map((value) => ({ value })) } });
    fake.order("any", { kind: "answer", status: 200, body });
    return await perform(create(kind, fake), read());
  };
  assert.equal(await answered(undefined), "failed: the answer names a record without a value");
  for (const value of ["a".repeat(300), "two words", "\u001b[2J"]) {
    assert.equal(await answered(value), "failed: the answer names a value that no record can have");
  }
  const many = Array.from({ length: 9 }, (_, n) => `192.0.2.${n}`);
  assert.equal(await answered(...many), `shows ${many.slice(0, 7).join(",")} and 2 more`);
  await fake.close();
});
