import assert from "node:assert/strict";
import { connectTcp } from "../../src/adapters/connect.ts";

const ROUNDS = 6;
const CONNECTIONS = 10;
const GIVEN_UP_MS = 20;
/** Longest until a closed connection is seen to be, ms. */
const ENDED_MS = 5000;

/** Nothing else runs for so long: the connections are made by the kernel meanwhile, and the signals are due. */
function stall(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

async function acceptAll(listener: Deno.TcpListener): Promise<Deno.Conn[]> {
  const accepted: Deno.Conn[] = [];
  while (accepted.length < CONNECTIONS) accepted.push(await listener.accept());
  return accepted;
}

/** Whether the other side holds the connection no longer: the end of what it sends, or a reset. */
async function hasEnded(conn: Deno.Conn): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<number>((resolve) => timer = setTimeout(() => resolve(1), ENDED_MS));
  const read = await Promise.race([conn.read(new Uint8Array(1)).catch(() => null), late]);
  clearTimeout(timer);
  return read === null;
}

/** Begins to connect, and gives up soon; true when it was given the connection all the same. */
async function connectsInTime(port: number): Promise<boolean> {
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error("its time is over")), GIVEN_UP_MS);
  try {
    (await connectTcp("127.0.0.1", port, stop.signal)).close();
    return true;
  } catch {
    return false;
  }
}

Deno.test("connections that are made while their time runs out in a stalled process are closed", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  for (let round = 0; round < ROUNDS; round++) {
    const accepting = acceptAll(listener);
    const begun = Array.from({ length: CONNECTIONS }, () => connectsInTime(port));
    await Promise.resolve();
    stall(3 * GIVEN_UP_MS);
    assert.ok((await Promise.all(begun)).includes(false), "the stall was too short to be one");
    for (const conn of await accepting) {
      assert.ok(await hasEnded(conn), "the connection stays open");
      conn.close();
    }
  }
});

Deno.test("a signal that has fired already gives its reason", async () => {
  const stop = new AbortController();
  stop.abort(new Error("never mind"));
  await assert.rejects(connectTcp("127.0.0.1", 9, stop.signal), /never mind/);
});
