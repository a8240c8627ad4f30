/**
 * Real resolvers on the way that the world takes: root -> test. (BIND) -> delegation -> abfail's nodes on port 53.
 * All of it on loopback addresses of its own, 127.77.N.x.
 */
import assert from "node:assert/strict";
import { runProgram } from "../support/abfail.ts";
import { TestCluster } from "../support/cluster.ts";
import { type DaemonPlan, DnsDaemon, findProgram, lacks } from "../support/dns_daemon.ts";
import { freePort } from "../support/name_server.ts";

const NAME = "web.drill.test";
const OTHER = "api.second.test";

Deno.test({
  name: "unbound, dnsmasq and systemd-resolved find the name and see a switch, a dead node and a lost quorum",
  ignore: noPort53() || lacks("resolvers", "named", "unbound", "dnsmasq", "dig", "ip"),
  fn: async (t) => {
    const net = `127.77.${1 + Math.floor(Math.random() * 250)}`;
    const hosts = [11, 12, 13].map((last) => `${net}.${last}`);
    await using _addresses = await addAddresses(`${net}.1`, `${net}.2`);
    await using cluster = new TestCluster({
      hosts,
      zones: ["drill.test", "second.test"],
      dns: () => `stale = "servfail"`,
      services: (plan) => secondService(plan.targets.map(({ address }) => address.host)),
    });
    await cluster.startAll();
    await using _root = await DnsDaemon.start(named(`${net}.1`, ".", rootZone(net)));
    await using _test = await DnsDaemon.start(named(`${net}.2`, "test", testZone(net, hosts)));
    await using unbound = await DnsDaemon.start(unboundPlan(`${net}.1`));
    await using dnsmasq = await DnsDaemon.start(dnsmasqPlan(hosts));
    const resolvers: [string, DnsDaemon][] = [["unbound", unbound], ["dnsmasq", dnsmasq]];
    const resolved = resolvedPlan(hosts);
    await using systemd = resolved === null ? null : await DnsDaemon.start(resolved);
    if (systemd !== null) resolvers.push(["systemd-resolved", systemd]);
    const allSee = async (target: "web-a" | "web-b"): Promise<void> => {
      for (const [name, resolver] of resolvers) {
        await cluster.until(
          `${name} answers ${target}\n${resolver.text.slice(-2000)}`,
          async () => await resolver.ask(NAME) === cluster.addressOf(target),
        );
      }
    };

    await t.step("a walk from the root ends at a node, whose answer has authority", async () => {
      const steps = await walk(`${net}.1`, NAME);
      assert.deepEqual(steps.servers.slice(0, 2), [`${net}.1`, `${net}.2`]);
      assert(hosts.includes(steps.servers[2] ?? ""), steps.servers.join());
      assert.match(steps.answer, /flags: qr aa[; ]/);
      assert.match(steps.answer, new RegExp(`IN\\s+A\\s+${cluster.addressOf("web-a")}`));
    });

    await t.step("both resolve; what is not there is NXDOMAIN, what has no such type NODATA", async () => {
      await allSee("web-a");
      for (const [name, resolver] of resolvers) {
        assert.match(await resolver.dig(`nothing.${NAME}`), /status: NXDOMAIN/, name);
        assert.match(await resolver.dig("nothing.drill.test"), /status: NXDOMAIN/, name);
        const noData = await resolver.dig(NAME, "AAAA");
        assert.match(noData, /status: NOERROR.*\n.*ANSWER: 0/, name);
        await cluster.until(
          `${name}: the other zone`,
          async () => await resolver.ask(OTHER) === cluster.addressOf("web-a"),
        );
      }
      // The resolver asks with letters of random case and with minimised names, and takes the answers.
      assert.match(await unbound.dig("drill.test", "NS"), /ns1\.drill\.test/);
    });

    await t.step("a switch is seen once the TTL is over", async () => {
      await cluster.service("web-a").stop();
      await cluster.untilAnswered("web-b");
      const since = performance.now();
      await allSee("web-b");
      // TTL 1 s; three times that, and the machine's own slowness.
      assert(performance.now() - since < 3000 + 2000, `it took ${performance.now() - since} ms`);
    });

    await t.step("one name server less, the leader's: the others are asked", async () => {
      cluster.node(1).kill("SIGKILL");
      cluster.service("web-a").start();
      await cluster.untilAnswered("web-a", [2, 3]);
      await allSee("web-a");
    });

    await t.step(
      "without a lease in sight, stale = servfail: resolvers have nothing to say rather than something old",
      async () => {
        cluster.node(2).kill("SIGKILL");
        await cluster.until("node 3 says SERVFAIL", async () => {
          const said = await runProgram("dig", [`@${hosts[2]}`, "+tries=1", "+time=1", NAME]);
          return said.stdout.includes("status: SERVFAIL");
        });
        // It goes on asking the dead ones for a while: SERVFAIL or silence, never the old address.
        await cluster.until("unbound has no address to give", async () => {
          return !/\sIN\s+A\s/.test((await unbound.dig(NAME)).replace(/^;.*$/gm, ""));
        });
        cluster.start(1, 2);
        await cluster.untilWell(1, "web-a");
        await cluster.untilAnswered("web-a");
      },
    );
  },
});

/** Ports below 1024 are root's, and somebody may sit on all addresses. */
function noPort53(): boolean {
  try {
    Deno.listenDatagram({ transport: "udp", hostname: "127.77.254.254", port: 53 }).close();
    return false;
  } catch (problem) {
    console.error(`resolvers: not run: port 53 of a loopback address cannot be bound (${problem})`);
    return true;
  }
}

/** BIND listens only on addresses that an interface has. */
async function addAddresses(...addresses: readonly string[]): Promise<AsyncDisposable> {
  const ip = async (action: "add" | "del", address: string): Promise<void> => {
    const { code, stderr } = await runProgram("ip", ["addr", action, `${address}/32`, "dev", "lo"]);
    assert.equal(code, 0, stderr);
  };
  for (const address of addresses) await ip("add", address);
  return {
    [Symbol.asyncDispose]: async (): Promise<void> => {
      for (const address of addresses) await ip("del", address);
    },
  };
}

/** Asks the root and follows the referrals by their glue, as a resolver does. */
async function walk(root: string, name: string): Promise<{ servers: string[]; answer: string }> {
  const servers: string[] = [];
  for (let server = root; servers.length < 6;) {
    servers.push(server);
    const args = ["-r", `@${server}`, "+norec", "+tries=2", "+time=2", name, "A"];
    const { stdout } = await runProgram("dig", args);
    if (/ANSWER: [1-9]/.test(stdout)) return { servers, answer: stdout };
    const glue = /ADDITIONAL SECTION:[^]*?IN\s+A\s+([0-9.]+)/.exec(stdout)?.[1];
    assert(glue !== undefined, `${server} gives no way on:\n${stdout}`);
    server = glue;
  }
  return assert.fail("it goes on and on");
}

function named(address: string, zone: string, text: string): DaemonPlan {
  return {
    program: "named",
    address,
    port: 53,
    ready: "all zones loaded",
    args: (folder) => ["-g", "-c", `${folder}/named.conf`],
    files: (folder) => ({
      zone: text,
      "named.conf":
        `options { directory "${folder}"; pid-file "${folder}/pid"; session-keyfile "${folder}/session";
  listen-on port 53 { ${address}; }; listen-on-v6 { none; }; recursion no; notify no; dnssec-validation no; };
controls { };
zone "${zone}" { type primary; file "${folder}/zone"; };
`,
    }),
  };
}

function rootZone(net: string): string {
  return `$TTL 60
. SOA a.root. admin. 1 3600 600 86400 60
. NS a.root.
a.root. A ${net}.1
test. NS ns.test.
ns.test. A ${net}.2
`;
}

/** The delegations, as README has them. */
function testZone(net: string, hosts: readonly string[]): string {
  const names = hosts.map((_, i) => `ns${i + 1}.drill.test.`);
  return `$TTL 60
@ SOA ns.test. admin.test. 1 3600 600 86400 60
@ NS ns.test.
ns A ${net}.2
${names.map((name) => `drill.test. NS ${name}\nsecond.test. NS ${name}`).join("\n")}
${hosts.map((host, i) => `${names[i]} A ${host}`).join("\n")}
`;
}

function unboundPlan(root: string): DaemonPlan {
  const port = freePort();
  return {
    program: "unbound",
    port,
    ready: "start of service",
    args: (folder) => ["-d", "-d", "-c", `${folder}/unbound.conf`],
    files: (folder) => ({
      hints: `. 3600 NS a.root.\na.root. 3600 A ${root}\n`,
      "unbound.conf": `server:
  directory: "${folder}"
  chroot: ""
  username: ""
  pidfile: "${folder}/pid"
  use-syslog: no
  verbosity: 1
  num-threads: 1
  interface: 127.0.0.1@${port}
  do-ip6: no
  do-not-query-localhost: no
  access-control: 127.0.0.0/8 allow
  root-hints: "${folder}/hints"
  module-config: "iterator"
  local-zone: "test." nodefault
  use-caps-for-id: yes
  qname-minimisation: yes
  infra-host-ttl: 2
remote-control:
  control-enable: no
`,
    }),
  };
}

function dnsmasqPlan(hosts: readonly string[]): DaemonPlan {
  const port = freePort();
  const servers = hosts.map((host) => `--server=${host}`);
  return {
    program: "dnsmasq",
    port,
    ready: "started",
    args: (folder) => [
      ...["--no-daemon", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces"],
      ...[
        "--listen-address=127.0.0.1",
        "--except-interface=nothing",
        `--port=${port}`,
        `--pid-file=${folder}/pid`,
      ],
      ...["--user=root", "--all-servers", ...servers],
    ],
    files: () => ({}),
  };
}

/** Where `.ci/run` unpacks the package: installing it would take over the name resolution of the machine. */
const UNPACKED = "/usr/local/lib/abfail-tests/systemd-resolved";

/** systemd-resolved without systemd: a mount namespace of its own, where it finds its user and its settings. */
function resolvedPlan(hosts: readonly string[]): DaemonPlan | null {
  const [program, library] = [`${UNPACKED}/lib/systemd/systemd-resolved`, `${UNPACKED}/usr/lib`];
  if (!isFile(program) || findProgram("unshare") === null) {
    console.error(`resolvers: without systemd-resolved: there is no ${program}, or no unshare`);
    return null;
  }
  const port = freePort();
  const script = `set -e
for file in passwd group; do mount --bind "$1/$file" "/etc/$file"; done
mount -t tmpfs none /run
mkdir -p /run/systemd/resolve /run/systemd/resolved.conf.d
cp "$1/abfail.conf" /run/systemd/resolved.conf.d/
LD_LIBRARY_PATH=$(echo "$2"/*/systemd) SYSTEMD_LOG_TARGET=console SYSTEMD_LOG_LEVEL=debug exec "$3"`;
  return {
    program: "unshare",
    port,
    ready: "Listening on TCP socket",
    args: (folder) => ["-m", "--propagation", "private", "sh", "-c", script, "sh", folder, library, program],
    files: () => ({
      passwd: `${Deno.readTextFileSync("/etc/passwd")}systemd-resolve:x:0:0::/:/bin/false\n`,
      group: `${Deno.readTextFileSync("/etc/group")}systemd-resolve:x:0:\n`,
      "abfail.conf": `[Resolve]
DNS=${hosts.join(" ")}
FallbackDNS=
Domains=~.
DNSStubListener=no
DNSStubListenerExtra=127.0.0.1:${port}
LLMNR=no
MulticastDNS=no
DNSSEC=no
CacheFromLocalhost=yes
`,
    }),
  };
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function secondService(hosts: readonly string[]): string {
  const targets = hosts.map((host, i) => `[[services.targets]]\nname = "api-${i}"\naddress = "${host}:9"\n`);
  return `[[services]]
name = "api"
[services.check]
type = "exec"
command = ["/bin/true"]
${targets.join("")}
[[services.publish]]
type = "dns"
name = "${OTHER}"
ttl = "1s"
`;
}
