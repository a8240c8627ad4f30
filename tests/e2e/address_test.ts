/**
 * Real nodes that move an address (a fake of DigitalOcean's reserved IPs) and a record beside it with the same token,
 * while things go wrong: leaders die and sleep in the middle of a move, the API refuses, limits or answers nonsense.
 */
import assert from "node:assert/strict";
import type { PublisherStatus } from "../../src/view/status_type.ts";
import { TestCluster } from "../support/cluster.ts";
import { type FakeAddress, IP, MACHINES } from "../support/fakes/addresses.ts";
import { startDigitalocean } from "../support/fakes/digitalocean.ts";
import { DOMAIN, type Fake } from "../support/fakes/fake.ts";

const DROPLET = { "web-a": MACHINES[0], "web-b": MACHINES[1] } as const;
type Target = keyof typeof DROPLET;

class Scene implements AsyncDisposable {
  readonly fake: Fake = startDigitalocean();
  readonly address: FakeAddress;
  readonly cluster: TestCluster;
  tokenFile = "";

  constructor(more: { readonly record?: boolean; readonly rehearse?: string } = {}) {
    const { record = false, rehearse = "off" } = more;
    assert(this.fake.address !== null);
    this.address = this.fake.address;
    this.fake.throttle();
    this.cluster = new TestCluster({
      publish: (folder) => {
        this.tokenFile = `${folder}/token`;
        Deno.writeTextFileSync(this.tokenFile, this.fake.secret, { mode: 0o600 });
        const api =
          `token_file = "${this.tokenFile}"\napi_url = "${this.fake.url}"\nrehearse = "${rehearse}"\n`;
        const machines = Object.entries(DROPLET).map(([name, id]) => `${name} = ${id}`).join(", ");
        const moves = `[[services.publish]]\ntype = "digitalocean-reserved-ip"\nip = "${IP}"
droplets = { ${machines} }\ntimeout = "4s"\n${api}`;
        const name = `[[services.publish]]\ntype = "digitalocean-dns"\ndomain = "${DOMAIN}"\nrecord = "web"
record_type = "A"\nttl = "30s"\ntimeout = "4s"\n${api}`;
        return record ? moves + name : moves;
      },
    });
  }

  async untilAt(name: Target): Promise<void> {
    await this.cluster.until(`the address is at ${name}`, () => this.address.machine === DROPLET[name]);
  }

  async publisher(id: number, type = "digitalocean-reserved-ip"): Promise<PublisherStatus | undefined> {
    const publishers = (await this.cluster.status(id))?.services[0]?.publishers ?? [];
    return publishers.find((publisher) => publisher.type === type);
  }

  async untilState(id: number, state: PublisherStatus["state"], type?: string): Promise<void> {
    await this.cluster.until(
      `node ${id} says ${state}`,
      async () => (await this.publisher(id, type))?.state === state,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
    await this.fake.close();
  }
}

Deno.test("an address moves with the decision; a leader that dies or sleeps in a move does no harm", async (t) => {
  await using scene = new Scene();
  const { cluster, address } = scene;
  await cluster.startAll();
  await scene.untilAt("web-a");
  await scene.untilState(1, "ok");

  await t.step("the primary dies: one action", async () => {
    const begun = address.actions.length;
    await cluster.service("web-a").stop();
    await scene.untilAt("web-b");
    await scene.untilState(1, "ok");
    assert.equal((await scene.publisher(1))?.shows, cluster.addressOf("web-b"));
    assert.equal(address.actions.length, begun + 1);
    cluster.service("web-a").start();
    await scene.untilAt("web-a");
    await scene.untilState(1, "ok");
  });

  await t.step(
    "the leader is killed while the provider is at it: the next one waits, and finds it done",
    async () => {
      const begun = address.actions.length;
      address.actionMs = 2500;
      await cluster.service("web-a").stop();
      await cluster.until("the action is under way", () => address.isBusy);
      cluster.node(1).kill("SIGKILL");
      await scene.untilAt("web-b");
      await scene.untilState(2, "ok");
      assert.equal(address.actions.length, begun + 1, "nothing was begun twice");
      address.actionMs = 20;
      cluster.start(1);
      cluster.service("web-a").start();
      await cluster.untilWell(1, "web-a");
      await scene.untilAt("web-a");
      await scene.untilState(1, "ok");
    },
  );

  await t.step(
    "the leader sleeps in the middle of its request, which lands late: it is put right",
    async () => {
      scene.fake.order("write", { kind: "hold" });
      await cluster.service("web-a").stop();
      await cluster.until("the request is under way", () => scene.fake.held === 1);
      cluster.node(1).kill("SIGSTOP");
      cluster.service("web-a").start();
      await cluster.until("node 2 leads and web-a is active", async () => {
        const status = await cluster.status(2);
        return status?.leader?.id === 2 && status.services[0]?.active === "web-a";
      });
      await scene.untilState(2, "ok");
      await scene.fake.release(); // it says web-b
      await scene.untilAt("web-b");
      await scene.untilAt("web-a");
      cluster.node(1).kill("SIGCONT");
      await cluster.untilWell(1, "web-a");
      await scene.untilState(1, "ok");
      assert.equal(address.machine, DROPLET["web-a"]);
    },
  );
});

Deno.test("one token for two publishers: limited, refused, answered with HTML; each is told once, then all is well", async (t) => {
  await using scene = new Scene({ record: true });
  const { cluster, fake } = scene;
  const shown = (): string => fake.get(`web.${DOMAIN}`, "A")?.values.join() ?? "";
  const both = async (name: Target): Promise<void> => {
    await scene.untilAt(name);
    await cluster.until(`the record is ${name}'s`, () => shown() === cluster.addressOf(name));
    for (const type of ["digitalocean-reserved-ip", "digitalocean-dns"]) {
      await scene.untilState(1, "ok", type);
    }
  };
  const toldSince = (since: number): string[] =>
    cluster.node(1).log.filter(({ name, at }) =>
      at >= since && ["publish-failed", "published", "drift", "repaired"].includes(name)
    ).map(({ name }) => name).toSorted();
  await cluster.startAll();
  await both("web-a");

  await t.step("five requests in two seconds for both: the switch gets out all the same", async () => {
    fake.throttle([{ limit: 5, ms: 2000 }]);
    await cluster.service("web-a").stop();
    await both("web-b");
    fake.throttle();
    cluster.service("web-a").start();
    await both("web-a");
  });

  const troubles = [
    ["a token that was revoked", /HTTP 401 \(the credentials are not accepted\)/],
    ["HTML with status 200", /a broken body \(not JSON\)/],
    ["a redirect to a page", /HTTP 301 \(it has moved\)/],
  ] as const;
  for (const [what, words] of troubles) {
    await t.step(`${what}: told once, named, mended`, async () => {
      const since = performance.now();
      if (what === "a token that was revoked") Deno.writeTextFileSync(scene.tokenFile, "tok-guessed-wrong");
      else if (what === "HTML with status 200") {
        fake.trouble = { kind: "answer", status: 200, body: "<!doctype html><h1>Sign in</h1>" };
      } else {
        const headers = { location: "https://example.com/" };
        fake.trouble = { kind: "answer", status: 301, body: "moved", headers };
      }
      await cluster.service("web-a").stop();
      for (const type of ["digitalocean-reserved-ip", "digitalocean-dns"]) {
        await scene.untilState(1, "failed", type);
        const error = (await scene.publisher(1, type))?.error ?? "";
        assert.match(error, words);
        assert(!error.includes("tok-"), error);
      }
      assert.equal((await cluster.status(1))?.leader?.id, 1);
      if (what === "a token that was revoked") Deno.writeTextFileSync(scene.tokenFile, fake.secret);
      fake.trouble = null;
      await both("web-b");
      assert.deepEqual(toldSince(since), ["publish-failed", "publish-failed", "published", "published"]);
      cluster.service("web-a").start();
      await both("web-a");
    });
  }
});
