/**
 * Puts one node together: opens its sockets and files, joins them to the loop, and takes it all apart again.
 * What fails here is told at once and loudly: a node that cannot bind or store must not pretend to run.
 */
import type { ApiServer } from "../adapters/api/server.ts";
import { type Clock, createClock } from "../adapters/clock.ts";
import { openFileLimit } from "../adapters/file_limit.ts";
import { runProbe } from "../adapters/probes/index.ts";
import { createPublishers } from "../adapters/publishers/index.ts";
import { newIncarnation, systemRandom } from "../adapters/random.ts";
import { FailoverTraces, openTracer } from "../adapters/trace.ts";
import type { NodeId } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Config, HostPort } from "../config/config.ts";
import { compareConfigs, isReloadable } from "../config/compare.ts";
import { isAlive } from "../election/detector.ts";
import { knownLeader } from "../election/step.ts";
import type { Durable, LogEvent } from "../node/events.ts";
import { processEvent } from "../node/process_event.ts";
import { NODE_PROGRAM, type NodeProgram } from "../node/program.ts";
import { Recorder } from "../record/recorder.ts";
import { ApiCertificate } from "./api_certificate.ts";
import { Engine } from "./engine.ts";
import { shareFiles, ShortageWatch, tooFewFiles } from "./files.ts";
import { Host } from "./host.ts";
import { notifyCounters, notifyProblems, openNotifier } from "./notifying.ts";
import { openLink } from "./link.ts";
import { countersOf } from "./counters.ts";
import { probeEvent } from "./probe_event.ts";
import { Tally } from "./tally.ts";
import { openApi, type Opening, openMemory, openZones } from "./open_parts.ts";

/** What a node is started with. */
export interface StartOptions extends Opening {
  readonly version: string;
  /** Whether each probe is to be logged. */
  readonly logsProbes?: () => boolean;
  /** Read at each request, so that a token can be changed while the node runs. */
  readonly token: () => string | null;
  /** Other parts than the right ones, for tests that want a node to be wrong. */
  readonly parts?: Partial<NodeParts>;
}

/** What a node is made of, where a test may put in something else. */
export interface NodeParts {
  readonly program: NodeProgram;
  readonly clock: () => Clock;
  readonly publishers: typeof createPublishers;
}

const PARTS: NodeParts = { program: NODE_PROGRAM, clock: createClock, publishers: createPublishers };

/** A node that runs, for the one who started it. */
export interface RunningNode {
  readonly api: HostPort;
  /** Resolves when the node has stopped and everything is closed. */
  readonly ended: Promise<void>;
  /** Takes up another config (SIGHUP). Returns why it cannot, and then nothing has changed; null when it has. */
  reload(next: Config): string | null;
  /** Whether this process keeps its own timing. */
  healthy(): boolean;
  /** Releases the lease, then ends. Harmless when repeated. */
  stop(): void;
}

const NO_SUSPEND =
  "The time that this machine is suspended cannot be seen here (/proc/uptime cannot be read): " +
  "do not suspend it while a node runs.";

/** How long a stopping node may take in all before it just ends, ms. */
const STOP_LIMIT_MS = 900;

/** Starts a node. The error is one sentence for people. */
export async function startNode(options: StartOptions): Promise<Result<RunningNode, string>> {
  const { config, member } = options;
  const parts = { ...PARTS, ...options.parts };
  const closers: (() => Promise<void> | void)[] = [];
  const giveUp = async (problem: string): Promise<Result<RunningNode, string>> => {
    for (const close of closers.toReversed()) await close();
    return err(problem);
  };

  const fileLimit = openFileLimit();
  const tooFew = tooFewFiles(fileLimit);
  if (tooFew !== null) return err(tooFew);
  const shares = shareFiles(fileLimit);
  const clock = parts.clock();
  closers.push(() => clock.close());
  const certificate = ApiCertificate.read(config.api.tls);
  if (!certificate.ok) return await giveUp(certificate.error);
  if (!clock.seesSuspend) options.log(processEvent("warning", "clock", NO_SUSPEND));
  const incarnation = newIncarnation();
  const kept = openMemory(options);
  if (!kept.ok) return await giveUp(kept.error);
  const { stateDir, memory } = kept.value;
  if (stateDir !== null) closers.push(() => stateDir.close());

  const env = { now: clock.now(), wallMs: clock.wallMs(), random: systemRandom };
  const state = parts.program.create({ config, self: member.id, incarnation, memory }, env);
  const silent = (id: NodeId): boolean => {
    const peer = state.election.peers.get(id);
    return peer === undefined || !isAlive(state.election, peer, clock.now());
  };
  const link = openLink({ config, member, incarnation, log: options.log, clock, silent });
  if (!link.ok) return await giveUp(link.error);
  closers.push(() => link.value.close());

  const world = {
    publishers: parts.publishers(config, { wallMs: () => clock.wallMs(), random: systemRandom }),
  };
  const leaseInSight = (): boolean => knownLeader(state.election, clock.now()) !== null;
  const zones = await openZones(options, clock, leaseInSight, shares.dns);
  if (!zones.ok) return await giveUp(zones.error);
  const zone = zones.value;
  closers.push(() => zone?.close());
  let finish = (): void => {};
  const stopped = new Promise<void>((resolve) => finish = resolve);
  const notifier = openNotifier(state, clock, options.log, () => engine);
  closers.push(() => notifier.close());

  const persist = stateDir === null
    ? null
    : (durable: Durable): Result<void, string> => stateDir.save(durable);
  // Programs of exec checks must not outlive the node.
  const probes = new AbortController();
  closers.push(() => probes.abort());
  const recorder = new Recorder({ step: parts.program.step });
  const tally = new Tally();
  const shortage = new ShortageWatch((event) => tell(event));
  tally.expect(config);
  const engine: Engine = new Engine(
    state,
    {
      clock,
      random: systemRandom,
      send: (to, packet) => link.value.send(to, packet),
      drain: () => link.value.drain(),
      persist,
      probe: (check, target) => runProbe(check, target, probes.signal),
      publish: async (ref, action, timeoutMs, signal) => {
        const startedAt = clock.now();
        const result = await world.publishers.perform(ref, action, timeoutMs, signal);
        tally.published(state.config, ref, action, result, clock.now() - startedAt);
        return result;
      },
      verify: (ref, timeoutMs) => world.publishers.verify(ref, timeoutMs),
      committed: (cluster) => zone?.update(cluster),
      tell: (notice, receiver) => notifier.tell(notice, receiver),
      outcome: (request, outcome) => host.answer(request, outcome),
      event: (event) => tell(event),
      probeStarted: (lateMs) => tally.started(lateMs),
      probed: (service, target, outcome) => {
        tally.probed(service, target, outcome);
        shortage.probed(outcome, clock.now());
        if (options.logsProbes?.() === true) options.log(probeEvent(service, target, outcome));
      },
    },
    () => finish(),
    recorder,
    parts.program,
  );
  closers.push(() => engine.end());

  const servers: { api: ApiServer | null } = { api: null };
  const host: Host = new Host({
    engine,
    recorder,
    clock,
    version: options.version,
    token: options.token,
    tally,
    counters: () => [...countersOf(link.value, zone, servers.api), ...notifyCounters(notifier)],
    notices: () => [
      ...engine.promises.problems(state),
      ...link.value.problems(clock.now()),
      ...(zone?.problems ?? []),
      ...notifyProblems(notifier, state),
      ...certificate.value.problems(clock.wallMs()),
      ...shortage.problems(clock.now()),
    ],
  });
  const tracer = openTracer(options.version);
  const traces = tracer === null
    ? null
    : new FailoverTraces({ tracer, cluster: config.cluster.name, node: member.id });
  const tell = (event: LogEvent): void => {
    traces?.event(event, clock.wallMs());
    tally.event(event);
    options.log(event);
    host.tell(event);
  };

  const api = await openApi(options, certificate.value, host, shares.api);
  if (!api.ok) return await giveUp(api.error);
  servers.api = api.value;
  closers.push(() => api.value.close());
  closers.push(() => host.close());

  link.value.receive((packet) => engine.give({ kind: "received", packet }));
  engine.start();
  const ended = finishUp(stopped, closers, () => world.publishers.close());
  const listen = member.api ?? config.api.listen;
  return ok({
    api: { host: listen.host, port: api.value.port },
    ended,
    healthy: (): boolean => host.healthy().ok,
    reload: (next): string | null => {
      const refusal = refuseReload(state.config, next);
      if (refusal !== null) return refusal;
      const renewed = renew(api.value, certificate.value, next);
      if (!renewed.ok) return `${renewed.error}; nothing was changed`;
      for (const note of compareConfigs(state.config, next).notes) {
        options.log(processEvent("warning", "reload", `Mind: ${note}`));
      }
      const before = { ...world };
      world.publishers = parts.publishers(next, { wallMs: () => clock.wallMs(), random: systemRandom });
      notifier.update(next.notify);
      link.value.rekey(next);
      engine.give({ kind: "reload", config: next });
      tally.expect(next);
      zone?.reload(next, state.cluster);
      void before.publishers.close();
      return null;
    },
    stop: (): void => {
      engine.give({ kind: "stop" });
      setTimeout(finish, STOP_LIMIT_MS).unref(); // must not keep the process once all is closed
    },
  });
}

/** A running node keeps its members, its election and its sockets. */
function refuseReload(running: Config, next: Config): string | null {
  const fixed = compareConfigs(running, next).changes.filter((change) => !isReloadable(change))
    .map((change) => change.path);
  if (fixed.length === 0) return null;
  return `a running node cannot change ${fixed.join(", ")}: restart it to change that; nothing was changed`;
}

/** The certificate as it is on disk now, for new connections; where something is wrong with it the old one stays. */
function renew(api: ApiServer, running: ApiCertificate, next: Config): Result<void, string> {
  const read = ApiCertificate.read(next.api.tls);
  if (!read.ok) return read;
  const { identity } = read.value;
  const taken = identity === null ? ok(undefined) : api.renew(identity);
  if (taken.ok) running.replace(read.value);
  return taken;
}

/** Waits for the release, then closes everything, newest first. */
async function finishUp(
  stopped: Promise<void>,
  closers: readonly (() => Promise<void> | void)[],
  cutPublishers: () => Promise<void>,
): Promise<void> {
  await stopped;
  await cutPublishers();
  for (const close of closers.toReversed()) await close();
}
