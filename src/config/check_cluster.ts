/** What must hold between the keys of `[cluster]`, `[node]`, `[election]`, `[api]`. */
import { formatHostPort, isLoopback } from "./address.ts";
import { durationText } from "./duration.ts";
import type { document } from "./keys.ts";
import { TIMINGS } from "./keys.ts";
import type { Reading } from "./reading.ts";

/** The document as it was read: undefined where a key is absent or wrong. */
export type ReadDocument = NonNullable<ReturnType<typeof document.read>>;
/** `[election]` as it was read. */
type ReadElection = NonNullable<ReadDocument["election"]>;

/** The heartbeat and the lease that hold, ms: the preset's, unless they are given. */
export function effectiveTiming(
  election: ReadElection | undefined,
): { readonly timing: keyof typeof TIMINGS; readonly heartbeatMs: number; readonly leaseMs: number } {
  const timing = election?.timing ?? "wan";
  const preset = TIMINGS[timing];
  return {
    timing,
    heartbeatMs: election?.heartbeat ?? preset.heartbeatMs,
    leaseMs: election?.lease ?? preset.leaseMs,
  };
}

/** Reports what does not fit together. */
export function checkCluster(read: ReadDocument, reading: Reading): void {
  checkMembers(read, reading);
  checkZones(read, reading);
  checkElection(read.election, reading);
  checkApi(read, reading);
}

function checkMembers(read: ReadDocument, reading: Reading): void {
  const nodes = read.cluster?.nodes;
  if (nodes === undefined) return;
  const at = ["cluster", "nodes"];
  checkCount(nodes.length, read.cluster?.allow_two === true, reading);
  const ids = new Map<number, number>();
  const addresses = new Map<string, number>();
  for (const [i, node] of nodes.entries()) {
    if (node?.id !== undefined) {
      const other = ids.get(node.id);
      if (other !== undefined) {
        reading.report([...at, i, "id"], `node ${other + 1} of the list has id ${node.id} too`);
      } else ids.set(node.id, i);
    }
    if (node?.address !== undefined) {
      const address = formatHostPort(node.address).toLowerCase();
      const other = addresses.get(address);
      if (other !== undefined) {
        reading.report([...at, i, "address"], `node ${other + 1} of the list has the address ${address} too`);
      } else addresses.set(address, i);
    }
  }
  const own = read.node?.id;
  if (own !== undefined && ids.size === nodes.length && !ids.has(own)) {
    reading.report(["node", "id"], `found ${own}; no node of the cluster has this id`, [
      `ids there: ${[...ids.keys()].join(", ")}`,
    ]);
  }
  const local = nodes.filter((node) => node?.address !== undefined && isLoopback(node.address.host)).length;
  if (local > 0 && local < nodes.length) {
    reading.warn(at, "some addresses are loopback ones, which nodes on other machines cannot reach");
  }
}

function checkCount(count: number, allowTwo: boolean, reading: Reading): void {
  const at = ["cluster", "nodes"];
  if (count < 2) {
    reading.report(at, `found ${count === 0 ? "no node" : "1 node"}; at least 3 are needed`, [
      "a majority must remain when one node is lost; a small VM or a laptop will do as the third",
    ]);
  } else if (count === 2 && !allowTwo) {
    reading.report(at, "found 2 nodes; at least 3 are needed", [
      "two nodes survive the loss of none: when either is gone, the other is no majority and changes nothing",
      "add a third (a small VM or a laptop will do), or set [cluster] allow_two = true",
    ]);
  } else if (count === 2) {
    reading.warn(at, "two nodes survive the loss of none: when either is gone, nothing is switched any more");
  } else if (count % 2 === 0) {
    const survives = (count - 1) - Math.floor(count / 2);
    reading.warn(
      at,
      `${count} nodes survive the loss of ${survives}, no more than ${count - 1} do; an odd number is best`,
    );
  }
}

/** A zone that holds so many nodes that the rest is no majority. */
function checkZones(read: ReadDocument, reading: Reading): void {
  const nodes = read.cluster?.nodes ?? [];
  if (nodes.length < 3) return;
  const counts = new Map<string, number>();
  for (const node of nodes) if (node?.zone) counts.set(node.zone, (counts.get(node.zone) ?? 0) + 1);
  const needed = Math.floor(nodes.length / 2) + 1;
  for (const [zone, count] of counts) {
    if (nodes.length - count >= needed) continue;
    const many = count === nodes.length ? "all nodes are" : `${count} of ${nodes.length} nodes are`;
    reading.warn(["cluster", "nodes"], `${many} in zone "${zone}": when it is lost, the rest is no majority`);
  }
}

function checkElection(election: ReadElection | undefined, reading: Reading): void {
  const at = ["election"];
  if (["timing", "heartbeat", "lease"].some((key) => reading.isBad([...at, key]))) return;
  const { timing, heartbeatMs, leaseMs } = effectiveTiming(election);
  if (leaseMs < 3 * heartbeatMs) {
    const from = (key: "heartbeat" | "lease"): string =>
      election?.[key] === undefined ? ` (from timing = "${timing}")` : "";
    const lease = `${durationText(leaseMs)}${from("lease")}`;
    const heartbeat = `${durationText(heartbeatMs)}${from("heartbeat")}`;
    reading.report(
      [...at, election?.lease === undefined ? "heartbeat" : "lease"],
      `the lease is ${lease} and the heartbeat ${heartbeat}; the lease must be at least 3 heartbeats`,
      [`a lease of at least ${durationText(3 * heartbeatMs)}, or a heartbeat of at most ${
        durationText(Math.floor(leaseMs / 3))
      }`],
    );
  }
}

function checkApi(read: ReadDocument, reading: Reading): void {
  const { listen, token_file: token, cert_file: cert, key_file: key, client_ca_file: ca } = read.api ?? {};
  const bad = (name: string): boolean => reading.isBad(["api", name]);
  if (cert === undefined && key !== undefined && !bad("cert_file")) {
    reading.report(["api", "key_file"], "is of no use without cert_file");
  }
  if (cert !== undefined && key === undefined && !bad("key_file")) {
    reading.report(["api", "cert_file"], "needs key_file: the private key of this certificate");
  }
  if (ca !== undefined && cert === undefined && !bad("cert_file")) {
    reading.report(
      ["api", "client_ca_file"],
      "needs cert_file and key_file: clients show theirs over TLS alone",
    );
  }
  if (listen !== undefined && token !== undefined && cert === undefined && !isLoopback(listen.host)) {
    reading.warn(
      ["api", "listen"],
      "the token of commands crosses the network in clear; set cert_file and key_file, or a loopback address",
    );
  }
}
