/** What a virtual world of whole nodes is made from, and what it tells. */
import type { Config } from "../config/config.ts";
import type { Lanes } from "./lanes.ts";
import type { Mutation } from "./mutations.ts";
import type { NodeMutation } from "./node_mutations.ts";
import type { Fence } from "./provider.ts";

/** What is written on the timeline. */
export interface Entry {
  readonly atMs: number;
  /** `fault`, `leader`, `switch`, `opinion`, `publish`, `client`, `other`. */
  readonly what: string;
  readonly text: string;
}

export interface NodeWorldOptions {
  readonly seed: number;
  /** What the world is judged by, and what the nodes run with unless `nodesConfig` says otherwise. */
  readonly config: Config;
  /** Another config for the nodes: a guard taken away. */
  readonly nodesConfig?: Config;
  readonly rho?: number;
  /** Whether providers refuse writes of older epochs. */
  readonly fence?: Fence;
  /** Nodes keep their memory on disk although the config names no `state_dir`. */
  readonly disks?: boolean;
  readonly keepMemory?: boolean;
  readonly mutation?: Mutation | null;
  readonly nodeMutation?: NodeMutation | null;
  readonly tell?: ((entry: Entry) => void) | null;
  /** Draws the picture of the report. */
  readonly lanes?: Lanes | null;
}
