/** What answers is no node, or of another version: one sentence, in time, and nothing that a terminal obeys. */
import assert from "node:assert/strict";
import { err } from "../../../src/base/result.ts";
import { eventsCommand } from "../../../src/cli/events.ts";
import { parseAnswer } from "../../../src/cli/operate.ts";
import type { Screen } from "../../../src/cli/screen.ts";
import { readStatus } from "../../../src/cli/status_shape.ts";
import { statusCommand } from "../../../src/cli/status.ts";
import { allWell, noLeader, quorumLost, serviceDown } from "../view/sample_status.ts";

// deno-lint-ignore no-control-regex
const OBEYED = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e]/;

class Page implements Screen {
  output = "";
  errors = "";
  readonly tty = false;
  readonly colour = false;
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
    return Promise.resolve(false);
  }
}

interface Seen extends Pick<Page, "output" | "errors"> {
  readonly code: number;
}

/** Asks a server that writes what `answer` yields, whatever it is asked, until nobody listens. */
async function ask(
  command: "status" | "events",
  answer: Iterable<string>,
  options: { readonly json?: boolean; readonly timeoutMs?: number; readonly everyMs?: number } = {},
): Promise<Seen> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = serve(listener, answer, options.everyMs ?? 0);
  const screen = new Page();
  const reach = { config: null, nodeId: null, caFile: null, certFile: null, keyFile: null };
  const api = `http://127.0.0.1:${listener.addr.port}`;
  const around = {
    screen,
    loadConfig: () => Promise.resolve(err("none")),
    machine: () => ({ nodeId: null, addresses: [] }),
    timeoutMs: options.timeoutMs ?? 20_000,
  };
  const json = options.json ?? false;
  const code = command === "status"
    ? await statusCommand({ ...reach, api, json, watch: false }, around)
    : await eventsCommand({ ...reach, api, json, follow: false }, around);
  await serving;
  const { output, errors } = screen;
  assert.doesNotMatch(output + errors, OBEYED);
  assert(output.length + errors.length < 600_000, `${output.length} characters`);
  return { code, output, errors };
}

async function serve(listener: Deno.TcpListener, answer: Iterable<string>, everyMs: number): Promise<void> {
  using connection = await listener.accept();
  await connection.read(new Uint8Array(65_536));
  try {
    for (const part of answer) {
      let rest = new TextEncoder().encode(part);
      while (rest.length > 0) rest = rest.subarray(await connection.write(rest));
      if (everyMs > 0) await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  } catch {
    // Nobody listens any more.
  }
}

function json(value: unknown, status = "200 OK"): string[] {
  const body = JSON.stringify(value);
  const length = new TextEncoder().encode(body).length;
  return [`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: ${length}\r\n\r\n`, body];
}

function* endless(head: string, part: (i: number) => string): Iterable<string> {
  yield head;
  for (let i = 0;; i++) yield part(i);
}

/** A status, to be spoilt. */
// deno-lint-ignore no-explicit-any
const copy = (): any => structuredClone(allWell);

Deno.test("what is no node is one sentence and exit code 3: other protocols, shapes, redirects, answers without end", async () => {
  const OK = "HTTP/1.1 200 OK\r\n";
  const cases: readonly (readonly [Iterable<string>, RegExp])[] = [
    [["SSH-2.0-OpenSSH_9\r\n\x1b[31m\r\n"], /does not speak HTTP/],
    [["HTTP/1.1 999999 \x1b[31mX\r\n\r\n"], /does not speak HTTP/],
    [["HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"], /HTTP 302/],
    [[`${OK}content-length: 15\r\n\r\n<html>hi</html>`], /no abfail node/],
    [json({ cluster: 5 }), /no abfail node/],
    [json(null), /no abfail node/],
    [endless(`${OK}\r\n`, () => "a".repeat(65_536)), /too long to be a node's/],
    [endless(OK, (i) => `x-${i}: ${"y".repeat(1000)}\r\n`), /does not speak HTTP/],
  ];
  for (const [answer, wanted] of cases) {
    const parts = [...(Array.isArray(answer) ? answer : [])];
    for (const command of ["status", "events"] as const) {
      if (parts.length === 0 && command === "events") continue; // A stream is read once.
      const { code, output, errors } = await ask(command, parts.length > 0 ? parts : answer);
      assert.deepEqual({ code, output }, { code: 3, output: "" }, errors);
      assert.match(errors, /^error: [^\n]*\n$/);
      assert.match(errors, wanted);
    }
  }
});

Deno.test("a server that drips is given up in time", async () => {
  const drip = endless("HTTP/1.1 200 OK\r\n\r\n", () => "a");
  const { code, errors } = await ask("status", drip, { timeoutMs: 400, everyMs: 20 });
  assert.equal(code, 3);
  assert.match(errors, /no answer within 0\.4 s/);
});

Deno.test("names with escapes, or of ten million characters, are shown harmless and short", async () => {
  const escapes = copy();
  escapes.cluster = "\x1b[2J\u009b";
  escapes.services[0].name = "\x1b[31mred\x07\u202e\n";
  escapes.problems = ["\x1b]0;x\x07 hi"];
  assert.match((await ask("status", json(escapes))).output, /\[31mred/);
  const document = await ask("status", json(escapes), { json: true });
  assert.deepEqual(JSON.parse(document.output), escapes);

  const long = copy();
  long.services[0].name = "n".repeat(10_000_000);
  assert((await ask("status", json(long))).output.length < 10_000);
  const many = copy();
  many.services = Array(5000).fill(many.services[0]);
  assert.match((await ask("status", json(many))).output, /\n… and \d+ lines more: see --json\n$/);
});

Deno.test("fields that are missing, or of another type, are named, and the rest is shown", async () => {
  const older = copy();
  delete older.quorum.alive;
  delete older.services[0].targets[1].opinions;
  delete older.services[0].lastSwitch;
  older.version = "0.0.9";
  const { code, output, errors } = await ask("status", json(older));
  assert.match(output, /sfo2 {2}up /);
  assert.match(
    errors,
    /^note: .*: quorum\.alive, services\[\]\.targets\[\]\.opinions\. The node is abfail 0\.0\.9/,
  );
  assert(code === 0 || code === 1);

  const wrong = copy();
  wrong.peers = [null, 3];
  wrong.services[0].targets = [1, null, { name: {}, opinions: 7, lastProbe: "yes" }];
  wrong.services[0].publishers[0].rehearsal = { state: [] };
  wrong.node.term = {};
  const shown = await ask("status", json(wrong));
  assert.match(shown.errors, /^note: .*node\.term, peers\[\].* and \d+ more\.\n$/);
  assert.match(shown.output, /nyc1/);
});

Deno.test("a newer node's further fields are no trouble; a state that is not known is not taken for a good one", async () => {
  const newer = copy();
  newer.extra = { a: [1] };
  newer.services[0].more = 1;
  assert.deepEqual(await ask("status", json(newer)), await ask("status", json(allWell)));
  newer.services[0].state = "glorious";
  newer.services[0].targets[0].health = "superb";
  const { code, output } = await ask("status", json(newer));
  assert.equal(code, 1);
  assert.match(output, /web UNKNOWN/);
});

Deno.test("a status of ours is read as it is", () => {
  for (const status of [allWell, noLeader, quorumLost, serviceDown]) {
    assert.deepEqual(readStatus(JSON.parse(JSON.stringify(status))), { status, missing: [] });
  }
});

Deno.test("events and messages of afar are cut and do nothing to a terminal", async () => {
  const time = "2026-01-01T00:00:00Z";
  const events = [
    {
      id: 1,
      time,
      level: "\x1b[31minfo",
      name: "\x1b[31mn",
      text: "\x1b[2Jx\u009b",
      service: {},
      epoch: [],
      data: 7,
    },
    { id: 2, time, level: "info", name: "n".repeat(100_000), text: "x".repeat(1_000_000), data: { a: {} } },
  ];
  const { code, output } = await ask("events", json(events));
  assert.equal(code, 0);
  assert.equal(output.trimEnd().split("\n").length, 2);
  assert(output.length < 10_000);
  const lines = (await ask("events", json(events), { json: true })).output.trimEnd().split("\n");
  assert.equal(JSON.parse(lines[0] ?? "").text, "\x1b[2Jx\u009b");
  const { message, error } = parseAnswer(
    JSON.stringify({ message: "\x1b[2Jdone\n", error: "x".repeat(1_000_000) }),
  );
  assert.doesNotMatch(message ?? "", OBEYED);
  assert(!message?.includes("\n"));
  assert.equal(error?.length, 2000);
});
