/** Whether the service should be reachable, given what is broken just now. Pure. */

/** Something that is broken. */
export type Broken =
  /** Its process is gone or stands still, or its host is cut off from all. */
  | { readonly kind: "node"; readonly node: number }
  /** Two nodes do not hear each other. */
  | { readonly kind: "pair"; readonly a: number; readonly b: number }
  /** It hears badly, or only one way: what comes of that takes its time, and is judged afterwards. */
  | { readonly kind: "poor"; readonly node: number }
  /** A target is gone, hangs, is slow or cut off. */
  | { readonly kind: "target"; readonly target: string }
  /** BIND cannot be written: no matter to whoever asks the nodes. */
  | { readonly kind: "bind" }
  /** A node's wall clock is wrong: no matter to anyone. */
  | { readonly kind: "clock"; readonly node: number };

export interface Reach {
  readonly serve: boolean;
  /** What speaks against it; or `all is well`, or what is broken and should not matter. */
  readonly why: string;
}

/** With `nodes` nodes from 1, and these targets. */
export function reach(nodes: number, targets: readonly string[], broken: readonly Broken[]): Reach {
  const quorum = Math.floor(nodes / 2) + 1;
  const up = Array.from({ length: nodes }, (_, i) => i + 1).filter((node) =>
    !broken.some((one) => one.kind === "node" && one.node === node)
  );
  const poor = up.filter((node) => broken.some((one) => one.kind === "poor" && one.node === node));
  if (poor.length > 0) return { serve: false, why: `node ${poor.join(", ")} has a poor network` };
  const cut = (a: number, b: number): boolean =>
    broken.some((one) =>
      one.kind === "pair" && ((one.a === a && one.b === b) || (one.a === b && one.b === a))
    );
  const heard = up.some((node) => subsets(up, quorum, node, cut));
  if (!heard) return { serve: false, why: `no ${quorum} nodes hear each other` };
  const left = targets.filter((target) =>
    !broken.some((one) => one.kind === "target" && one.target === target)
  );
  if (left.length === 0) return { serve: false, why: "no target is left" };
  return { serve: true, why: broken.length === 0 ? "all is well" : broken.map(words).join(", ") };
}

/** Is there a group of `size`, `node` in it, whose members all hear each other? */
function subsets(
  up: readonly number[],
  size: number,
  node: number,
  cut: (a: number, b: number) => boolean,
): boolean {
  const grow = (group: readonly number[], rest: readonly number[]): boolean =>
    group.length >= size ||
    rest.some((next, i) =>
      group.every((one) => !cut(one, next)) && grow([...group, next], rest.slice(i + 1))
    );
  return grow([node], up.filter((one) => one > node));
}

function words(one: Broken): string {
  switch (one.kind) {
    case "node":
      return `without node ${one.node}`;
    case "pair":
      return `${one.a} and ${one.b} cut off from each other`;
    case "poor":
      return `poor network at ${one.node}`;
    case "target":
      return `without ${one.target}`;
    case "bind":
      return "without BIND";
    case "clock":
      return `wrong clock at ${one.node}`;
  }
}
