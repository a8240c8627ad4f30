import assert from "node:assert/strict";
import { openSystemd } from "../../../src/adapters/systemd.ts";

/** A service manager's end of the line. */
function manager(): { path: string; next(): Promise<string>; close(): void } {
  const folder = Deno.makeTempDirSync();
  const path = `${folder}/notify`;
  const socket = Deno.listenDatagram({ transport: "unixpacket", path });
  return {
    path,
    next: async (): Promise<string> => new TextDecoder().decode((await socket.receive())[0]),
    close: (): void => {
      socket.close();
      Deno.removeSync(folder, { recursive: true });
    },
  };
}

function environment(vars: Readonly<Record<string, string>>): (name: string) => string | undefined {
  return (name) => vars[name];
}

Deno.test("systemd hears that the node is ready, how it is, and that it stops, in this order", async () => {
  const there = manager();
  const systemd = openSystemd({ env: environment({ NOTIFY_SOCKET: there.path }), healthy: () => true });
  systemd.ready();
  systemd.status("leader\nof three");
  systemd.stopping();
  assert.deepEqual([await there.next(), await there.next(), await there.next()], [
    "READY=1",
    "STATUS=leader of three",
    "STOPPING=1",
  ]);
  await systemd.close();
  there.close();
});

Deno.test("a reload is told with its moment, in which systemd does not see an older one", async () => {
  const there = manager();
  const env = environment({ NOTIFY_SOCKET: there.path });
  const systemd = openSystemd({ env, healthy: () => true, uptimeMs: () => 123_450 });
  systemd.reloading();
  systemd.ready();
  assert.deepEqual([await there.next(), await there.next()], [
    "RELOADING=1\nMONOTONIC_USEC=123460000",
    "READY=1",
  ]);
  await systemd.close();
  there.close();
});

Deno.test("the watchdog is fed while the process keeps its timing, and not while it does not", async () => {
  const there = manager();
  let healthy = true;
  let asked = 0;
  const env = environment({
    NOTIFY_SOCKET: there.path,
    WATCHDOG_USEC: "20000",
    WATCHDOG_PID: String(Deno.pid),
  });
  const systemd = openSystemd({
    env,
    healthy: () => {
      asked++;
      return healthy;
    },
  });
  assert.equal(await there.next(), "WATCHDOG=1");
  healthy = false;
  const from = asked;
  while (asked < from + 3) await new Promise((resolve) => setTimeout(resolve, 5));
  systemd.ready();
  let last = await there.next();
  while (last === "WATCHDOG=1") last = await there.next(); // fed before it fell ill
  assert.equal(last, "READY=1");
  await systemd.close();
  there.close();
});

Deno.test("without systemd nothing is opened, and a manager that is gone harms nothing", async () => {
  const none = openSystemd({ env: environment({ WATCHDOG_USEC: "1000" }), healthy: () => true });
  none.ready();
  await none.close();
  const gone = openSystemd({
    env: environment({ NOTIFY_SOCKET: "/nonexistent/notify" }),
    healthy: () => true,
  });
  gone.ready();
  gone.stopping();
  await gone.close();
});
