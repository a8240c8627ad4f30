/** `abfail run`: one node, until it is told to stop. */
import { nodeName } from "../view/node_name.ts";
import { stopwatchMs } from "../adapters/clock.ts";
import { createLogger } from "../adapters/log.ts";
import { openSystemd } from "../adapters/systemd.ts";
import type { Config } from "../config/config.ts";
import type { LogEvent } from "../node/events.ts";
import { processEvent } from "../node/process_event.ts";
import { identify } from "../runtime/identity.ts";
import { type NodeParts, type RunningNode, startNode } from "../runtime/start.ts";
import { loadConfig } from "./load.ts";
import type { RunOptions } from "./options.ts";
import { complain } from "./output.ts";
import { VERSION } from "./version.ts";

/**
 * Runs a node. Returns 0 after a clean stop, 2 for a wrong config or surroundings that do not fit it. `parts` are a
 * test's; nothing on the command line leads there.
 */
export async function runCommand(options: RunOptions, parts: Partial<NodeParts> = {}): Promise<number> {
  const loaded = await loadConfig(options.config);
  if (!loaded.ok) return refuse(loaded.error);
  const config = loaded.value;
  const identified = identify(config, options.nodeId, localAddresses());
  if (!identified.ok) return refuse(identified.error);
  const member = identified.value;

  const logger = createLogger({
    level: options.logLevel,
    format: options.logFormat,
    config: config.log,
  });
  let tellSystemd = (_sentence: string): void => {};
  const log = (event: LogEvent): void => {
    logger.log(event);
    if (event.name === "leader" || event.name === "switch") tellSystemd(event.text);
  };
  for (const warning of config.warnings) log(processEvent("warning", "config", warning));
  const token = new TokenReader(config);
  const started = await startNode({
    config,
    member,
    version: VERSION,
    log,
    logsProbes: () => logger.wants("debug", "probe"),
    token: () => token.read(),
    parts,
  });
  if (!started.ok) {
    await logger.close();
    return refuse(started.error);
  }
  const node = started.value;
  const systemd = openSystemd({ env: (name) => Deno.env.get(name), healthy: () => node.healthy() });
  tellSystemd = (sentence): void => systemd.status(sentence);
  const text = `abfail ${VERSION}: node ${nodeName(member)} of cluster ${config.cluster.name} runs, ` +
    `UDP ${member.address.host}:${member.address.port}, API ${node.api.host}:${node.api.port}.`;
  log(processEvent("info", "start", text));
  systemd.ready();

  const unlisten = stopOnSignals(node, log, () => systemd.stopping());
  const reload = async (): Promise<void> => {
    systemd.reloading();
    const taken = await reloadConfig(options.config, node, log, token);
    if (taken !== null) logger.use(taken.log);
    systemd.ready();
  };
  // One after the other: of two that come at once the last must read last, and win.
  let reloading = Promise.resolve();
  const onHangUp = (): void => void (reloading = reloading.then(reload));
  Deno.addSignalListener("SIGHUP", onHangUp);
  await node.ended;
  Deno.removeSignalListener("SIGHUP", onHangUp);
  unlisten();
  await systemd.close();
  log(processEvent("info", "stop", "Stopped."));
  await logger.close();
  return 0;
}

/** SIGHUP: reads the config again and returns it. One that is wrong is refused and the old one stays: null. */
async function reloadConfig(
  path: string,
  node: RunningNode,
  log: (event: LogEvent) => void,
  token: TokenReader,
): Promise<Config | null> {
  const loaded = await loadConfig(path);
  const refusal = loaded.ok ? node.reload(loaded.value) : loaded.error;
  if (loaded.ok && refusal === null) token.config = loaded.value;
  if (refusal !== null) log(processEvent("error", "reload", `The config was not taken up: ${refusal}`));
  return loaded.ok && refusal === null ? loaded.value : null;
}

function refuse(problem: string): number {
  complain(`error: ${problem}`);
  return 2;
}

/** One Ctrl-C may come twice, from the terminal and from whatever started this process, ms. */
const SAME_SIGNAL_MS = 500;

/** The first SIGTERM or SIGINT stops the node, a second one ends the process. */
function stopOnSignals(node: RunningNode, log: (event: LogEvent) => void, stopping: () => void): () => void {
  let told: number | null = null;
  const onSignal = (): void => {
    if (told !== null && stopwatchMs() - told < SAME_SIGNAL_MS) return;
    if (told !== null) Deno.exit(1);
    told = stopwatchMs();
    log(processEvent("info", "stop", "Told to stop: releasing the lease."));
    stopping();
    node.stop();
  };
  const signals: Deno.Signal[] = ["SIGTERM", "SIGINT"];
  for (const signal of signals) Deno.addSignalListener(signal, onSignal);
  return () => {
    for (const signal of signals) Deno.removeSignalListener(signal, onSignal);
  };
}

/** Reads the API's token anew at each use: it can be changed while the node runs. */
class TokenReader {
  /** The config in force. */
  config: Config;

  constructor(config: Config) {
    this.config = config;
  }

  /** Null when there is none. */
  read(): string | null {
    const path = this.config.api.tokenFile;
    if (path === null) return null;
    try {
      const token = Deno.readTextFileSync(path).trim();
      return token === "" ? null : token;
    } catch {
      return null;
    }
  }
}

function localAddresses(): ReadonlySet<string> {
  return new Set(Deno.networkInterfaces().map((network) => network.address));
}
