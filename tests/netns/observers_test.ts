/** Real nodes on hosts of their own: whose word counts when the network is broken in one place. */
import assert from "node:assert/strict";
import { NodeProcess } from "../../src/drill/node_process.ts";
import type { Status } from "../../src/view/status_type.ts";
import { Netns, netnsProblem } from "../support/netns.ts";
import { pause, randomKey } from "../support/cluster.ts";

const NODES = ["n1", "n2", "n3"] as const;
const TARGETS = ["one", "two"] as const;
const PORT = 8080;
const PATIENCE_MS = 30_000;
const LOSSY_MS = 25_000;

const problem = netnsProblem();
if (problem !== null) console.log(`tests/netns are skipped: ${problem}`);

Deno.test({
  name:
    "observers on three hosts: one host's broken link is suspect and no more; a dead host is left; loss does not flap",
  ignore: problem !== null,
  fn: async (t) => {
    const folder = await Deno.makeTempDir({ prefix: "abfail-netns-" });
    await using net = await Netns.create([...NODES, ...TARGETS]);
    const file = `${folder}/abfail.toml`;
    await Deno.writeTextFile(file, config(net), { mode: 0o600 });
    const running: NodeProcess[] = [];
    try {
      for (const target of TARGETS) running.push(startTarget(net, target));
      for (const [i, node] of NODES.entries()) {
        const args = ["run", "--config", file, "--node-id", String(i + 1), "--log-format", "json"];
        running.push(new NodeProcess(net.launcher(node), args));
      }
      await until(net, "node 1 leads, one is active and up everywhere", (statuses) => {
        return statuses.every((status) => {
          const service = status.services[0];
          return status.leader?.id === 1 && status.quorum.alive === 3 && service?.active === "one" &&
            service.targets.every(({ health }) => health === "up");
        });
      });

      await t.step("the leader alone loses the primary: suspect, shown, not left", async () => {
        await net.cutPair("n1", "one");
        await until(net, "one is suspect at every node", (statuses) => {
          return statuses.every((status) => status.services[0]?.targets[0]?.health === "suspect");
        });
        await pause(3000);
        for (const status of await allStatuses(net)) {
          assert.equal(status.services[0]?.active, "one");
          assert.deepEqual(status.services[0]?.targets[0]?.opinions, { 1: "down", 2: "up", 3: "up" });
          assert(
            status.problems.some((text) => text.includes("only node 1 cannot reach it")),
            String(status.problems),
          );
        }
        await net.heal("n1");
        await net.heal("one");
        await until(net, "one is up again", isUp("one"));
      });

      await t.step("the primary's host is cut from all: switch", async () => {
        const since = performance.now();
        await net.unplug("one");
        await until(
          net,
          "two is active",
          (statuses) => statuses.every((s) => s.services[0]?.active === "two"),
        );
        console.log(`    cut from all -> switched: ${Math.round(performance.now() - since)} ms`);
        await net.plugIn("one");
        await until(net, "one is active again", (statuses) => {
          return statuses.every((s) => s.services[0]?.active === "one");
        });
      });

      await t.step("30 % loss to the primary: no flapping", async () => {
        const since = performance.now();
        await net.lose("one", 30);
        await pause(LOSSY_MS);
        const logs = running.flatMap((process) => process.log).filter(({ at }) => at >= since);
        const switches = logs.filter(({ name, epoch }) => name === "switch" && epoch !== null).length /
          NODES.length;
        const opinions = logs.filter(({ name }) => name === "opinion").length;
        console.log(
          `    ${LOSSY_MS / 1000} s of 30 % loss: ${opinions} opinions changed, ${switches} switches`,
        );
        assert(switches <= 1, `${switches} switches: one away may be right, there and back is flapping`);
        await net.heal("one");
      });
    } finally {
      await Promise.all(running.map((process) => process.stop(3000)));
      await Deno.remove(folder, { recursive: true });
    }
  },
});

function isUp(name: string): (statuses: readonly Status[]) => boolean {
  return (statuses) =>
    statuses.every((status) => {
      return status.services[0]?.targets.find((target) => target.name === name)?.health === "up";
    });
}

function startTarget(net: Netns, name: string): NodeProcess {
  const code = `Deno.serve({ hostname: "0.0.0.0", port: ${PORT}, onListen() {} }, () => new Response("ok"));`;
  return new NodeProcess(net.launcher(name, { program: Deno.execPath(), args: ["eval", "-q"] }), [code]);
}

async function allStatuses(net: Netns): Promise<Status[]> {
  return await Promise.all(NODES.map(async (node) => {
    const text = await net.run(node, "curl", "-s", "--max-time", "3", "http://127.0.0.1:7421/v1/status");
    return JSON.parse(text) as Status;
  }));
}

async function until(net: Netns, what: string, check: (all: readonly Status[]) => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const statuses = await allStatuses(net).catch(() => []);
    if (statuses.length === NODES.length && check(statuses)) return;
    assert(performance.now() < end, `it never came: ${what}\n${JSON.stringify(statuses)}`);
    await pause(100);
  }
}

/** Rise, fall and observers as by default; probes somewhat quicker. */
function config(net: Netns): string {
  const nodes = NODES.map((name, i) => {
    return `[[cluster.nodes]]\nid = ${i + 1}\naddress = "${net.host(name).address}:7420"\nzone = "z${
      i + 1
    }"\n`;
  });
  const targets = TARGETS.map((name) => {
    return `[[services.targets]]\nname = "${name}"\naddress = "${net.host(name).address}:${PORT}"\n`;
  });
  return `[cluster]\nname = "netns"\nkeys = ["${randomKey()}"]\n${nodes.join("")}
[[services]]\nname = "web"\nobservers = "majority"
[services.check]\ntype = "http"\ninterval = "1s"\ntimeout = "800ms"\nfall = 3\nrise = 2
${targets.join("")}`;
}
