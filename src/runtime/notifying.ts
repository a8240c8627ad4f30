/** Joins the node's core to those it tells. */
import { createNotifier, type Notifier } from "../adapters/notify.ts";
import type { Clock } from "../adapters/clock.ts";
import { receiverName } from "../config/notify.ts";
import { mayAct } from "../election/step.ts";
import { noticesOf } from "../failover/notices.ts";
import type { LogEvent } from "../node/events.ts";
import type { NodeState } from "../node/state.ts";
import { isWanted } from "../node/telling.ts";
import type { CounterSample } from "../view/metrics.ts";
import type { Engine } from "./engine.ts";

/** A notifier of this node: what it tells is this node's only while it leads. */
export function openNotifier(
  state: NodeState,
  clock: Clock,
  log: (event: LogEvent) => void,
  engine: () => Engine,
): Notifier {
  const { config, self: node, zone } = state;
  return createNotifier({
    notify: config.notify,
    teller: { cluster: config.cluster.name, node, zone },
    log,
    clock,
    wanted: (delivery) => {
      if (!isWanted(state, delivery)) return "never";
      return mayAct(state.election, clock.now()) ? "now" : "later";
    },
    told: (delivery) => engine().give({ kind: "told", ...delivery }),
  });
}

/** What receivers have heard from this node. */
export function notifyCounters(notifier: Notifier): CounterSample[] {
  return notifier.figures().flatMap(({ name, type, delivered, failed, dropped }) =>
    Object.entries({ delivered, failed, dropped }).map(([result, value]) => ({
      name: "notifications_total",
      help: "Notices told by this node, tries that failed, and notices given up, by receiver",
      labels: { type, receiver: name, result },
      value,
    }))
  );
}

/** Notices that wait for each receiver, as the cluster has committed it. */
export function noticesWaiting({ config, cluster }: NodeState): [string, number][] {
  const waiting = new Map<string, number>();
  for (const receiver of config.notify) {
    const name = receiverName(receiver);
    const count = noticesOf(cluster).filter(({ waits }) => waits.includes(receiver.id)).length;
    waiting.set(name, (waiting.get(name) ?? 0) + count);
  }
  return [...waiting];
}

/** Receivers that do not take what this leader tells them, one sentence each. */
export function notifyProblems(notifier: Notifier, state: NodeState): string[] {
  if (state.leading === null) return [];
  return notifier.figures().flatMap(({ name, waiting, problem }) => {
    if (problem === null) return [];
    return [`${name} is not told: ${problem}${waiting === 0 ? "" : `; ${waiting} notices wait`}`];
  });
}
