import assert from "node:assert/strict";
import { orderProblems } from "../../../src/view/problems.ts";
import type { ServiceStatus, Status } from "../../../src/view/status_type.ts";
import { judge, statusExitCode } from "../../../src/view/verdict.ts";
import { allWell, drift, noLeader, quorumLost, serviceDown, web } from "./sample_status.ts";

function withWeb(change: Partial<ServiceStatus>): Status {
  return { ...allWell, services: [{ ...web, ...change }] };
}

function withHealth(health: "up" | "suspect" | "down" | "unknown"): Status {
  return withWeb({ targets: [{ ...web.targets[0]!, health }, web.targets[1]!] });
}

Deno.test("the exit code is 0 when all is well and 1 when the answer is bad", () => {
  assert.equal(statusExitCode(allWell), 0);
  for (const status of [noLeader, quorumLost, serviceDown, drift]) assert.equal(statusExitCode(status), 1);
});

Deno.test("the health of the active target decides, not that of the others", () => {
  assert.equal(statusExitCode(withHealth("up")), 0);
  assert.equal(statusExitCode(withHealth("suspect")), 0);
  assert.equal(statusExitCode(withHealth("down")), 1);
  assert.equal(statusExitCode(withHealth("unknown")), 1);
  assert.equal(
    statusExitCode(withWeb({ targets: [web.targets[0]!, { ...web.targets[1]!, health: "down" }] })),
    0,
  );
});

Deno.test("a service with nothing published, or an active target that is gone, is bad", () => {
  assert.equal(statusExitCode(withWeb({ active: null })), 1);
  assert.equal(statusExitCode(withWeb({ active: "gone" })), 1);
});

Deno.test("a publisher that failed or drifted is bad, one that is at work is not", () => {
  const publisher = web.publishers[0]!;
  const code = (state: "ok" | "pending" | "failed" | "drift"): number => {
    return statusExitCode(withWeb({ publishers: [publisher, { ...publisher, state }] }));
  };
  assert.equal(code("ok"), 0);
  assert.equal(code("pending"), 0);
  assert.equal(code("failed"), 1);
  assert.equal(code("drift"), 1);
});

Deno.test("a publisher that could not be changed at a failover is bad: its rehearsal failed", () => {
  const publisher = web.publishers[0]!;
  const rehearsal = { state: "failed", provenMs: null, nextMs: 60_000, error: "HTTP 401" } as const;
  const status = withWeb({ publishers: [{ ...publisher, rehearsal }] });
  assert.equal(statusExitCode(status), 1);
  assert.equal(judge(status).headline, "web: digitalocean-dns web.example.com could not be changed");
});

Deno.test("problems alone are a warning with exit code 0", () => {
  const status = { ...allWell, problems: ["node 3 runs with another config"] };
  assert.equal(judge(status).level, "warning");
  assert.equal(statusExitCode(status), 0);
});

Deno.test("problems come worst first, each once, otherwise in the order given", () => {
  assert.deepEqual(
    orderProblems([
      { kind: "peer", text: "3 is silent" },
      { kind: "service-down", text: "web is down" },
      { kind: "peer", text: "2 is silent" },
      { kind: "drift", text: "drift" },
      { kind: "peer", text: "3 is silent" },
    ]),
    ["web is down", "drift", "3 is silent", "2 is silent"],
  );
});

Deno.test("a node without a zone is called by its number alone", () => {
  const status = { ...allWell, leader: allWell.leader === null ? null : { ...allWell.leader, zone: "" } };
  assert.match(judge(status).detail, /leader 1 for /);
  assert.match(judge(allWell).detail, /leader 1 \(nyc1\) for /);
});
