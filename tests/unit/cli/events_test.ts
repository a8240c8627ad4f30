import assert from "node:assert/strict";
import { err } from "../../../src/base/result.ts";
import { eventsCommand } from "../../../src/cli/events.ts";
import type { EventsOptions } from "../../../src/cli/options.ts";
import type { Screen } from "../../../src/cli/screen.ts";
import type { StatusSurroundings } from "../../../src/cli/status.ts";
import { createApi } from "../../../src/adapters/api/api.ts";
import { textLine } from "../../../src/view/log_line.ts";
import { FakeHost } from "../api/fake_host.ts";

const plain: EventsOptions = {
  config: null,
  api: null,
  nodeId: null,
  caFile: null,
  certFile: null,
  keyFile: null,
  json: false,
  follow: false,
};

/** A terminal on which the user interrupts once `steps`, one a pause, are used up. */
class Script implements Screen {
  output = "";
  errors = "";
  readonly tty = false;
  readonly colour = false;
  readonly #steps: (() => void)[];

  constructor(...steps: (() => void)[]) {
    this.#steps = steps;
  }

  out(text: string): boolean {
    this.output += text;
    return true;
  }

  error(text: string): void {
    this.errors += text + "\n";
  }

  size(): { readonly columns: number; readonly rows: number } {
    return { columns: 100, rows: 40 };
  }

  pause(): Promise<boolean> {
    const step = this.#steps.shift();
    step?.();
    return Promise.resolve(step !== undefined);
  }
}

function around(screen: Screen): StatusSurroundings {
  return {
    screen,
    loadConfig: () => Promise.resolve(err("no config in this test")),
    machine: () => ({ nodeId: null, addresses: [] }),
  };
}

/** The node's own API behind a real socket; while `down` holds, it fails. */
async function withNode(
  work: (node: { readonly host: FakeHost; readonly api: string; down: boolean }) => Promise<void>,
): Promise<void> {
  const host = new FakeHost();
  const api = createApi(host, { hostNames: [] });
  const node = { host, api: "", down: false };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: (): void => {} }, (request) => {
    return node.down
      ? new Response("no", { status: 500 })
      : api.handle(request, { via: "tcp", peer: "127.0.0.1" });
  });
  node.api = `http://127.0.0.1:${server.addr.port}`;
  try {
    await work(node);
  } finally {
    await server.shutdown();
  }
}

Deno.test("events are told in the words of the log, one a line", async () => {
  await withNode(async ({ host, api }) => {
    host.happen("web: one -> two (down).");
    host.happen("web: two -> one (failback).");
    const screen = new Script();
    assert.equal(await eventsCommand({ ...plain, api }, around(screen)), 0);
    const lines = host.recentEvents().map((event) => textLine(event, Date.parse(event.time)));
    assert.equal(screen.output, lines.join("\n") + "\n");
    assert.equal(screen.errors, "");
  });
});

Deno.test("--json gives one document a line", async () => {
  await withNode(async ({ host, api }) => {
    host.happen("first");
    host.happen("second");
    const screen = new Script();
    assert.equal(await eventsCommand({ ...plain, api, json: true }, around(screen)), 0);
    const texts = screen.output.trimEnd().split("\n").map((line) => JSON.parse(line).text);
    assert.deepEqual(texts, ["first", "second"]);
  });
});

Deno.test("--follow tells each event once, and says once that the node is gone", async () => {
  await withNode(async (node) => {
    const { host, api } = node;
    host.happen("before");
    const screen = new Script(
      () => host.happen("while"),
      () => {},
      () => node.down = true,
      () => {},
      () => {
        node.down = false;
        host.happen("after");
      },
    );
    assert.equal(await eventsCommand({ ...plain, api, follow: true, json: true }, around(screen)), 0);
    const texts = screen.output.trimEnd().split("\n").map((line) => JSON.parse(line).text);
    assert.deepEqual(texts, ["before", "while", "after"]);
    assert.equal(screen.errors.trimEnd().split("\n").length, 1);
    assert.match(screen.errors, /asking again/);
  });
});

Deno.test("what is no node is exit code 3, a wrong address 2", async () => {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: (): void => {} }, () => {
    return Response.json([{ id: "x" }]);
  });
  try {
    const screen = new Script();
    const api = `http://127.0.0.1:${server.addr.port}`;
    assert.equal(await eventsCommand({ ...plain, api }, around(screen)), 3);
    assert.match(screen.errors, /is no abfail node/);
    assert.equal(await eventsCommand({ ...plain, api: "ftp://x" }, around(new Script())), 2);
  } finally {
    await server.shutdown();
  }
});
