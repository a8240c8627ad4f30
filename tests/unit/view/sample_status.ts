/** Statuses for the tests of everything that shows one. */
import type { ServiceStatus, Status } from "../../../src/view/status_type.ts";

/** A service whose primary serves. */
export const web: ServiceStatus = {
  name: "web",
  active: "nyc1",
  activeSinceMs: 7_500_000,
  pinned: null,
  state: "ok",
  targets: [
    {
      name: "nyc1",
      health: "up",
      drained: false,
      opinions: { "1": "up", "2": "up", "3": "up" },
      lastProbe: { ok: true, latencyMs: 3.1, detail: "HTTP 200", ageMs: 400 },
      address: "10.0.1.20",
      publish: "web-nyc1.example.com",
    },
    {
      name: "sfo2",
      health: "up",
      drained: false,
      opinions: { "1": "up", "2": "up", "3": "unknown" },
      lastProbe: { ok: true, latencyMs: 71.4, detail: "HTTP 200", ageMs: 620 },
      address: "10.0.2.20",
      publish: "web-sfo2.example.com",
    },
  ],
  publishers: [
    {
      type: "digitalocean-dns",
      name: "web.example.com",
      shows: "web-nyc1.example.com",
      fence: "lease-only",
      state: "ok",
      lastChangeMs: 7_500_000,
      verifiedMs: 20_000,
      error: null,
      rehearsal: { state: "ok", provenMs: 7_500_000, nextMs: 78_900_000, error: null },
      history: [],
    },
  ],
  lastSwitch: {
    from: "sfo2",
    to: "nyc1",
    reason: "failback",
    atMs: 7_500_000,
    detectMs: 2100,
    decideMs: 3,
    publishMs: 140,
  },
};

/** Three nodes, node 1 leads, all well. */
export const allWell: Status = {
  version: "0.1.0",
  cluster: "prod",
  time: "2026-11-25T03:00:00.000Z",
  node: {
    id: 1,
    zone: "nyc1",
    role: "leader",
    term: 1763881200123,
    epoch: "1763881200123.1",
    leaseRemainingMs: 812,
    uptimeMs: 7_600_000,
    incarnation: "00112233445566ff",
    address: "10.0.1.10:7420",
  },
  leader: { id: 1, zone: "nyc1", epoch: "1763881200123.1", sinceMs: 7_590_000 },
  quorum: { size: 3, needed: 2, alive: 3 },
  peers: [
    {
      id: 2,
      zone: "sfo2",
      address: "10.0.2.10:7420",
      alive: true,
      suspicion: 0.1,
      lastHeardMs: 12,
      rttMs: 71.2,
      lossPercent: 0,
      problem: null,
    },
    {
      id: 3,
      zone: "laptop",
      address: "home.example.net:7420",
      alive: true,
      suspicion: 0.2,
      lastHeardMs: 43,
      rttMs: 18.9,
      lossPercent: 2.2,
      problem: null,
    },
  ],
  services: [web],
  problems: [],
};

/** Node 3 between two leaders: quorum there, nobody leads. */
export const noLeader: Status = {
  ...allWell,
  node: { ...allWell.node, role: "preparing", epoch: null, leaseRemainingMs: null },
  leader: null,
  problems: ["no leader for 1.4 s; node 1 is asking for votes"],
};

/** Cut off from both others. */
export const quorumLost: Status = {
  ...noLeader,
  quorum: { size: 3, needed: 2, alive: 1 },
  peers: allWell.peers.map((peer) => ({
    ...peer,
    alive: false,
    suspicion: 9.5,
    lastHeardMs: 95_000,
    rttMs: null,
    lossPercent: 100,
    problem: `${peer.id} is not heard and does not hear you`,
  })),
  services: [{ ...web, state: "unknown" }],
  problems: [
    "1 of 3 nodes alive, 2 are needed: what is published stays as it is (web -> nyc1) and nothing can be switched",
    "no leader for 1 m 35 s",
  ],
};

/** Both targets of web are down. */
export const serviceDown: Status = {
  ...allWell,
  services: [{
    ...web,
    state: "down",
    targets: [
      {
        ...web.targets[0]!,
        health: "down",
        opinions: { "1": "down", "2": "down", "3": "down" },
        lastProbe: { ok: false, latencyMs: 800, detail: "no answer within 800 ms", ageMs: 90 },
      },
      {
        ...web.targets[1]!,
        health: "down",
        drained: true,
        opinions: { "1": "down", "2": "down", "3": "up" },
        lastProbe: { ok: false, latencyMs: 0.6, detail: "connection refused", ageMs: 310 },
      },
    ],
  }],
  problems: ["web: no target is healthy; nyc1 stays published (on_all_down = keep)", "web: sfo2 is drained"],
};

/** Somebody else changed the record. */
export const drift: Status = {
  ...allWell,
  services: [{
    ...web,
    state: "degraded",
    pinned: "nyc1",
    publishers: [
      {
        ...web.publishers[0]!,
        state: "drift",
        shows: "parking.example.org",
        error: "shows parking.example.org, published was web-nyc1.example.com; on_drift = report",
      },
    ],
  }],
  problems: [
    "web: web.example.com at digitalocean-dns shows parking.example.org instead of web-nyc1.example.com",
  ],
};
