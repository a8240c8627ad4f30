import assert from "node:assert/strict";
import { createApi } from "../../../src/adapters/api/api.ts";
import { STREAMS_MAX, WAITING_MAX } from "../../../src/adapters/api/event_stream.ts";
import type { Api } from "../../../src/adapters/api/host.ts";
import { FakeHost } from "./fake_host.ts";

const CALLER = { via: "tcp", peer: null } as const;

function open(api: Api, headers: Record<string, string> = {}): Promise<Response> {
  const request = new Request("http://127.0.0.1/v1/events", {
    headers: { accept: "text/event-stream", ...headers },
  });
  return api.handle(request, CALLER);
}

/** Reads until `wanted` is there. */
async function readUntil(reader: ReadableStreamDefaultReader<Uint8Array>, wanted: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  while (!text.includes(wanted)) {
    const { done, value } = await reader.read();
    assert.ok(!done, `the stream ended before ${JSON.stringify(wanted)} in ${JSON.stringify(text)}`);
    text += decoder.decode(value, { stream: true });
  }
  return text;
}

Deno.test("events are JSON unless a stream is asked for", async () => {
  const host = new FakeHost();
  host.happen("one");
  const api = createApi(host, { hostNames: [] });
  const answer = await api.handle(new Request("http://127.0.0.1/v1/events"), CALLER);
  assert.deepEqual((await answer.json()).map((event: { text: string }) => event.text), ["one"]);
});

Deno.test("a stream starts with what is kept and goes on with what happens", async () => {
  const host = new FakeHost();
  host.happen("one");
  const api = createApi(host, { hostNames: [] });
  const answer = await open(api);
  assert.match(answer.headers.get("content-type") ?? "", /^text\/event-stream/);
  const reader = answer.body!.getReader();
  const first = await readUntil(reader, '"one"');
  assert.match(first, /^retry: \d+\n\nid: 1\ndata: \{.*"text":"one".*\}\n\n$/);
  host.happen("two");
  assert.match(await readUntil(reader, '"two"'), /^id: 2\ndata: \{.*\}\n\n$/);
  await reader.cancel();
  assert.equal(host.listeners.size, 0);
});

Deno.test("a reader that comes back gets only what it missed", async () => {
  const host = new FakeHost();
  for (const text of ["one", "two", "three"]) host.happen(text);
  const api = createApi(host, { hostNames: [] });
  const reader = (await open(api, { "last-event-id": "2" })).body!.getReader();
  const text = await readUntil(reader, '"three"');
  assert.ok(!text.includes('"two"'));
  await reader.cancel();
});

Deno.test("a quiet stream shows that it lives", async () => {
  const api = createApi(new FakeHost(), { hostNames: [], heartbeatMs: 5 });
  const reader = (await open(api)).body!.getReader();
  await readUntil(reader, ": alive\n\n");
  await reader.cancel();
});

Deno.test("readers are bounded, and one that leaves makes room", async () => {
  const host = new FakeHost();
  const api = createApi(host, { hostNames: [] });
  const streams = await Promise.all(Array.from({ length: STREAMS_MAX }, () => open(api)));
  const refused = await open(api);
  assert.equal(refused.status, 503);
  await refused.body?.cancel();
  await streams[0]!.body!.cancel();
  const again = await open(api);
  assert.equal(again.status, 200);
  api.endStreams();
  assert.equal(host.listeners.size, 0);
});

Deno.test("a reader that does not read is cut off instead of filling the memory", async () => {
  const host = new FakeHost();
  const api = createApi(host, { hostNames: [] });
  const answer = await open(api);
  for (let i = 0; i < WAITING_MAX + 10; i++) host.happen(String(i));
  assert.equal(host.listeners.size, 0);
  const text = await answer.text();
  assert.ok(text.includes('"text":"0"'));
  assert.ok(!text.includes(`"text":"${WAITING_MAX + 5}"`));
});

Deno.test("ending the streams ends each reader's answer", async () => {
  const host = new FakeHost();
  const api = createApi(host, { hostNames: [] });
  const answers = await Promise.all([open(api), open(api)]);
  api.endStreams();
  for (const answer of answers) assert.match(await answer.text(), /^retry/);
});

/** A reader that wants the status too. */
async function follow(api: Api): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  const url = "http://127.0.0.1/v1/events?status=1";
  const request = new Request(url, { headers: { accept: "text/event-stream" } });
  return (await api.handle(request, CALLER)).body!.getReader();
}

Deno.test("who asks for it gets the whole status at once, after each event and again and again", async () => {
  const host = new FakeHost();
  const api = createApi(host, { hostNames: [] });
  const reader = await follow(api);
  assert.match(await readUntil(reader, "event: status"), /^retry/);
  host.current = { ...host.current, cluster: "renamed" };
  host.happen("one");
  await readUntil(reader, '"one"');
  await readUntil(reader, '"renamed"');
  host.current = { ...host.current, cluster: "renamed again" };
  await readUntil(reader, '"renamed again"'); // without an event
  await reader.cancel();
  assert.equal(host.listeners.size, 0);
});

Deno.test("a status waits for nobody: who does not read gets one, and the newest when it reads", async () => {
  let made = 0;
  class Counting extends FakeHost {
    override status(): typeof this.current {
      made++;
      return super.status();
    }
  }
  const host = new Counting();
  const api = createApi(host, { hostNames: [] });
  const slow = await follow(api);
  const quick = await follow(api);
  for (const before = made; made < before + 4;) {
    host.happen("x");
    await readUntil(quick, "event: status");
  }
  api.endStreams();
  let text = "";
  for (let part = await slow.read(); !part.done; part = await slow.read()) {
    text += new TextDecoder().decode(part.value);
  }
  assert.ok(text.split("event: status").length - 1 <= 1, "statuses piled up");
  for (let part = await quick.read(); !part.done;) part = await quick.read();
});
