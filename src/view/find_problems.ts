/** What is wrong, in sentences for people: the same words in the terminal, the page and the log. */
import { nodeName } from "./node_name.ts";
import type { MonoMs } from "../base/time.ts";
import type { NodeState } from "../node/state.ts";
import { noSay, noSayText } from "../node/say.ts";
import { wouldFail } from "../publish/rehearsal.ts";
import { formatAge, formatDuration } from "./duration.ts";
import { orderProblems, type Problem } from "./problems.ts";
import type { ByHandStatus, ServiceStatus, Status } from "./status_type.ts";

/** How long a denial for another lease length is shown, ms. */
const DENIAL_SHOWN_MS = 10_000;

/** All problems, worst first. `extra`: what this node's surroundings know; a mere sentence is a notice. */
export function findProblems(
  state: NodeState,
  status: Omit<Status, "problems">,
  now: MonoMs,
  extra: readonly (string | Problem)[],
): string[] {
  const problems: Problem[] = [];
  const { quorum } = status;
  if (quorum.alive < quorum.needed) {
    const text =
      `Only ${quorum.alive} of ${quorum.size} nodes are heard, ${quorum.needed} are needed: nothing can be ` +
      `switched; what was published last stays`;
    problems.push({ kind: "no-quorum", text });
  } else if (status.leader === null) {
    problems.push({
      kind: "no-leader",
      text: "No leader is known: nothing can be switched until there is one",
    });
  }
  for (const peer of status.peers) {
    if (peer.problem !== null) {
      problems.push({ kind: "peer", text: `Node ${nodeName(peer)}: ${peer.problem}` });
    }
  }
  for (const service of status.services) problems.push(...serviceProblems(service, status.node.role));
  problems.push(...configProblems(state, now));
  problems.push(...sayProblems(state, now));
  if (state.persistProblem !== null) {
    problems.push({ kind: "host", text: `The state directory cannot be written: ${state.persistProblem}` });
  }
  for (const one of extra) problems.push(typeof one === "string" ? { kind: "notice", text: one } : one);
  return orderProblems(problems);
}

function serviceProblems(service: ServiceStatus, role: string): Problem[] {
  const problems: Problem[] = [];
  const active = service.targets.find((target) => target.name === service.active);
  const allDown = service.targets.length > 0 && service.targets.every((target) => target.health === "down");
  if (allDown) problems.push({ kind: "service-down", text: `${service.name}: every target is down` });
  else if (active?.health === "down") {
    problems.push({ kind: "service-down", text: `${service.name}: ${active.name} is published and down` });
  } else if (service.active === null && service.activeSinceMs !== null) {
    problems.push({ kind: "service-down", text: `${service.name}: nothing is published` });
  }
  for (const target of service.targets) {
    if (allDown || target === active && target.health === "down") continue;
    if (target.health === "down") {
      const why = target.lastProbe !== null && !target.lastProbe.ok ? ` (${target.lastProbe.detail})` : "";
      problems.push({ kind: "target", text: `${service.name}: ${target.name} is down${why}` });
    }
    if (target.health === "suspect") {
      const sayers = Object.entries(target.opinions).filter(([, opinion]) => opinion === "down").map(([id]) =>
        id
      );
      problems.push({
        kind: "target",
        text: `${service.name}: ${target.name} is suspect: only node ${sayers.join(" and ")} cannot reach it`,
      });
    }
  }
  for (const { name, lastProbe } of service.targets) {
    if (lastProbe?.warning === undefined) continue;
    problems.push({ kind: "notice", text: `${service.name}: ${name}: ${lastProbe.warning}` });
  }
  if (service.pinned !== null) {
    problems.push({
      kind: "notice",
      text: `${service.name} is pinned to ${service.pinned} by hand${byWhom(service.pinnedBy)}: no failover`,
    });
  }
  for (const { name, drained, drainedBy } of service.targets) {
    if (!drained) continue;
    const text = `${service.name}: ${name} is drained by hand${byWhom(drainedBy)}`;
    problems.push({ kind: "notice", text });
  }
  for (const { target, falls, forMs } of service.heldBack ?? []) {
    const held = forMs === null ? "" : `, held back for another ${formatDuration(forMs)}`;
    const text = `${service.name}: ${target} flaps (it went down ${falls} times)${held}`;
    problems.push({ kind: "target", text });
  }
  for (const publisher of service.publishers) {
    const name = `${service.name}: ${publisher.type} ${publisher.name}`;
    if (publisher.state === "failed") {
      problems.push({
        kind: "publish-failed",
        text: `${name} cannot be changed: ${publisher.error ?? "unknown reason"}`,
      });
    }
    if (publisher.rehearsal?.state === "failed") {
      const why = publisher.rehearsal.error ?? "unknown reason";
      problems.push({ kind: "publish-failed", text: `${name}: ${wouldFail(why)}` });
    }
    for (const { server, shows, state: how, lagMs, error } of publisher.verify ?? []) {
      const forLong = `for ${formatDuration(lagMs ?? 0)}`;
      if (how === "lagging") {
        problems.push({ kind: "drift", text: `${name}: ${server} shows ${shows ?? "nothing"} ${forLong}` });
      }
      if (how === "silent") {
        problems.push({ kind: "notice", text: `${name}: ${server} does not tell ${forLong}: ${error}` });
      }
    }
    if (publisher.state === "drift") {
      const what = publisher.shows === null && publisher.error !== null
        ? `: ${publisher.error}`
        : ` shows ${publisher.shows ?? "nothing"}, which is not what was published`;
      problems.push({ kind: "drift", text: `${name}${what}` });
    }
    if (publisher.state === "pending" && role === "leader" && publisher.error !== null) {
      problems.push({ kind: "publish-failed", text: `${name}: ${publisher.error}` });
    }
  }
  return problems;
}

function byWhom(by: ByHandStatus | null | undefined): string {
  return by == null ? "" : ` (${by.who}, ${formatAge(by.atMs)})`;
}

/** Nodes whose opinions are left out. */
function sayProblems(state: NodeState, now: MonoMs): Problem[] {
  const problems: Problem[] = [];
  const own = state.election.joining === null ? noSay(state, now) : null;
  if (own === "paused" || own === "starved") {
    const text = `This node's opinions of the targets do not count: ${noSayText(own)}`;
    problems.push({ kind: "host", text });
  }
  for (const [id, peer] of state.peers) {
    if (!peer.alive || peer.hasSay || peer.reportedAt === -Infinity) continue;
    const text = `Node ${id} says that it cannot judge the targets now: its opinions do not count`;
    problems.push({ kind: "host", text });
  }
  return problems;
}

function configProblems(state: NodeState, now: MonoMs): Problem[] {
  const problems: Problem[] = [];
  if (state.election.twinAt !== null && state.election.joining !== null) {
    problems.push({ kind: "config", text: `Another process runs as node ${state.self}: stop one of them` });
  }
  for (const [id, peer] of state.peers) {
    if (peer.configDigest === null || peer.configDigest === state.configDigest || !peer.alive) continue;
    const keys = peer.differs.length > 0 ? `: ${peer.differs.join(", ")}` : "";
    problems.push({ kind: "config", text: `Node ${id} runs with another config${keys}` });
  }
  for (const [id, at] of state.election.configDeniedBy) {
    if (now - at > DENIAL_SHOWN_MS) continue;
    problems.push({
      kind: "config",
      text: `Node ${id} has another election.lease and refuses this node's claims`,
    });
  }
  return problems;
}
