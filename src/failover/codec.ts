/** The replicated state as bytes: JSON in UTF-8 with keys in one order, so that equal states are equal bytes. */
import { err, ok, type Result } from "../base/result.ts";
import {
  type Ailing,
  AILING_TEXT_MAX,
  AILMENTS,
  type ByHand,
  type ClusterState,
  type Falls,
  type Proof,
  type ServiceDecision,
  servicesOf,
  type SwitchReason,
  type SwitchRecord,
} from "./cluster_state.ts";

import { plainNotice, readNotice } from "./notice_codec.ts";
import { countOf, listOf, Misshapen, number, oneOf, table, text, textOrNull, time, uint32 } from "./plain.ts";

type HandOn = ByHand & { readonly target: string };

/** State as bytes. */
export function encodeState(state: ClusterState): Uint8Array {
  const names = Object.keys(state.services).sort();
  const services = names.map((name) => [name, plainDecision(state.services[name]!)] as const);
  const { serial, zone } = state;
  const plain = {
    serial,
    ...(zone === undefined ? {} : { zone }),
    services: Object.fromEntries(services),
    ...(state.notices === undefined ? {} : { notices: state.notices.map(plainNotice) }),
  };
  return new TextEncoder().encode(JSON.stringify(plain));
}

function plainDecision(decision: ServiceDecision): ServiceDecision {
  const { active, activeSinceWallMs, pinned, drained, lastSwitch } = decision;
  const { pinnedBy, drainedBy = [], undoneBy, falls = [], proven = [], ailing = [] } = decision;
  return {
    active,
    activeSinceWallMs,
    pinned,
    drained,
    lastSwitch: lastSwitch === null ? null : plainSwitch(lastSwitch),
    ...(pinned === null || pinnedBy === undefined ? {} : { pinnedBy: plainHand(pinnedBy) }),
    ...(drainedBy.length === 0 ? {} : { drainedBy: drainedBy.map(plainHandOn) }),
    ...(undoneBy === undefined ? {} : { undoneBy: plainHandOn(undoneBy) }),
    ...(falls.length === 0 ? {} : {
      falls: falls.map(({ target, count, atWallMs }) => ({ target, count, atWallMs })),
    }),
    ...(proven.length === 0 ? {} : {
      proven: proven.map(({ publisher, atWallMs }) => ({ publisher, atWallMs })),
    }),
    ...(ailing.length === 0 ? {} : {
      ailing: ailing.map(({ publisher, how, why, atWallMs }) => ({ publisher, how, why, atWallMs })),
    }),
  };
}

function plainHand({ who, atWallMs }: ByHand): ByHand {
  return { who, atWallMs };
}

function plainHandOn({ who, atWallMs, target }: HandOn): HandOn {
  return { who, atWallMs, target };
}

function plainSwitch({ from, to, reason, atWallMs, epoch, detectMs }: SwitchRecord): SwitchRecord {
  return { from, to, reason, atWallMs, epoch, detectMs };
}

/**
 * Bytes as state. Keys that this version does not know are left out (a newer one may have written them); all that
 * it knows must make sense and, but for what was added since (who did it, falls, proofs, ailments), be there. The error names the place.
 */
export function decodeState(bytes: Uint8Array): Result<ClusterState, string> {
  let plain: unknown;
  try {
    plain = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return err("this is not JSON in UTF-8");
  }
  try {
    return ok(readState(plain));
  } catch (problem) {
    if (problem instanceof Misshapen) return err(problem.message);
    throw problem;
  }
}

const REASONS: readonly SwitchReason[] = Object.keys(
  {
    "initial": true,
    "adopted": true,
    "down": true,
    "failback": true,
    "drained": true,
    "manual": true,
    "removed": true,
    "all-down": true,
  } satisfies Record<SwitchReason, true>,
) as SwitchReason[];

function readState(value: unknown): ClusterState {
  const plain = table(value, "the state");
  const serial = uint32(plain["serial"], "serial");
  const zone = plain["zone"] === undefined ? undefined : uint32(plain["zone"], "zone");
  const services = Object.entries(table(plain["services"], "services"));
  return {
    serial,
    ...(zone === undefined ? {} : { zone }),
    services: servicesOf(services.map(([name, decision]) => [name, readDecision(decision, name)])),
    ...(plain["notices"] === undefined ? {} : { notices: listOf(plain["notices"], "notices", readNotice) }),
  };
}

function readDecision(value: unknown, service: string): ServiceDecision {
  const at = `services.${/^[\x21-\x7e]{1,64}$/.test(service) ? service : JSON.stringify("?")}`;
  const plain = table(value, at);
  const { active, activeSinceWallMs, pinned, drained, lastSwitch } = plain;
  if (!Array.isArray(drained)) throw new Misshapen(`${at}.drained is not a list`);
  return {
    active: textOrNull(active, `${at}.active`),
    activeSinceWallMs: time(activeSinceWallMs, `${at}.activeSinceWallMs`),
    pinned: textOrNull(pinned, `${at}.pinned`),
    drained: drained.map((name, i) => text(name, `${at}.drained[${i}]`)),
    lastSwitch: lastSwitch === null ? null : readSwitch(lastSwitch, `${at}.lastSwitch`),
    ...readAdditions(plain, at),
  };
}

function readAdditions(plain: Record<string, unknown>, at: string): Partial<ServiceDecision> {
  const { pinnedBy, drainedBy, undoneBy, falls, proven, ailing } = plain;
  return {
    ...(pinnedBy === undefined ? {} : { pinnedBy: readHand(pinnedBy, `${at}.pinnedBy`) }),
    ...(drainedBy === undefined ? {} : { drainedBy: listOf(drainedBy, `${at}.drainedBy`, readHandOn) }),
    ...(undoneBy === undefined ? {} : { undoneBy: readHandOn(undoneBy, `${at}.undoneBy`) }),
    ...(falls === undefined ? {} : { falls: listOf(falls, `${at}.falls`, readFalls) }),
    ...(proven === undefined ? {} : { proven: listOf(proven, `${at}.proven`, readProof) }),
    ...(ailing === undefined ? {} : { ailing: listOf(ailing, `${at}.ailing`, readAiling) }),
  };
}

/** Of `ByHand.who`, characters at most. */
const WHO_MAX = 100;

function readHand(value: unknown, at: string): ByHand {
  const { who, atWallMs } = table(value, at);
  const name = text(who, `${at}.who`);
  if (name.length > WHO_MAX) throw new Misshapen(`${at}.who is longer than ${WHO_MAX} characters`);
  return { who: name, atWallMs: time(atWallMs, `${at}.atWallMs`) };
}

function readHandOn(value: unknown, at: string): HandOn {
  return { ...readHand(value, at), target: text(table(value, at)["target"], `${at}.target`) };
}

function readFalls(value: unknown, at: string): Falls {
  const { target, count, atWallMs } = table(value, at);
  return {
    target: text(target, `${at}.target`),
    count: countOf(count, `${at}.count`),
    atWallMs: time(atWallMs, `${at}.atWallMs`),
  };
}

function readProof(value: unknown, at: string): Proof {
  const { publisher, atWallMs } = table(value, at);
  return { publisher: text(publisher, `${at}.publisher`), atWallMs: time(atWallMs, `${at}.atWallMs`) };
}

function readAiling(value: unknown, at: string): Ailing {
  const { publisher, how, why, atWallMs } = table(value, at);
  const words = text(why, `${at}.why`);
  if (words.length > AILING_TEXT_MAX) throw new Misshapen(`${at}.why is too long`);
  return {
    publisher: text(publisher, `${at}.publisher`),
    how: oneOf(AILMENTS, how, `${at}.how`),
    why: words,
    atWallMs: time(atWallMs, `${at}.atWallMs`),
  };
}

function readSwitch(value: unknown, at: string): SwitchRecord {
  const { from, to, reason, atWallMs, epoch, detectMs } = table(value, at);
  return {
    from: textOrNull(from, `${at}.from`),
    to: textOrNull(to, `${at}.to`),
    reason: oneOf(REASONS, reason, `${at}.reason`),
    atWallMs: time(atWallMs, `${at}.atWallMs`),
    epoch: text(epoch, `${at}.epoch`),
    detectMs: detectMs === null ? null : number(detectMs, `${at}.detectMs`),
  };
}
