/** How long a user waits for a command. */
import assert from "node:assert/strict";
import { abfail } from "../support/abfail.ts";
import { TestCluster } from "../support/cluster.ts";
import type { Ask } from "./frame.ts";
import { keep } from "./keep.ts";
import { atMost, measured, type Row } from "./row.ts";

export async function benchStart(ask: Ask): Promise<Row[]> {
  await using cluster = keep(new TestCluster());
  await cluster.startAll();
  const settings = "start to end";
  const status = ["status", "--api", cluster.apiOf(1)];
  return [
    measured(
      { what: "abfail --help", settings, unit: "ms", goals: [atMost("median", 150)] },
      await times(ask, ["--help"]),
    ),
    measured(
      { what: "abfail status", settings, unit: "ms", goals: [atMost("median", 250)] },
      await times(ask, status),
    ),
  ];
}

async function times(ask: Ask, args: readonly string[]): Promise<number[]> {
  await abfail(args); // fills the caches
  const took: number[] = [];
  for (let round = 0; round < ask.rounds; round++) {
    const since = performance.now();
    const { code, stderr } = await abfail(args);
    took.push(performance.now() - since);
    assert.equal(code, 0, stderr);
  }
  return took;
}
