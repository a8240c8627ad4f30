import type { Env } from "../base/time.ts";

/** How long ago a moment of the wall clock was, ms; 0 where it lies ahead. */
export function age(wallMs: number, env: Pick<Env, "wallMs">): number {
  return Math.max(0, Math.round(env.wallMs - wallMs));
}
