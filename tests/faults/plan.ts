/** What is done to the world, drawn from a seed. Pure: the same seed, kinds and cluster give the same plan. */
import { SeededRandom } from "../../src/base/random.ts";

/** Kinds of faults, and how often each is drawn. */
const WEIGHTS = {
  "cut": 2,
  "cut-one-way": 2,
  "isolate-leader": 3,
  "isolate-zone": 2,
  "flap-link": 2,
  "loss": 2,
  "delay": 2,
  "reorder": 1,
  "duplicate": 1,
  "pause-short": 3,
  "pause-long": 4,
  "kill": 3,
  "kill-in-publish": 3,
  "pause-in-publish": 3,
  "clock-forward": 2,
  "clock-back": 2,
  "step-down": 1,
  "rolling-restart": 1,
  "cold-start": 1,
  "target-down": 3,
  "target-hang": 2,
  "target-slow": 2,
  "target-cut": 2,
  "bind-hang": 1,
  "bind-cut": 1,
} as const;
export type FaultKind = keyof typeof WEIGHTS;
export const FAULT_KINDS = Object.keys(WEIGHTS) as FaultKind[];

/** These happen alone: they take all nodes. */
const ALONE: ReadonlySet<FaultKind> = new Set(["rolling-restart", "cold-start"]);

/** One fault of an episode. */
export interface Planned {
  readonly kind: FaultKind;
  /** After the episode's begin, ms. */
  readonly afterMs: number;
  /** How long it lasts, ms; those that end by themselves take what they need. */
  readonly lastMs: number;
  /** Which node it hits; null = whoever leads then. */
  readonly node: number | null;
  /** The other node, where there are two: so many further on in the ring. */
  readonly other: number;
  /** Which target; null = the active one. */
  readonly target: number | null;
  /** How hard, 0..1. */
  readonly much: number;
}

/** Faults that may overlap, then quiet until all is well. */
export interface Episode {
  readonly faults: readonly Planned[];
  /** After all is well again, ms. */
  readonly calmMs: number;
}

export interface PlanOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly targets: number;
  readonly kinds: readonly FaultKind[];
}

/** Episodes without end; whoever takes them stops when the time is over. */
export function* drawEpisodes({ seed, nodes, targets, kinds }: PlanOptions): Generator<Episode> {
  const random = new SeededRandom(seed).fork("faults");
  const within = (least: number, most: number): number => least + random.next() * (most - least);
  const whole = (count: number): number => Math.floor(random.next() * count);
  // Each kind comes before any comes twice: a short run has seen them all, or as many as it can.
  let bag: FaultKind[] = [];
  const draw = (): FaultKind => {
    if (bag.length === 0) {
      bag = kinds.flatMap((kind) => new Array<FaultKind>(WEIGHTS[kind]).fill(kind));
      const first = new Set(bag);
      for (let i = bag.length - 1; i > 0; i--) {
        const j = whole(i + 1);
        [bag[i], bag[j]] = [bag[j] as FaultKind, bag[i] as FaultKind];
      }
      const later = bag.filter((kind) => !first.delete(kind));
      const seen = new Set<FaultKind>();
      bag = [...later, ...bag.filter((kind) => !seen.has(kind) && seen.add(kind) !== undefined)];
    }
    return bag.pop() as FaultKind;
  };
  while (true) {
    const count = 1 + whole(3);
    const faults: Planned[] = [];
    for (let i = 0; i < count; i++) {
      const kind = draw();
      const alone = ALONE.has(kind);
      if (alone && faults.length > 0) {
        bag.push(kind); // it opens the next episode
        break;
      }
      faults.push({
        kind,
        afterMs: i === 0 ? 0 : within(0, 4000),
        lastMs: within(1500, 8000),
        node: random.next() < 0.5 ? null : 1 + whole(nodes),
        other: 1 + whole(nodes - 1),
        target: random.next() < 0.6 ? null : whole(targets),
        much: random.next(),
      });
      if (alone) break;
    }
    yield { faults, calmMs: within(500, 2500) };
  }
}
