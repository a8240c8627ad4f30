/** How a virtual provider feels: in words, and drawn for chaos. */
import type { SeededRandom } from "../base/random.ts";
import { GOOD_MOOD, type ProviderMood } from "./provider.ts";
import { chance, draw } from "./swarm.ts";

/** A mood for people. */
export function describeMood(mood: ProviderMood): string {
  const parts: string[] = [];
  if (mood.failing >= 1) parts.push("fails every call");
  else if (mood.failing > 0) parts.push(`fails ${Math.round(100 * mood.failing)} % of the calls`);
  if (mood.latencyMs > GOOD_MOOD.latencyMs) parts.push(`takes ${Math.round(mood.latencyMs)} ms`);
  if (mood.late > 0) parts.push("applies writes late");
  if (mood.twice > 0) parts.push("applies writes twice");
  if (mood.limited > 0) parts.push(`refuses ${Math.round(100 * mood.limited)} % as too many`);
  return `the DNS provider ${parts.join(", ") || "is well"}`;
}

/** Draws a mood for chaos. */
export function drawMood(random: SeededRandom): ProviderMood {
  return {
    latencyMs: draw(random, [5, 30, 300, 1500]),
    failing: chance(random, 0.5) ? random.next() : 0,
    late: chance(random, 0.5) ? random.next() * 0.5 : 0,
    lateMs: draw(random, [100, 3000, 15_000]),
    twice: chance(random, 0.3) ? random.next() * 0.3 : 0,
    limited: chance(random, 0.3) ? random.next() : 0,
  };
}
