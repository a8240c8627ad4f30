import type { Mutation } from "./mutations.ts";

/** A guard that a drill can take away (PRODUCT.md, Drills). */
export type GuardName = "lease" | "quarantine" | "quorum" | "fence" | "observers";

/** The rule of the protocol that goes with it; null where it is not the protocol's. */
export const MUTATION_WITHOUT: Readonly<Record<GuardName, Mutation | null>> = {
  lease: "lease-never-ends",
  quarantine: "no-quarantine",
  quorum: "no-quorum",
  fence: null,
  observers: null,
};
