/**
 * A node's core as its loop drives it. There is one (`NODE_PROGRAM`), and the shipped program knows no other: the loop
 * takes it as an argument so that tests can run wrong ones on the real world, to see whether their judges notice.
 */
import type { Env, MonoMs } from "../base/time.ts";
import type { Effect, NodeEvent } from "./events.ts";
import { createNode, mayPublish, nextNodeDeadline, type NodeOptions, stepNode } from "./node.ts";
import type { NodeState } from "./state.ts";

/** See the functions of the same names in `node.ts`. */
export interface NodeProgram {
  create(options: NodeOptions, env: Env): NodeState;
  step(state: NodeState, event: NodeEvent, env: Env): Effect[];
  nextDeadline(state: NodeState, now: MonoMs): MonoMs;
  mayPublish(state: NodeState, now: MonoMs, deadline?: MonoMs): boolean;
}

/** The right one. */
export const NODE_PROGRAM: NodeProgram = {
  create: createNode,
  step: stepNode,
  nextDeadline: nextNodeDeadline,
  mayPublish,
};
