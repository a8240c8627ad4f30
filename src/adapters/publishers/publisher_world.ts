import type { Rfc2136World } from "./rfc2136.ts";
import type { VerifyWorld } from "./verify.ts";

/** What publishers take from the system. */
export type PublisherWorld = Rfc2136World & VerifyWorld;
