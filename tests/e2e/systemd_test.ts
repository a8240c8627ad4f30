import assert from "node:assert/strict";
import { NodeProcess } from "../../src/drill/node_process.ts";
import { extraText } from "../../src/cli/init.ts";
import { runProgram, testLauncher } from "../support/abfail.ts";
import { TestCluster } from "../support/cluster.ts";

Deno.test("a node tells systemd all of its life: ready, status, watchdog, reloading, ready again, stopping", async () => {
  await using cluster = new TestCluster();
  const path = `${cluster.folder}/notify`;
  const manager = Deno.listenDatagram({ transport: "unixpacket", path });
  const told: string[] = [];
  const listening = (async (): Promise<void> => {
    try {
      for await (const [bytes] of manager) told.push(new TextDecoder().decode(bytes));
    } catch {
      // Closed at the end.
    }
  })();
  cluster.startServices();
  cluster.start(2, 3);
  const args = ["run", "--config", cluster.configFile(1), "--node-id", "1", "--log-format", "json"];
  const env = { NOTIFY_SOCKET: path, WATCHDOG_USEC: "400000" };
  const node = new NodeProcess(testLauncher(), args, { env });
  const told1 = async (what: RegExp, from = 0): Promise<void> =>
    await cluster.until(`systemd hears ${what}`, () => told.slice(from).some((text) => what.test(text)));
  try {
    await told1(/^READY=1$/);
    await told1(/^STATUS=.*leads/);
    await told1(/^WATCHDOG=1$/);
    const before = told.length;
    const uptimeMs = Number(Deno.readTextFileSync("/proc/uptime").split(" ")[0]) * 1000;
    node.kill("SIGHUP");
    await told1(/^RELOADING=1\nMONOTONIC_USEC=\d+$/, before);
    await told1(/^READY=1$/, before);
    const moment = told.slice(before).find((text) => text.startsWith("RELOADING"))?.split("=").at(-1);
    assert(Number(moment) / 1000 >= uptimeMs, "not before the signal");
    // A wrong config is a reload that ends too: the node goes on, and is ready.
    Deno.writeTextFileSync(cluster.configFile(1), "wrong");
    const again = told.length;
    node.kill("SIGHUP");
    await told1(/^RELOADING=1/, again);
    await told1(/^READY=1$/, again);
    node.kill("SIGTERM");
    assert.equal((await node.ended).code, 0);
    await told1(/^STOPPING=1$/);
  } finally {
    await node.stop(3000);
    manager.close();
    await listening;
  }
});

const hasSystemd = await (async (): Promise<boolean> => {
  try {
    return (await runProgram("systemd-analyze", ["--version"])).code === 0;
  } catch {
    console.error("systemd-analyze is not installed (package systemd): the unit is not judged");
    return false;
  }
})();

Deno.test({
  name: "systemd finds nothing wrong with the unit, and it is as closed as it says",
  ignore: !hasSystemd,
  fn: async () => {
    const folder = await Deno.makeTempDir({ prefix: "abfail-test-" });
    try {
      const file = `${folder}/abfail.service`;
      const unit = extraText("systemd").replace("/usr/local/bin/abfail run", "/bin/true run");
      await Deno.writeTextFile(file, unit);
      const judge = async (...args: string[]): Promise<{ readonly code: number; readonly text: string }> => {
        const { code, stdout, stderr } = await runProgram("systemd-analyze", [...args, file]);
        return { code, text: stdout + stderr };
      };
      const verified = await judge("verify");
      assert.equal(verified.code, 0, verified.text);
      assert.doesNotMatch(verified.text, /abfail\.service:/);
      // 2.0 of 10; a plain unit has 9.6.
      const closed = await judge("security", "--offline=true", "--threshold=20");
      assert.equal(closed.code, 0, closed.text.slice(-200));
      await Deno.writeTextFile(
        file,
        unit.replace(/^(Protect|Restrict|Capability|SystemCallFilter).*\n/gm, ""),
      );
      assert.notEqual((await judge("security", "--offline=true", "--threshold=20")).code, 0);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
