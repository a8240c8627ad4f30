/**
 * What is still to be told to people, as part of the state that the cluster replicates: so a new leader neither
 * repeats what the old one has delivered nor drops what it has not.
 *
 *     begun ----> [ waits: everyone who is to hear it ] -- each one that took it leaves --> told
 *       news, over:  told = forgotten
 *       trouble:     told = kept while it lasts; then `over` is told to everyone, behind the trouble where one still waits
 *
 * What this promises: a notice is committed before it is told, and a delivery is committed after it: at least once. It is
 * repeated only where a leader ends between the two, and then under the same key, by which receivers know it.
 */
import { shortDigest } from "../base/fnv.ts";
import type { ClusterState, SwitchRecord } from "./cluster_state.ts";
import { type Notice, NOTICE_TEXT_MAX, type NoticePhase, NOTICES_MAX } from "./notice.ts";

const NONE: readonly Notice[] = [];

/** All that a state holds. */
export function noticesOf(state: ClusterState | null): readonly Notice[] {
  return state?.notices ?? NONE;
}

/** The state with a notice; one of the same key makes room. Without anybody to tell it is the same state. */
export function withNotice(state: ClusterState, notice: Notice): ClusterState {
  const others = noticesOf(state).filter(({ key }) => key !== notice.key);
  return notice.waits.length === 0 ? state : withAdded(withAll(state, others), notice);
}

function withAdded(state: ClusterState, notice: Notice): ClusterState {
  const { text } = notice;
  const short = text.length <= NOTICE_TEXT_MAX ? text : `${text.slice(0, NOTICE_TEXT_MAX - 1)}…`;
  return withAll(state, bounded([...noticesOf(state), { ...notice, text: short }]));
}

function bounded(notices: readonly Notice[]): readonly Notice[] {
  if (notices.length <= NOTICES_MAX) return notices;
  const news = notices.findIndex(({ phase }) => phase !== "trouble");
  return notices.toSpliced(Math.max(0, news), 1);
}

/** The state once a receiver has taken a notice, or was given up. The same state when there is nothing to it. */
export function withTold(
  state: ClusterState,
  key: string,
  phase: NoticePhase,
  receiver: string,
): ClusterState {
  const notices = noticesOf(state);
  const told = notices.find((one) => one.key === key && one.phase === phase);
  if (told === undefined || !told.waits.includes(receiver)) return state;
  const waits = told.waits.filter((id) => id !== receiver);
  const isKept = waits.length > 0 || openTrouble(state, key) === told;
  return withAll(state, notices.flatMap((one) => one !== told ? [one] : isKept ? [{ ...told, waits }] : []));
}

/** The trouble of that key that lasts; undefined when there is none, or its end is there. */
export function openTrouble(state: ClusterState, key: string): Notice | undefined {
  const same = noticesOf(state).filter((one) => one.key === key);
  return same.some(({ phase }) => phase === "over")
    ? undefined
    : same.find(({ phase }) => phase === "trouble");
}

/** The state once a trouble is over: `waits` hear it. Who has not heard of the trouble hears of that first. */
export function withOver(
  state: ClusterState,
  trouble: Notice,
  end: Pick<Notice, "text" | "epoch" | "atWallMs" | "waits">,
): ClusterState {
  const untold = trouble.waits.length > 0 ? [trouble] : [];
  const notices = noticesOf(state).flatMap((one) => one.key === trouble.key ? untold : [one]);
  const without = withAll(state, notices);
  return end.waits.length === 0 ? without : withAdded(without, { ...trouble, ...end, phase: "over" });
}

/** A state without notices has no such key: equal states are equal bytes. */
function withAll(state: ClusterState, notices: readonly Notice[]): ClusterState {
  const { notices: _before, ...rest } = state;
  return notices.length === 0 ? rest : { ...rest, notices };
}

/**
 * Names one switch on all nodes, in logs, notices and traces: 8 hexadecimal digits, made of what is committed. The
 * leader knows it when it decides.
 */
export function switchId(
  service: string,
  { epoch, atWallMs }: Pick<SwitchRecord, "epoch" | "atWallMs">,
): string {
  return shortDigest(`${service} ${epoch} ${atWallMs}`);
}
