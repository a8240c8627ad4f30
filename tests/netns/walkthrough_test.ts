/** A new user, the README and nothing else: every command of it, as it stands, on machines in network namespaces. */
import assert from "node:assert/strict";
import { pause } from "../support/cluster.ts";
import { TOKEN } from "../support/fakes/fake.ts";
import { Machine, machineProblem } from "../support/machine.ts";
import { Netns, netnsProblem } from "../support/netns.ts";
import { type Block, blocksUnder, isAsShown, MAIN, onlyLooks } from "../support/walkthrough.ts";

const ADDRESSES: Readonly<Record<string, string>> = {
  ...{ nyc1: "10.0.1.10", sfo2: "10.0.2.10", home: "10.0.3.10", ns: "10.0.4.53" },
};
const PATIENCE_MS = 40_000;
const README = await Deno.readTextFile(new URL("../../README.md", import.meta.url));

const problem = netnsProblem() ?? machineProblem();
if (problem !== null) console.log(`the README's walk-through is not tried: ${problem}`);

/** The one thing that the README does not say: where the fake is. */
const OTHER_API = `\nsed -i '/^domain = /a api_url = "http://${ADDRESSES["ns"]}:8080"' abfail.toml`;

/** Does all that stands under a heading. `before`: what must be there already, such as a name server. */
async function follow(
  heading: string,
  names: readonly string[],
  before: (machines: ReadonlyMap<string, Machine>) => Promise<void> = () => Promise.resolve(),
  change: (block: Block) => string = ({ lines }) => lines,
): Promise<void> {
  const blocks = blocksUnder(README, heading);
  assert.ok(
    blocks.some(({ prints }) => prints !== null && /^10\.|^203\./m.test(prints)),
    "a failover is seen",
  );
  const folder = await Deno.makeTempDir({ prefix: "abfail-walk-" });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const net = stack.use(await Netns.create(names, names.map((name) => ADDRESSES[name] ?? "")));
  const key = `${folder}/key`;
  const made = await new Deno.Command("ssh-keygen", { args: ["-q", "-t", "ed25519", "-N", "", "-f", key] })
    .output();
  assert.ok(made.success);
  const machines = new Map<string, Machine>();
  for (const name of names) {
    machines.set(name, stack.use(await Machine.start(net, name, `${folder}/${name}`, key)));
  }
  await before(machines);
  for (const block of blocks) {
    for (const name of block.machines) {
      const machine = machines.get(name);
      assert.ok(machine, `there is no machine ${name}`);
      await doBlock(machine, { ...block, lines: change(block) }, machines);
    }
  }
}

async function doBlock(machine: Machine, block: Block, all: ReadonlyMap<string, Machine>): Promise<void> {
  if (block.isAside) return await machine.runAside(block.lines);
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const { code, text } = await machine.run(block.lines);
    const isRight = block.prints === null ? code === 0 : isAsShown(text, block.prints);
    if (isRight) return;
    const logs = [...all.values()].map(({ name, aside }) => `${name}:\n${aside.slice(-2000)}`).join("\n");
    assert(
      onlyLooks(block) && performance.now() < end,
      `on ${machine.name}:\n${block.lines}\n\nexit code ${code}, printed:\n${text}\n\nshown:\n${block.prints}\n\n${logs}`,
    );
    await pause(300);
  }
}

Deno.test({
  name: "the README's three machines: from nothing to a failover that dig sees, every command as it stands",
  ignore: problem !== null,
  fn: async () => await follow(MAIN, ["nyc1", "sfo2", "home"]),
});

Deno.test({
  name: "the README's own BIND: signed updates move the record there, every command as it stands",
  ignore: problem !== null,
  fn: async () =>
    await follow("### With your own BIND", ["nyc1", "sfo2", "home", "ns"], async (machines) => {
      // As Debian's service starts it.
      const started = "(named -f -u bind </dev/null >/var/log/named.log 2>&1 &); " +
        "for i in $(seq 100); do rndc status >/dev/null 2>&1 && break; sleep 0.1; done; rndc status";
      const { code, text } = await (machines.get("ns") as Machine).run(started);
      assert.equal(code, 0, text);
    }),
});

const FAKE = new URL("../support/fakes/digitalocean_main.ts", import.meta.url).pathname;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

Deno.test({
  name: "the README's DigitalOcean, against the fake of its API: the name moves, every command as it stands",
  ignore: problem !== null,
  fn: async () =>
    await follow("### With DigitalOcean's DNS", ["nyc1", "sfo2", "home", "ns"], async (machines) => {
      const run = `'${Deno.execPath()}' run -q --config '${CONFIG}' -A '${FAKE}' ${ADDRESSES["ns"]}`;
      const started = `(${run} </dev/null >fake.log 2>&1 &); ` +
        "for i in $(seq 100); do grep -q ready fake.log && break; sleep 0.1; done; cat fake.log";
      const { text } = await (machines.get("ns") as Machine).run(started);
      assert.match(text, /ready/);
      await (machines.get("home") as Machine).run(
        `export DIGITALOCEAN_TOKEN=${TOKEN}; rm -f /etc/resolv.conf; echo nameserver ${
          ADDRESSES["ns"]
        } > /etc/resolv.conf`,
      );
    }, ({ lines }) => lines + (lines.includes("abfail init") ? OTHER_API : "")),
});
