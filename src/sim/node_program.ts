import type { Env, MonoMs } from "../base/time.ts";
import type { Config } from "../config/config.ts";
import type { ElectionState } from "../election/state.ts";
import type { Effect } from "../node/events.ts";
import { createNode, nextNodeDeadline, stepNode } from "../node/node.ts";
import type { NodeState } from "../node/state.ts";
import { misjudge, type NodeMutation } from "./node_mutations.ts";
import type { Program, ProgramEvent, StartProgram } from "./program.ts";

/** One whole node, as `run` drives it. */
export class NodeProgram implements Program {
  readonly state: NodeState;
  readonly #mutation: NodeMutation | null;
  #commands = 0;

  constructor(state: NodeState, mutation: NodeMutation | null = null) {
    this.state = state;
    this.#mutation = mutation;
  }

  get election(): ElectionState {
    return this.state.election;
  }

  give(event: ProgramEvent, env: Env): readonly Effect[] {
    if (event.kind === "propose") return [];
    if (this.#mutation !== null) misjudge(this.#mutation, this.state);
    if (event.kind !== "step-down") return stepNode(this.state, event, env);
    const request = `${this.state.incarnation}-drill-${++this.#commands}`;
    return stepNode(this.state, {
      kind: "command",
      request,
      command: { kind: "step-down" },
      who: "the drill",
    }, env);
  }

  nextDeadline(now: MonoMs): MonoMs {
    return nextNodeDeadline(this.state, now);
  }
}

/** Starts whole nodes with the config in force. `born` sees each new life; a mutation makes all of them wrong alike. */
export function nodeProgram(
  config: () => Config,
  born: (id: number, program: NodeProgram) => void,
  mutation: NodeMutation | null = null,
): StartProgram {
  return (id, incarnation, memory, env) => {
    const program = new NodeProgram(
      createNode({ config: config(), self: id, incarnation, memory }, env),
      mutation,
    );
    born(id, program);
    return program;
  };
}
