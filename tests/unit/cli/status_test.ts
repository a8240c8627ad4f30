import assert from "node:assert/strict";
import { ok, type Result } from "../../../src/base/result.ts";
import { err } from "../../../src/base/result.ts";
import { type Machine, type NodeApi, nodeApiOf, parseNodeApi } from "../../../src/cli/node_api.ts";
import type { StatusOptions } from "../../../src/cli/options.ts";
import type { Screen } from "../../../src/cli/screen.ts";
import { statusCommand, type StatusSurroundings } from "../../../src/cli/status.ts";
import { watchStatus } from "../../../src/cli/status_watch.ts";
import type { Fetched } from "../../../src/cli/status_source.ts";
import type { Config, HostPort, MemberConfig } from "../../../src/config/config.ts";
import { renderStatus } from "../../../src/view/status_text.ts";
import type { Status } from "../../../src/view/status_type.ts";
import { allWell, noLeader, serviceDown } from "../view/sample_status.ts";

class FakeScreen implements Screen {
  output = "";
  errors = "";
  colour = false;
  rows = 40;
  /** How many pauses until the user interrupts. */
  pauses = 0;
  /** Writes that succeed before the reader is gone. */
  writes = Infinity;
  readonly tty: boolean;

  constructor(tty = false) {
    this.tty = tty;
  }

  out(text: string): boolean {
    if (this.writes === 0) return false;
    this.writes -= 1;
    this.output += text;
    return true;
  }

  error(text: string): void {
    this.errors += text + "\n";
  }

  size(): { readonly columns: number; readonly rows: number } {
    return { columns: 100, rows: this.rows };
  }

  pause(): Promise<boolean> {
    this.pauses -= 1;
    return Promise.resolve(this.pauses >= 0);
  }
}

const NO_TLS_FILES = { caFile: null, certFile: null, keyFile: null };
const plain: StatusOptions = {
  config: null,
  api: null,
  nodeId: null,
  ...NO_TLS_FILES,
  json: false,
  watch: false,
};
const nobody: Machine = { nodeId: null, addresses: [] };

function around(screen: Screen, more: Partial<StatusSurroundings> = {}): StatusSurroundings {
  return {
    screen,
    loadConfig: () => Promise.resolve(err("no config in this test")),
    machine: () => nobody,
    ...more,
  };
}

async function withServer(
  handler: () => Response | Promise<Response>,
  work: (api: string) => Promise<void>,
): Promise<void> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: (): void => {} }, handler);
  try {
    await work(`http://127.0.0.1:${server.addr.port}`);
  } finally {
    await server.shutdown();
  }
}

function serving(status: Status): () => Response {
  return () => Response.json(status);
}

function member(id: number, host: string, api: HostPort | null = null): MemberConfig {
  return { id, address: { host, port: 7420 }, zone: "z", priority: 0, api, dns: null };
}

function config(listen: string, nodeId: number | null = null): Config {
  return {
    file: "abfail.toml",
    cluster: {
      name: "prod",
      keys: [],
      nodes: [
        member(1, "10.0.1.10"),
        member(2, "10.0.2.10", { host: "10.9.9.9", port: 7000 }),
        member(3, "fd00::3"),
      ],
      allowTwo: false,
    },
    node: { id: nodeId, listen: null, stateDir: null },
    log: { level: null, levels: {} },
    election: {
      timing: "wan",
      heartbeatMs: 100,
      leaseMs: 1000,
      preempt: true,
      preemptDelayMs: 10_000,
      quarantineMs: null,
      mtu: 1200,
    },
    api: { listen: { host: listen, port: 7421 }, tokenFile: null, socket: null, tls: null },
    dns: null,
    services: [],
    notify: [],
    warnings: [],
    flat: new Map(),
  };
}

Deno.test("status prints the text, nothing on stderr, and ends with the verdict's code", async () => {
  for (const [status, code] of [[allWell, 0], [serviceDown, 1], [noLeader, 1]] as const) {
    await withServer(serving(status), async (api) => {
      const screen = new FakeScreen();
      assert.equal(await statusCommand({ ...plain, api }, around(screen)), code);
      assert.equal(screen.output, renderStatus(status, { width: 100, colour: false }));
      assert.equal(screen.errors, "");
    });
  }
});

Deno.test("--json prints the node's document and nothing else", async () => {
  await withServer(serving(serviceDown), async (api) => {
    const screen = new FakeScreen();
    assert.equal(await statusCommand({ ...plain, api, json: true }, around(screen)), 1);
    assert.deepEqual(JSON.parse(screen.output), JSON.parse(JSON.stringify(serviceDown)));
    assert.ok(screen.output.endsWith("}\n"));
    assert.equal(screen.errors, "");
  });
});

Deno.test("a node that cannot be reached is exit code 3 and one sentence that names it", async () => {
  let api = "";
  await withServer(serving(allWell), (address) => {
    api = address;
    return Promise.resolve();
  });
  const screen = new FakeScreen();
  assert.equal(await statusCommand({ ...plain, api }, around(screen)), 3);
  assert.equal(screen.output, "");
  const sentence = `error: no node can be reached at ${api}: nothing listens there (connection refused)\n`;
  assert.equal(screen.errors, sentence);
});

Deno.test("a node that does not answer in time is exit code 3", async () => {
  const never = Promise.withResolvers<Response>();
  await withServer(() => never.promise, async (api) => {
    const screen = new FakeScreen();
    assert.equal(await statusCommand({ ...plain, api }, around(screen, { timeoutMs: 20 })), 3);
    assert.match(screen.errors, /no answer within 0\.02 s/);
    never.resolve(new Response());
  });
});

Deno.test("what is no abfail node is exit code 3", async () => {
  const others = [
    (): Response => new Response("hello"),
    (): Response => new Response("no", { status: 404 }),
    (): Response => Response.json({ cluster: "prod" }),
    (): Response => Response.json(null),
  ];
  for (const other of others) {
    await withServer(other, async (api) => {
      const screen = new FakeScreen();
      assert.equal(await statusCommand({ ...plain, api, json: true }, around(screen)), 3);
      assert.match(screen.errors, /is no abfail node/);
      assert.equal(screen.output, "");
    });
  }
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const api = `http://127.0.0.1:${listener.addr.port}`;
  const screen = new FakeScreen();
  const answering = (async (): Promise<void> => {
    using connection = await listener.accept();
    await connection.write(new TextEncoder().encode("SSH-2.0-OpenSSH_9\r\n"));
  })();
  assert.equal(await statusCommand({ ...plain, api }, around(screen)), 3);
  assert.match(screen.errors, /does not speak HTTP/);
  await answering;
  listener.close();
});

Deno.test("a Unix socket works as an address, and a missing one is exit code 3", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/abfail.sock`;
  const server = Deno.serve({ transport: "unix", path, onListen: (): void => {} }, serving(allWell));
  const screen = new FakeScreen();
  assert.equal(await statusCommand({ ...plain, api: `unix:${path}` }, around(screen)), 0);
  await server.shutdown();
  assert.equal(await statusCommand({ ...plain, api: `unix:${path}` }, around(screen)), 3);
  assert.match(screen.errors, /unix:.*there is no such socket/);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("wrong usage is exit code 2", async () => {
  const wrong: readonly Partial<StatusOptions>[] = [
    { json: true, watch: true },
    { api: "ftp://x" },
    { api: "unix:relative" },
    { config: "broken.toml" },
  ];
  for (const options of wrong) {
    const screen = new FakeScreen();
    assert.equal(await statusCommand({ ...plain, ...options }, around(screen)), 2, JSON.stringify(options));
    assert.match(screen.errors, /^error: /);
  }
});

Deno.test("--config says where the node is", async () => {
  await withServer(serving(allWell), async (api) => {
    const base = config("127.0.0.1");
    const listen = { host: "127.0.0.1", port: Number(new URL(api).port) };
    const loaded: Config = { ...base, api: { ...base.api, listen } };
    const paths: string[] = [];
    const loadConfig = (path: string): Promise<Result<Config, string>> => {
      paths.push(path);
      return Promise.resolve(ok(loaded));
    };
    const screen = new FakeScreen();
    assert.equal(await statusCommand({ ...plain, config: "a.toml" }, around(screen, { loadConfig })), 0);
    assert.deepEqual(paths, ["a.toml"]);
  });
});

Deno.test("an address may be given with or without scheme", () => {
  const text = (given: string): string => {
    const api = parseNodeApi(given);
    return api.ok ? api.value.text : `error ${api.error}`;
  };
  assert.equal(text("http://10.0.0.1:7421/"), "http://10.0.0.1:7421");
  assert.equal(text("10.0.0.1:7421"), "http://10.0.0.1:7421");
  assert.equal(text("https://status.example.com"), "https://status.example.com");
  assert.equal(text("unix:/run/abfail.sock"), "unix:/run/abfail.sock");
  assert.match(text("http://"), /^error/);
});

Deno.test("the node asked is --node-id, ABFAIL_NODE_ID, [node] id, or the one with a local address", () => {
  const at = (given: Config, nodeId: number | null, machine: Machine): string => {
    const api: Result<NodeApi, string> = nodeApiOf(given, nodeId, machine);
    return api.ok ? api.value.text : api.error;
  };
  const on = (address: string): Machine => ({ nodeId: null, addresses: ["127.0.0.1", address] });
  assert.equal(at(config("127.0.0.1"), null, nobody), "http://127.0.0.1:7421");
  assert.equal(at(config("127.0.0.1"), 2, nobody), "http://10.9.9.9:7000");
  assert.equal(at(config("127.0.0.1"), null, { ...nobody, nodeId: 2 }), "http://10.9.9.9:7000");
  assert.equal(at(config("127.0.0.1", 2), null, nobody), "http://10.9.9.9:7000");
  assert.equal(at(config("127.0.0.1"), null, on("10.0.2.10")), "http://10.9.9.9:7000");
  assert.equal(at(config("0.0.0.0"), null, on("10.0.1.10")), "http://127.0.0.1:7421");
  assert.equal(at(config("::"), null, nobody), "http://[::1]:7421");
  assert.equal(at(config("0.0.0.0"), 1, on("10.0.2.10")), "http://10.0.1.10:7421");
  assert.equal(at(config("::"), 3, nobody), "http://[fd00::3]:7421");
  assert.match(at(config("127.0.0.1"), 9, nobody), /no node 9 in abfail\.toml; there are 1, 2, 3/);
});

/** A node that gives each answer in turn. */
function answers(...given: (Status | string)[]): () => Promise<Result<Fetched, string>> {
  return () => {
    const next = given.length > 1 ? given.shift() : given[0];
    if (typeof next === "string" || next === undefined) return Promise.resolve(err(next ?? ""));
    return Promise.resolve(ok({ status: next, text: JSON.stringify(next), missing: [] }));
  };
}

Deno.test("--watch into a file writes one line for each change, ages being none", async () => {
  const older = { ...allWell, leader: { ...allWell.leader!, sinceMs: allWell.leader!.sinceMs + 3_600_000 } };
  const screen = new FakeScreen();
  screen.pauses = 5;
  const code = await watchStatus(
    answers(allWell, older, noLeader, "it is gone", "it is gone", allWell),
    screen,
  );
  assert.equal(code, 0);
  assert.deepEqual(screen.output.split("\n"), [
    "2026-11-25T03:00:00.000Z prod OK: all well; leader 1 (nyc1); 3 of 3 nodes alive; web -> nyc1",
    "2026-11-25T03:00:00.000Z prod BAD: no leader; no leader; 3 of 3 nodes alive; web -> nyc1",
    "BAD: it is gone",
    "2026-11-25T03:00:00.000Z prod OK: all well; leader 1 (nyc1); 3 of 3 nodes alive; web -> nyc1",
    "",
  ]);
});

Deno.test("--watch on a terminal redraws in place, says when the node is gone, gives the cursor back", async () => {
  const screen = new FakeScreen(true);
  screen.pauses = 1;
  assert.equal(await watchStatus(answers(allWell, "no node can be reached"), screen), 3);
  assert.ok(screen.output.startsWith("\x1b[?25l\x1b[H\x1b[2J"));
  assert.ok(screen.output.endsWith("\x1b[?25h"));
  const frames = screen.output.split("\x1b[H").slice(2);
  assert.equal(frames.length, 2);
  assert.match(frames[0] ?? "", /^prod OK: all well/);
  assert.match(frames[1] ?? "", /^BAD: no node can be reached; asking again/);
  assert.match(frames[1] ?? "", /prod OK: all well/, "what it said last is still there");
});

Deno.test("--watch never draws more lines than the terminal has", async () => {
  const screen = new FakeScreen(true);
  screen.rows = 8;
  await watchStatus(answers(allWell), screen);
  const frame = screen.output.split("\x1b[H")[2] ?? "";
  assert.equal(frame.split("\n").length - 1, 7);
  assert.match(frame, /… \d+ more lines/);
});

Deno.test("--watch ends when nobody reads any more", async () => {
  const screen = new FakeScreen();
  screen.pauses = Infinity;
  screen.writes = 1;
  assert.equal(await watchStatus(answers(allWell, noLeader), screen), 1);
});
