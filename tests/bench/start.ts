/** How long a user waits for a command. */
import assert from "node:assert/strict";
import { abfail } from "../support/abfail.ts";
import { TestCluster } from "../support/cluster.ts";
import { type Figure, figure } from "./figure.ts";

const ROUNDS = 12;

export async function benchStart(): Promise<Figure[]> {
  await using cluster = new TestCluster();
  await cluster.startAll();
  return [
    figure("abfail --help, start to end", "ms", await times(["--help"]), 300),
    figure("abfail status, start to end", "ms", await times(["status", "--api", cluster.apiOf(1)])),
  ];
}

async function times(args: readonly string[]): Promise<number[]> {
  await abfail(args); // fills the caches
  const took: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const since = performance.now();
    const { code, stderr } = await abfail(args);
    took.push(performance.now() - since);
    assert.equal(code, 0, stderr);
  }
  return took;
}
