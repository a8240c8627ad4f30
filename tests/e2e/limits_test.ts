/** Machines that are short of something: open files, room on the disk. Linux; the disks need root. */
import assert from "node:assert/strict";
import type { Launcher } from "../../src/drill/launch.ts";
import { pause, TestCluster } from "../support/cluster.ts";
import { runProgram } from "../support/abfail.ts";

const LINUX = Deno.build.os === "linux";
const ROOT = LINUX && Deno.uid() === 0;
/** A lease that outlasts the moments in which a busy machine lets no process run. */
const ELECTION = 'heartbeat = "100ms"\nlease = "2s"\npreempt_delay = "1500ms"';

/** Starts it with so many files. Root could raise its limit again, as the runtime does: without that right. */
function withFiles(count: number, { program, args }: Launcher): Launcher {
  const shell = ["bash", "-c", `ulimit -n ${count}; exec "$@"`, "bash", program, ...args];
  if (Deno.uid() !== 0) return { program: shell[0]!, args: shell.slice(1) };
  return { program: "setpriv", args: ["--bounding-set=-sys_resource", ...shell] };
}

function openFiles(pid: number): number {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
}

async function run(program: string, ...args: string[]): Promise<void> {
  const ran = await runProgram(program, args);
  assert.equal(ran.code, 0, `${program} ${args.join(" ")}: ${ran.stderr}`);
}

Deno.test({
  name: "with too few open files a node does not start, and says what to raise",
  ignore: !LINUX,
  fn: async () => {
    await using cluster = new TestCluster({ launch: (launcher) => withFiles(30, launcher) });
    cluster.start(1);
    assert.equal((await cluster.node(1).ended).code, 2);
    const said = cluster.node(1).log.map(({ text }) => text).join("\n");
    assert.match(said, /may open 30 files and sockets, a node needs 40 and more: raise `ulimit -n`/);
  },
});

Deno.test({
  name: "with 64 open files, clients that hold connections take none from the checks, and the lease stays",
  ignore: !LINUX,
  fn: async () => {
    const launch = (launcher: Launcher, id: number): Launcher =>
      id === 1 ? withFiles(64, launcher) : launcher;
    await using cluster = new TestCluster({ launch, election: ELECTION });
    await cluster.startAll();
    const before = await cluster.status(2);
    const { api, dns } = cluster.plan.nodes[0]!;
    const held: Deno.TcpConn[] = [];
    try {
      for (let i = 0; i < 60; i++) {
        for (const { host, port } of [api, dns]) held.push(await Deno.connect({ hostname: host, port }));
      }
      await pause(2000);
      assert(openFiles(cluster.node(1).pid) < 64, "there is room left");
      const status = await cluster.status(2);
      assert.equal(status?.leader?.epoch, before?.leader?.epoch, "the same lease goes on");
      for (const { opinions } of status?.services[0]?.targets ?? []) assert.equal(opinions["1"], "up");
    } finally {
      for (const connection of held) connection.close();
    }
    const lines = cluster.node(1).log.filter(({ name, level }) => name === "shortage" || level === "error");
    assert.deepEqual(lines.map(({ text }) => text), []);
  },
});

Deno.test({
  name:
    "when open files run out, checks say so and hold nothing against the targets; the lease stays, and it passes",
  ignore: !LINUX,
  fn: async () => {
    await using cluster = new TestCluster({
      election: ELECTION,
      check: 'type = "tcp"\ninterval = "200ms"\nfall = 2',
    });
    await cluster.startAll();
    const before = await cluster.status(2);
    const { pid } = cluster.node(1);
    await run("prlimit", `--pid=${pid}`, "--nofile=4:");
    await cluster.untilLogged(1, "shortage");
    await pause(1500);
    const status = await cluster.status(2);
    assert.equal(status?.leader?.epoch, before?.leader?.epoch, "the same lease goes on");
    for (const { name, opinions } of status?.services[0]?.targets ?? []) {
      assert.equal(opinions["1"], "up", name);
    }
    await run("prlimit", `--pid=${pid}`, "--nofile=1024:");
    await cluster.until("it says so in status, and then no more", async () => {
      const problems = (await cluster.status(1))?.problems ?? ["no answer"];
      return problems.length === 0;
    });
    const told = cluster.node(1).log.filter(({ name }) => name === "shortage");
    assert.equal(told.length, 1, "one line for all of it");
    assert.match(
      told[0]?.text ?? "",
      /^Targets cannot be checked from here: too many open files on this node/,
    );
    assert.equal(cluster.node(1).log.filter(({ text }) => /web-. is down/.test(text)).length, 0);
  },
});

/** Gives node 1 a state_dir of 64 KiB, seen by it alone. */
function onSmallDisk(launcher: Launcher, id: number, folder: string): Launcher {
  if (id !== 1) return launcher;
  const script =
    `mkdir -p ${folder}/state-1 && mount -t tmpfs -o size=64k none ${folder}/state-1 && exec "$@"`;
  return {
    program: "unshare",
    args: ["-m", "bash", "-c", script, "bash", launcher.program, ...launcher.args],
  };
}

for (const trouble of ["full", "read-only"] as const) {
  Deno.test({
    name:
      `a disk that becomes ${trouble} under a node: it runs on, the lease stays, it says so, and forgets safely`,
    ignore: !ROOT,
    fn: async () => {
      await using cluster = new TestCluster({ election: ELECTION, stateDir: true, launch: onSmallDisk });
      await cluster.startAll();
      const { pid } = cluster.node(1);
      const folder = `${cluster.folder}/state-1`;
      const inside = `/proc/${pid}/root${folder}`;
      assert((await Deno.stat(`${inside}/state`)).size > 0, "it remembers");
      if (trouble === "full") fill(`${inside}/junk`);
      else await inNamespace(pid, `mount --bind ${folder} ${folder} && mount -o remount,bind,ro ${folder}`);
      await cluster.service("web-a").stop(); // something to decide, and so to remember
      await cluster.untilAnswered("web-b");
      await cluster.until("it says so", async () => {
        return (await cluster.status(1))?.problems.some((problem) => /state|disk|memory/i.test(problem)) ??
          false;
      });
      const status = await cluster.status(2);
      assert.equal(status?.leader?.id, 1);
      assert.equal(status?.quorum.alive, 3);
      const said = cluster.node(1).log.filter(({ text }) => text.includes("cannot be written"));
      assert(said.length >= 1 && said.length < 5, said.map(({ text }) => text).join("\n"));
      if (trouble === "full") {
        await assert.rejects(
          Deno.stat(`${inside}/state`),
          Deno.errors.NotFound,
          "no older promise is left to be believed",
        );
        await Deno.remove(`${inside}/junk`);
      } else {
        assert.match(said[0]?.text ?? "", /remove it by hand before this node is started again/);
        await inNamespace(pid, `umount ${folder}`);
      }
      cluster.service("web-a").start();
      await cluster.untilAnswered("web-a");
      await cluster.until("it remembers again, and says nothing more", async () => {
        const there = await Deno.stat(`${inside}/state`).then(() => true, () => false);
        return there && (await cluster.status(1))?.problems.length === 0;
      });
    },
  });
}

/** Runs a line of shell where the process sees its own mounts. */
async function inNamespace(pid: number, line: string): Promise<void> {
  await run("nsenter", "-t", String(pid), "-m", "sh", "-c", line);
}

/** Writes until there is no room. */
function fill(path: string): void {
  const file = Deno.openSync(path, { write: true, create: true });
  try {
    for (;;) file.writeSync(new Uint8Array(512));
  } catch {
    // That is what we wanted.
  } finally {
    file.close();
  }
}

/** What README's security section says is enough without `exec` and `*_env`; only for `deno run`. */
const NARROW = "ABFAIL_*,NO_COLOR,TERM,NOTIFY_SOCKET,WATCHDOG_USEC,WATCHDOG_PID,CREDENTIALS_DIRECTORY," +
  "NODE_EXTRA_CA_CERTS,OTEL_*";

Deno.test({
  name: "a config without exec runs, and fails over, with the narrower permissions that README names",
  ignore: (Deno.env.get("ABFAIL_BIN") ?? "") !== "",
  fn: async () => {
    const launch = ({ program, args }: Launcher, _id: number, folder: string): Launcher => ({
      program,
      args: args.map((flag) => {
        if (flag === "--allow-run") return "--allow-run=sh,cat";
        if (flag === "--allow-env") return `--allow-env=${NARROW}`;
        return flag === "--allow-read" || flag === "--allow-write" ? `${flag}=${folder}` : flag;
      }),
    });
    const readme = Deno.readTextFileSync(new URL("../../README.md", import.meta.url));
    for (const name of NARROW.split(",")) assert(readme.includes(name), name);
    const api = (folder: string, id: number): string => `socket = "${folder}/api-${id}.sock"\n`;
    await using cluster = new TestCluster({ election: ELECTION, stateDir: true, api, launch });
    await cluster.startAll();
    await cluster.service("web-a").stop();
    await cluster.untilAnswered("web-b");
    const doubts = [1, 2, 3].flatMap((id) => cluster.node(id).log).filter(({ text, level }) => {
      return level === "error" || /--allow-|Requires|cannot be seen/.test(text);
    });
    assert.deepEqual(doubts.map(({ text }) => text), []);
  },
});
