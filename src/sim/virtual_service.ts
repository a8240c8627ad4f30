/** The virtual parts of one service, as its config describes it: targets in zones, publishers with an API. */
import type { Random } from "../base/time.ts";
import type { SeededRandom } from "../base/random.ts";
import type { ServiceConfig } from "../config/config.ts";
import { type Fence, VirtualProvider } from "./provider.ts";
import { VirtualTarget } from "./target.ts";

/** Its targets: each in the zone that its name names, else in one after the other. */
export function createTargets(
  service: ServiceConfig,
  zones: readonly string[],
  random: SeededRandom,
): VirtualTarget[] {
  return service.targets.map(({ name, publish }, i) => {
    const zone = zones.find((candidate) => name.includes(candidate)) ?? zones[i % zones.length] ?? "";
    return new VirtualTarget(
      { service: service.name, name, published: publish, zone },
      random.fork(`target ${name}`),
    );
  });
}

/** Its publishers but the embedded DNS, which the nodes themselves are. */
export function createProviders(
  service: ServiceConfig,
  fence: Fence,
  world: { after: (ms: number, act: () => void) => void; now: () => number; random: Random },
): VirtualProvider[] {
  return service.publish.flatMap((publisher, index) =>
    publisher.type === "dns" ? [] : [new VirtualProvider({ service: service.name, index, fence }, world)]
  );
}
