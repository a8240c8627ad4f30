/** Hidden primary: BIND and Knot keep a copy of the zone and serve it; abfail's nodes are asked by nobody else. */
import assert from "node:assert/strict";
import { runProgram } from "../support/abfail.ts";
import { TestCluster } from "../support/cluster.ts";
import { DnsDaemon, findProgram, lacks } from "../support/dns_daemon.ts";
import { freePort } from "../support/name_server.ts";

const ZONE = "drill.test";
const NAME = "web.drill.test";
const KEY_NAME = "transfer";
const SECRET = btoa("a key for transfers, thirty-two b");
const OTHER_SECRET = btoa("another key, also of thirty-two b");

Deno.test({
  name: "secondaries copy the zone with the key, hear of each change, and follow leaders and reloads",
  ignore: lacks("secondaries", "named", "dig"),
  fn: async (t) => {
    const ports = { bind: freePort(), knot: freePort() };
    const withKnot = findProgram("knotd") !== null;
    const notify = [ports.bind, ...(withKnot ? [ports.knot] : [])].map((port) => `127.0.0.1:${port}`);
    await using cluster = new TestCluster({
      dns: (folder) =>
        `transfer_to = ["127.0.0.1"]
transfer_key_name = "${KEY_NAME}"
transfer_key_file = "${folder}/transfer.key"
notify_to = ${JSON.stringify(notify)}`,
    });
    await Deno.writeTextFile(`${cluster.folder}/transfer.key`, `${SECRET}\n`, { mode: 0o600 });
    await cluster.startAll();
    const primaries = [1, 2, 3].map((id) => cluster.dnsPort(id));
    await using bind = await DnsDaemon.start(bindSecondary(ports.bind, primaries));
    await using knot = withKnot ? await DnsDaemon.start(knotSecondary(ports.knot, primaries)) : null;
    const secondaries = [bind, ...(knot === null ? [] : [knot])];
    let serial = 0;
    const follows = async (what: string, isSo: (daemon: DnsDaemon) => Promise<boolean>): Promise<void> => {
      for (const daemon of secondaries) {
        await cluster.until(`${what} at a secondary\n${daemon.text.slice(-3000)}`, () => isSo(daemon));
      }
      const now = Number((await bind.ask(ZONE, "SOA")).split(" ")[2]);
      assert(now > serial, `serial ${now} after ${serial}`);
      serial = now;
    };
    const shows = (name: "web-a" | "web-b") => async (daemon: DnsDaemon): Promise<boolean> =>
      await daemon.ask(NAME) === cluster.addressOf(name);

    await t.step("who has no key, or another one, or asks over UDP, gets nothing", async () => {
      const axfr = (...args: string[]): Promise<string> => dig(primaries[0]!, ...args, ZONE, "AXFR");
      assert.match(await axfr(), /Transfer failed/);
      const wrong = await axfr("-y", `hmac-sha256:${KEY_NAME}:${OTHER_SECRET}`);
      assert.match(wrong, /BADSIG|tsig verify failure|Transfer failed/i);
      assert.doesNotMatch(wrong, /IN\s+A/);
      assert.match(await axfr("-y", `hmac-sha256:unknown:${SECRET}`), /BADKEY|Transfer failed|tsig/i);
      const whole = await axfr("-y", `hmac-sha256:${KEY_NAME}:${SECRET}`);
      assert.match(whole, /web\.drill\.test\.\s+1\s+IN\s+A\s+127\.0\.0\.2/);
      assert.equal(whole.match(/IN\s+SOA/g)?.length, 2);
    });

    await t.step("the zone is copied", async () => {
      await follows("the first copy", shows("web-a"));
      assert.match(await bind.dig(NAME, "A"), /flags: qr aa/);
    });

    await t.step("a switch is told by NOTIFY, and the copy follows", async () => {
      await cluster.service("web-a").stop();
      await follows("the switch", shows("web-b"));
      assert.match(bind.text, /received notify for zone 'drill\.test'.*TSIG 'transfer'/);
      await cluster.until("a node counts a transfer and an acknowledged NOTIFY", async () => {
        const texts = await Promise.all([1, 2, 3].map((id) => cluster.get(id, "/metrics")));
        const all = texts.map((one) => one?.text ?? "").join("\n");
        return /dns_transfers_total [1-9]/.test(all) &&
          /dns_notifies_total\{result="acknowledged"\} [1-9]/.test(all);
      });
    });

    await t.step("the serial goes on rising under another leader", async () => {
      cluster.node(1).kill("SIGKILL");
      cluster.service("web-a").start();
      await follows("the switch back", shows("web-a"));
      cluster.start(1);
      await cluster.untilWell(1, "web-a");
    });

    await t.step("a reload that changes the answers raises the serial", async () => {
      for (const id of [1, 2, 3]) {
        const text = await Deno.readTextFile(cluster.configFile(id));
        await Deno.writeTextFile(cluster.configFile(id), text.replace('ttl = "1s"', 'ttl = "7s"'));
      }
      // The followers first: until the leader has it too, they hand out no copy.
      for (const id of [3, 2]) cluster.node(id).kill("SIGHUP");
      await cluster.untilLogged(2, "reload");
      const early = await dig(primaries[1]!, "-y", `hmac-sha256:${KEY_NAME}:${SECRET}`, ZONE, "AXFR");
      assert.match(early, /Transfer failed/);
      cluster.node(1).kill("SIGHUP");
      await follows(
        "the new TTL",
        async (daemon) => /web\.drill\.test\.\s+7\s+IN\s+A/.test(await daemon.dig(NAME, "A")),
      );
    });

    await t.step(
      "without a lease in sight, stale = serve: the last answer stays, and can be copied",
      async () => {
        for (const id of [1, 2]) cluster.node(id).kill("SIGKILL");
        await cluster.until("node 3 knows no leader", async () => (await cluster.status(3))?.leader === null);
        assert.equal(await cluster.dig(3), cluster.addressOf("web-a"));
        const copy = await dig(primaries[2]!, "-y", `hmac-sha256:${KEY_NAME}:${SECRET}`, ZONE, "AXFR");
        assert.equal(copy.match(/IN\s+SOA/g)?.length, 2, copy);
      },
    );
  },
});

async function dig(port: number, ...args: readonly string[]): Promise<string> {
  const { stdout } = await runProgram("dig", ["-r", "@127.0.0.1", "-p", String(port), "+tries=1", ...args]);
  return stdout;
}

type Plan = Parameters<typeof DnsDaemon.start>[0];

function bindSecondary(port: number, primaries: readonly number[]): Plan {
  const list = primaries.map((one) => `127.0.0.1 port ${one} key "${KEY_NAME}";`).join(" ");
  return {
    program: "named",
    port,
    ready: "all zones loaded",
    args: (folder) => ["-g", "-c", `${folder}/named.conf`],
    files: (folder) => ({
      "named.conf": `key "${KEY_NAME}" { algorithm hmac-sha256; secret "${SECRET}"; };
options { directory "${folder}"; pid-file "${folder}/pid"; session-keyfile "${folder}/session";
  listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; }; recursion no; notify no; dnssec-validation no; };
controls { };
zone "${ZONE}" { type secondary; primaries { ${list} }; file "${folder}/copy"; };
`,
    }),
  };
}

function knotSecondary(port: number, primaries: readonly number[]): Plan {
  const remotes = primaries.map((one, i) =>
    `  - id: node${i}\n    address: 127.0.0.1@${one}\n    key: ${KEY_NAME}\n`
  );
  const ids = primaries.map((_, i) => `node${i}`).join(", ");
  return {
    program: "knotd",
    port,
    ready: "server started",
    args: (folder) => ["-c", `${folder}/knot.conf`],
    files: (folder) => ({
      "knot.conf": `server:
    rundir: "${folder}"
${Deno.uid() === 0 ? "    user: root\n" : ""}    listen: ["127.0.0.1@${port}"]
log:
  - target: stderr
    any: info
control:
    listen: "${folder}/knot.sock"
database:
    storage: "${folder}"
key:
  - id: ${KEY_NAME}
    algorithm: hmac-sha256
    secret: ${SECRET}
remote:
${remotes.join("")}acl:
  - id: told
    key: ${KEY_NAME}
    action: notify
zone:
  - domain: ${ZONE}
    file: "${folder}/copy"
    master: [${ids}]
    acl: told
`,
    }),
  };
}
