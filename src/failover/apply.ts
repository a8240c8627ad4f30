/** Writes a decision into the state that the cluster replicates. */
import { assert } from "../base/assert.ts";
import type { WallMs } from "../base/time.ts";
import type { ServiceConfig } from "../config/config.ts";
import {
  type ClusterState,
  decisionOn,
  type Falls,
  type ServiceDecision,
  withDecision,
} from "./cluster_state.ts";
import type { Decision } from "./decision.ts";

/** When and under which epoch something is decided. */
export interface Stamp {
  readonly wallMs: WallMs;
  readonly epoch: string;
}

/** The state after a switch: another target in charge, a record of why, a higher serial. */
export function applySwitch(
  state: ClusterState,
  service: ServiceConfig,
  decision: Extract<Decision, { kind: "switch" }>,
  stamp: Stamp,
): ClusterState {
  const { to, reason, detectMs } = decision;
  const names = service.targets.map((target) => target.name);
  assert(to === null || names.includes(to), "a service switches to one of its targets");
  const before = decisionOn(state, service.name);
  const pinned = before?.pinned ?? null;
  const next = withDecision(state, service.name, {
    ...before,
    active: to,
    activeSinceWallMs: stamp.wallMs,
    pinned: pinned !== null && names.includes(pinned) ? pinned : null,
    drained: (before?.drained ?? []).filter((name) => names.includes(name)),
    falls: fallsAfter(before, decision, stamp).filter(({ target }) => names.includes(target)),
    lastSwitch: {
      from: before?.active ?? null,
      to,
      reason,
      atWallMs: stamp.wallMs,
      epoch: stamp.epoch,
      detectMs,
    },
  });
  return { ...next, serial: nextSerial(state.serial, stamp.wallMs) };
}

/** The state under a config that answers otherwise: a higher serial. The same state when it is the one it has. */
export function applyZone(state: ClusterState, zone: number | null, wallMs: WallMs): ClusterState {
  if (zone === null || state.zone === zone) return state;
  return { ...state, zone, serial: nextSerial(state.serial, wallMs) };
}

/** The falls once this switch is done: those of the target that is left as down are counted anew. */
function fallsAfter(
  before: ServiceDecision | null,
  decision: Extract<Decision, { kind: "switch" }>,
  stamp: Stamp,
): readonly Falls[] {
  const known = before?.falls ?? [];
  const left = before?.active ?? null;
  if (left === null || decision.falls === undefined) return known;
  const others = known.filter(({ target }) => target !== left);
  return [...others, { target: left, count: decision.falls, atWallMs: stamp.wallMs }];
}

/** SOA serials are 32 bits wide; the largest step that still counts as a rise (RFC 1982, 3.1). */
const LARGEST_STEP = 0x7fff_ffff;

/**
 * The serial after `serial`: seconds of the wall clock where that is a rise, else one more. So it rises with
 * every change whatever the clock does, and a cluster that forgot everything still comes out above its past.
 */
export function nextSerial(serial: number, wallMs: WallMs): number {
  const seconds = Math.floor(wallMs / 1000) >>> 0;
  const step = (seconds - serial) >>> 0;
  return step >= 1 && step <= LARGEST_STEP ? seconds : (serial + 1) >>> 0;
}
