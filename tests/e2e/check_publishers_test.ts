import assert from "node:assert/strict";
import { abfail } from "../support/abfail.ts";
import { randomKey } from "../support/cluster.ts";
import { IP, MACHINES } from "../support/fakes/addresses.ts";
import { startDigitalocean } from "../support/fakes/digitalocean.ts";
import { DOMAIN, type Fake } from "../support/fakes/fake.ts";
import { startHetzner } from "../support/fakes/hetzner.ts";
import { ACCESS_KEY_ID, startRoute53, ZONE_ID } from "../support/fakes/route53.ts";
import { API_KEY, isInstalled, KEY, KEY_NAME, NameServer, WRONG_KEY, ZONE } from "../support/name_server.ts";

interface Tried {
  readonly type: string;
  readonly name: string;
  readonly result: string;
  readonly shows: string | null;
  readonly target: string | null;
  readonly lastEpoch: string | null;
  readonly error: string | null;
  readonly wouldWrite: readonly {
    readonly target: string;
    readonly recordType: string | null;
    readonly isShown: boolean;
  }[];
  readonly verify: readonly { readonly server: string; readonly shows: string | null }[];
}

function configWith(publish: string): string {
  const nodes = [1, 2, 3].map((id) =>
    `[[cluster.nodes]]\nid = ${id}\naddress = "10.0.0.${id}:7420"\nzone = "z${id}"\n`
  );
  return `[cluster]\nname = "try"\nkeys = ["${randomKey()}"]\n${nodes.join("")}
[[services]]\nname = "web"\n[services.check]\ntype = "tcp"\nport = 80
[[services.targets]]\nname = "one"\naddress = "192.0.2.1"
[[services.targets]]\nname = "two"\naddress = "192.0.2.2"
${publish}`;
}

/** Runs `check --try-publishers` on a config; `tried` is of its JSON. */
async function tryOut(
  publish: string,
): Promise<{ readonly code: number; readonly text: string; readonly tried: readonly Tried[] }> {
  const folder = await Deno.makeTempDir({ prefix: "abfail-try-" });
  try {
    const file = `${folder}/abfail.toml`;
    await Deno.writeTextFile(file, configWith(publish), { mode: 0o600 });
    const text = await abfail(["check", "--config", file, "--try-publishers"]);
    const json = await abfail(["check", "--config", file, "--try-publishers", "--json"]);
    assert.equal(json.code, text.code);
    const read = JSON.parse(json.stdout) as { readonly ok: boolean; readonly publishers: readonly Tried[] };
    assert.equal(read.ok, text.code === 0);
    return { code: text.code, text: text.stdout + text.stderr + json.stdout, tried: read.publishers };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const rfc2136 = (port: number, name: string, key: string): string =>
  `[[services.publish]]\ntype = "rfc2136"\nserver = "127.0.0.1:${port}"\nzone = "${ZONE}"\nname = "${name}.${ZONE}"
key_name = "${KEY_NAME}"\nkey = "${key}"\nverify = ["resolver 127.0.0.1:${port}"]\n`;

Deno.test({
  name:
    "check --try-publishers reads name servers with the user's keys, says what it sees and would write, and writes nothing",
  ignore: !isInstalled("bind") || !isInstalled("knot") || !isInstalled("powerdns"),
  fn: async () => {
    await using bind = await NameServer.start("bind");
    await using knot = await NameServer.start("knot");
    await using powerdns = await NameServer.start("powerdns");
    await bind.nsupdate(
      `update add www.${ZONE}. 5 A 192.0.2.2`,
      `update add _abfail.www.${ZONE}. 0 TXT "epoch=7.1 write=3 target=two"`,
    );
    const before = await Promise.all([bind, knot, powerdns].map((server) => server.dig(ZONE, "SOA")));
    const good = rfc2136(bind.port, "www", KEY) + rfc2136(knot.port, "new", KEY) +
      `[[services.publish]]\ntype = "powerdns"\napi_url = "http://127.0.0.1:${powerdns.apiPort}"\nzone = "${ZONE}"
name = "api.${ZONE}"\napi_key = "${API_KEY}"\n`;
    const fine = await tryOut(good);
    assert.equal(fine.code, 0, fine.text);
    assert.deepEqual(
      fine.tried.map(({ result, shows, target, lastEpoch }) => [result, shows, target, lastEpoch]),
      [
        ["ok", "192.0.2.2", "two", "7.1"],
        ["ok", null, null, null],
        ["ok", null, null, null],
      ],
    );
    assert.deepEqual(fine.tried[0]?.wouldWrite.map(({ target, isShown }) => [target, isShown]), [
      ["one", false],
      ["two", true],
    ]);
    assert.deepEqual(fine.tried[0]?.verify.map(({ shows }) => shows), ["192.0.2.2"]);
    assert.match(fine.text, /shows 192\.0\.2\.2 \(target two\); last written under epoch 7\.1/);
    assert.match(fine.text, /would write A 192\.0\.2\.1, ttl 30 s for one; A 192\.0\.2\.2, ttl 30 s for two/);

    const wrong = await tryOut(
      rfc2136(bind.port, "www", WRONG_KEY) +
        rfc2136(knot.port, "new", KEY).replace(`zone = "${ZONE}"`, 'zone = "test"').replace(
          ZONE,
          "elsewhere.test",
        ) +
        `[[services.publish]]\ntype = "powerdns"\napi_url = "http://127.0.0.1:${powerdns.apiPort}"\nzone = "${ZONE}"
name = "api.${ZONE}"\napi_key = "guessed"\n`,
    );
    assert.equal(wrong.code, 1);
    assert.match(wrong.tried[0]?.error ?? "", /BADSIG\): the key upd has another secret on the server/);
    assert.match(wrong.tried[1]?.error ?? "", /NOTAUTH|REFUSED/);
    assert.match(wrong.tried[2]?.error ?? "", /HTTP 401: the API key is wrong/);
    assert.match(wrong.text, /3 of 3 publishers cannot be used/);
    for (const secret of [KEY, WRONG_KEY, API_KEY, "guessed"]) assert.ok(!wrong.text.includes(secret));
    const after = await Promise.all([bind, knot, powerdns].map((server) => server.dig(ZONE, "SOA")));
    assert.deepEqual(after, before, "a zone was changed");
  },
});

Deno.test("check --try-publishers reads cloud APIs, programs and webhooks, and names what is missing", async () => {
  await using digitalocean = closing(startDigitalocean());
  await using route53 = closing(startRoute53());
  digitalocean.fake.set(`web.${DOMAIN}`, "A", ["203.0.113.9"], 60);
  route53.fake.set(`_abfail.web.${DOMAIN}`, "TXT", ["v=spf1 -all"], 60);
  const cloud = (type: string, token: string, url: string, more = ""): string =>
    `[[services.publish]]\ntype = "${type}"\ndomain = "${DOMAIN}"\nrecord = "web"\nrecord_type = "A"\n${token}
api_url = "${url}"\n${more}`;
  const { code, tried, text } = await tryOut(
    cloud("digitalocean-dns", `token = "${digitalocean.fake.secret}"`, digitalocean.fake.url),
  );
  assert.equal(code, 0, text);
  assert.deepEqual([tried[0]?.shows, tried[0]?.target], ["203.0.113.9", null]);
  assert.match(text, /shows 203\.0\.113\.9 \(no target of this service\)/);

  const missing = await tryOut(
    cloud("digitalocean-dns", 'token_env = "ABFAIL_NO_SUCH_TOKEN"', digitalocean.fake.url),
  );
  assert.deepEqual(missing.tried.map(({ error }) => error), [
    "there is no token: the variable ABFAIL_NO_SUCH_TOKEN is not set",
  ]);
  const account = `zone_id = "${ZONE_ID}"\naccess_key_id = "${ACCESS_KEY_ID}"\n`;
  const foreign = await tryOut(
    cloud("route53", `token = "${route53.fake.secret}"`, route53.fake.url, account),
  );
  assert.equal(foreign.code, 1);
  assert.match(foreign.tried[0]?.error ?? "", /TXT record at _abfail\.<name> is not this program's/);

  const programs = await tryOut(
    `[[services.publish]]\ntype = "exec"\nname = "reads"\ncommand = ["/bin/true"]\nread_command = ["/bin/echo", "192.0.2.1"]
[[services.publish]]\ntype = "exec"\nname = "gone"\ncommand = ["/opt/no/such/program"]
[[services.publish]]\ntype = "webhook"\nname = "blind"\nurl = "http://127.0.0.1:9/"\n`,
  );
  assert.equal(programs.code, 1);
  assert.deepEqual(programs.tried.map(({ name, result }) => `${name} ${result}`), [
    "reads ok",
    "gone failed",
    "blind unreadable",
  ]);
  assert.equal(programs.tried[1]?.error, "there is no program /opt/no/such/program");
  assert.match(programs.text, /not tried {2}web: webhook blind\n +it has no read_url/);
  assert.deepEqual(digitalocean.fake.writes(), []);
  assert.deepEqual(route53.fake.writes(), []);
});

Deno.test("check --try-publishers says where an address is, and which machine would get it", async () => {
  await using digitalocean = closing(startDigitalocean());
  await using hetzner = closing(startHetzner());
  for (const { fake } of [digitalocean, hetzner]) assert.ok(fake.address !== null);
  if (hetzner.fake.address !== null) hetzner.fake.address.machine = MACHINES[1];
  const address = (type: string, fake: Fake, machines: string, token = fake.secret): string =>
    `[[services.publish]]\ntype = "${type}"\nip = "${IP}"\n${machines} = { one = ${MACHINES[0]}, two = ${
      MACHINES[1]
    } }
token = "${token}"\napi_url = "${fake.url}"\n`;
  const fine = await tryOut(address("hetzner-floating-ip", hetzner.fake, "servers"));
  assert.equal(fine.code, 0, fine.text);
  assert.deepEqual([fine.tried[0]?.shows, fine.tried[0]?.target], ["192.0.2.2", "two"]);
  assert.match(fine.text, /one +192\.0\.2\.1:80 +server 3001/);
  assert.match(fine.text, /would write server 3001 for one; server 3002 for two \(there already\)/);
  const fresh = await tryOut(address("digitalocean-reserved-ip", digitalocean.fake, "droplets"));
  assert.match(fresh.text, /shows nothing yet\n/);
  const wrong = await tryOut(
    address("digitalocean-reserved-ip", digitalocean.fake, "droplets", "guessed-token"),
  );
  assert.equal(wrong.code, 1);
  assert.match(wrong.tried[0]?.error ?? "", /HTTP 401 \(the credentials are not accepted\)/);
  assert.ok(!wrong.text.includes("guessed-token"));
  for (const { fake } of [digitalocean, hetzner]) assert.deepEqual(fake.writes(), []);
});

function closing(
  fake: ReturnType<typeof startDigitalocean>,
): AsyncDisposable & { readonly fake: typeof fake } {
  return { fake, [Symbol.asyncDispose]: () => fake.close() };
}
