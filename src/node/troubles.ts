/** What can be wrong for a while, as a leader sees it now. See `telling.ts`. */
import type { NotifyEvent } from "../config/notify.ts";
import type { Notice } from "../failover/notice.ts";
import type { Weighed } from "../health/weigh.ts";
import type { PublisherSlot, ServiceSlot } from "./state.ts";

/** What the quorum thinks of all targets, by service. */
export type Weighings = ReadonlyMap<string, ReadonlyMap<string, Weighed>>;

/** Something that can be wrong for a while. */
export interface Condition {
  readonly key: string;
  readonly event: NotifyEvent;
  readonly service: string;
  /** What is wrong; null = nothing; undefined = not known yet. */
  readonly wrong: string | null | undefined;
  /** How it is said that it is right again. */
  readonly right: string;
  readonly data: Notice["data"];
}

/** All of one service. */
export function conditionsOf(service: ServiceSlot, weighings: Weighings): Condition[] {
  const { name } = service.config;
  const weighed = [...weighings.get(name) ?? []];
  const usable = weighed.find(([, { usable }]) => usable);
  const isDown = weighed.length > 0 && weighed.every(([, { health }]) => health === "down");
  const allDown: Condition = {
    key: `${name}/all-down`,
    event: "all-down",
    service: name,
    wrong: isDown ? `${name}: every target is down.` : usable === undefined ? undefined : null,
    right: `${name}: ${usable?.[0]} is up again.`,
    data: {},
  };
  return [allDown, ...service.publishers.flatMap((publisher) => publisherConditions(name, publisher))];
}

function publisherConditions(service: string, publisher: PublisherSlot): Condition[] {
  const { reconciler: r, verifier, config } = publisher;
  if (r === null) return [];
  const { type, name } = config;
  const what = `${service}: ${type} ${name}`;
  const data = { publisher: type, name };
  const isWell = r.state === "ok" ? null : undefined;
  const agrees = verifier === null || (verifier.entries.length > 0 && !verifier.told);
  const drifts = r.drifted || verifier?.told === true;
  return [
    {
      key: publisherKey("publish-failed", service, publisher),
      event: "publish-failed",
      service,
      wrong: r.failing ? `${what}: ${r.error ?? "it fails"}.` : isWell,
      right: `${what} works again.`,
      data,
    },
    {
      key: publisherKey("drift", service, publisher),
      event: "drift",
      service,
      wrong: drifts
        ? `${what}: ${r.error ?? "not everybody shows what was published"}.`
        : agrees
        ? isWell
        : undefined,
      right: `${what} shows what was published again.`,
      data,
    },
  ];
}

/** Names what is wrong with a publisher, over all nodes. */
export function publisherKey(event: NotifyEvent, service: string, { config }: PublisherSlot): string {
  return `${service}/${event}/${config.type} ${config.name}`;
}
