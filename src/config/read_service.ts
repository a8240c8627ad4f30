import type { ReadDocument } from "./check_cluster.ts";

type ReadServices = NonNullable<ReadDocument["services"]>;

/** One service as it was read. */
export type ReadService = NonNullable<ReadServices[number]>;
