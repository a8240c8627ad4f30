/** The answer to "is it all right?": for the first line, the page and the exit code alike. */
import { nodeName } from "./node_name.ts";
import { formatDuration } from "./duration.ts";
import type { ServiceStatus, Status } from "./status_type.ts";

/** What a status comes to. */
export interface Verdict {
  /** `bad`: users may be hurt, exit code 1. `warning`: something is wrong, the service is not. */
  readonly level: "ok" | "warning" | "bad";
  /** `all well`, `no leader; web has no healthy target`, `2 problems`. */
  readonly headline: string;
  /** Leader and quorum in words. */
  readonly detail: string;
}

/** Judges a status. `level` is `bad` exactly where `statusExitCode` is 1. */
export function judge(status: Status): Verdict {
  const causes = [
    ...(status.leader === null ? ["no leader"] : []),
    ...status.services.flatMap((service) => {
      const cause = whatIsWrong(service);
      return cause === null ? [] : [cause];
    }),
  ];
  const detail = [...leaderWords(status), quorumWords(status)].join(", ");
  if (causes.length > 0) return { level: "bad", headline: causes.join("; "), detail };
  const count = status.problems.length;
  if (count > 0) {
    return { level: "warning", headline: `serving, with ${count} problem${count === 1 ? "" : "s"}`, detail };
  }
  return { level: "ok", headline: "all well", detail };
}

/**
 * Exit code of `abfail status` (PRODUCT.md, Commands): 1 without a leader, with a service that has no healthy
 * published target, or with drift. A `suspect` target still counts as healthy: the quorum has not given it
 * up. A publisher that failed counts as bad: what it shows cannot be vouched for. One whose
 * rehearsal failed counts as bad too: the next failover would not get out. `pending` does not: a switch under way is no
 * failure.
 */
export function statusExitCode(status: Status): 0 | 1 {
  return judge(status).level === "bad" ? 1 : 0;
}

/** Why a service hurts, in a few words; null when it does not. */
function whatIsWrong(service: ServiceStatus): string | null {
  const target = service.targets.find((one) => one.name === service.active);
  if (service.active === null) return `${service.name} has no active target`;
  if (target === undefined) return `${service.name}: active target ${service.active} is not in the config`;
  if (target.health === "down") return `${service.name} is down on ${target.name}`;
  if (target.health === "unknown") return `${service.name}: health of ${target.name} is not known`;
  const drift = service.publishers.find((publisher) => publisher.state === "drift");
  if (drift !== undefined) return `${service.name}: drift at ${drift.type} ${drift.name}`;
  const failed = service.publishers.find((publisher) => publisher.state === "failed");
  if (failed !== undefined) return `${service.name}: ${failed.type} ${failed.name} cannot publish`;
  const unproven = service.publishers.find(({ rehearsal }) => rehearsal?.state === "failed");
  if (unproven !== undefined) {
    return `${service.name}: ${unproven.type} ${unproven.name} could not be changed`;
  }
  return null;
}

function leaderWords(status: Status): string[] {
  if (status.leader === null) return [];
  const { id, zone, sinceMs } = status.leader;
  return [`leader ${nodeName({ id, zone })} for ${formatDuration(sinceMs)}`];
}

function quorumWords(status: Status): string {
  const { size, needed, alive } = status.quorum;
  const seen = `${alive} of ${size} nodes alive, ${needed} needed`;
  if (alive < needed) return `NO QUORUM: ${seen}`;
  const spare = alive - needed;
  return spare === 0 ? `quorum: ${seen}, none to spare` : `quorum: ${seen}`;
}
