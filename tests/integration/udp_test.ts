import assert from "node:assert/strict";
import { openUdp, type Udp } from "../../src/adapters/udp.ts";
import type { HostPort } from "../../src/config/config.ts";

function open(host = "127.0.0.1", port = 0): Udp {
  const udp = openUdp({ listen: { host, port } });
  assert(udp.ok, udp.ok ? "" : udp.error);
  return udp.value;
}

/** Runs with a socket per host, all closed afterwards in any case. */
async function withSockets(
  hosts: readonly string[],
  run: (...sockets: Udp[]) => Promise<void>,
): Promise<void> {
  const sockets = hosts.map((host) => open(host));
  try {
    await run(...sockets);
  } finally {
    await Promise.all(sockets.map((socket) => socket.close()));
  }
}

/** The next datagrams, copied, with their senders. */
function collect(udp: Udp, many: number): Promise<{ text: string; from: HostPort }[]> {
  const got: { text: string; from: HostPort }[] = [];
  return new Promise((resolve) => {
    udp.start((bytes, from) => {
      got.push({ text: new TextDecoder().decode(bytes), from });
      if (got.length === many) resolve(got);
    });
  });
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

Deno.test("datagrams arrive in order with the sender's address", async () => {
  await withSockets(["127.0.0.1", "127.0.0.1"], async (a, b) => {
    const arrived = collect(b!, 3);
    for (const text of ["one", "", "three"]) a!.send(b!.address, bytes(text));
    assert.deepEqual(await arrived, ["one", "", "three"].map((text) => ({ text, from: a!.address })));
    assert.equal(a!.counters.sent, 3);
    assert.equal(b!.counters.received, 3);
  });
});

Deno.test("a socket on [::] speaks IPv4 and IPv6 and shows IPv4 senders as such", async () => {
  await withSockets(["::", "127.0.0.1", "::1"], async (both, four, six) => {
    assert.deepEqual([both!.family, four!.family, six!.family], ["both", "ipv4", "ipv6"]);
    const arrived = collect(both!, 2);
    const atFour = collect(four!, 1);
    const atSix = collect(six!, 1);
    four!.send({ host: "127.0.0.1", port: both!.address.port }, bytes("four"));
    six!.send({ host: "::1", port: both!.address.port }, bytes("six"));
    const from = Object.fromEntries((await arrived).map((each) => [each.text, each.from]));
    assert.deepEqual(from, { four: four!.address, six: six!.address });
    both!.send(four!.address, bytes("back"));
    both!.send(six!.address, bytes("back"));
    assert.equal((await atFour)[0]?.text, "back");
    assert.equal((await atSix)[0]?.text, "back");
  });
});

Deno.test("what cannot be sent is counted by its code and throws nothing", async () => {
  const udp = open();
  udp.send({ host: "::1", port: 9 }, bytes("another family"));
  udp.send({ host: "127.0.0.1", port: 9 }, new Uint8Array(70_000));
  udp.send({ host: "node1.example.com", port: 9 }, bytes("a name"));
  udp.send({ host: "127.0.0.1", port: 9 }, bytes("nobody there"));
  await udp.close();
  udp.send({ host: "127.0.0.1", port: 9 }, bytes("closed"));
  const errors = [...udp.counters.sendErrors].sort();
  assert.deepEqual(errors, [["EAFNOSUPPORT", 1], ["EMSGSIZE", 1], ["closed", 1], ["not-an-address", 1]]);
  assert.equal(udp.counters.sent, 1, "to a closed port: no error, ever");
});

Deno.test("an address in use or not of this machine is refused with a reason", async () => {
  await withSockets(["127.0.0.1"], (udp) => {
    const again = openUdp({ listen: udp!.address });
    assert(!again.ok);
    assert.match(
      again.error,
      /cannot listen on UDP 127\.0\.0\.1:\d+: .*in use: does abfail run here already\?$/i,
    );
    assert(!openUdp({ listen: { host: "203.0.113.9", port: 0 } }).ok);
    return Promise.resolve();
  });
});

Deno.test("closing while receiving is quiet, and may be repeated", async () => {
  const udp = open();
  udp.start(() => {});
  await udp.close();
  await udp.close();
  assert.equal(await udp.drain(), 0);
  assert.equal(udp.counters.receiveErrors.size, 0);
});

Deno.test("drain hands over everything that was in the buffer", async () => {
  await withSockets(["127.0.0.1", "127.0.0.1"], async (a, b) => {
    for (let n = 0; n < 80; n++) a!.send(b!.address, bytes(String(n)));
    await a!.close();
    let received = 0;
    b!.start(() => received++);
    assert.equal(received, 0);
    assert.equal(await b!.drain(), 80);
    assert.equal(received, 80);
  });
});

Deno.test("datagrams that arrived while the process was stopped are all there when drain resolves", async () => {
  const sender = open();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", "--no-prompt", new URL("udp_paused_child.ts", import.meta.url).pathname],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    const { port } = JSON.parse((await lines.read()).value ?? "null");
    child.kill("SIGSTOP");
    for (let n = 0; n < 100; n++) sender.send({ host: "127.0.0.1", port }, bytes(`datagram ${n}`));
    await new Promise((resolve) => setTimeout(resolve, 250));
    child.kill("SIGCONT");
    const seen = JSON.parse((await lines.read()).value ?? "null");
    assert.equal(seen.drained, 100, JSON.stringify(seen));
    assert.equal(seen.later, 100);
  } finally {
    await lines.cancel();
    try {
      child.kill("SIGKILL");
    } catch {
      // it has ended by itself
    }
    await child.status;
    await sender.close();
  }
});
