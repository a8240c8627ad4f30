/** `abfail check`: is this config right, what will it do, and is it safe to go from the old one to it? */
import { failoverBudget, probesPerSecond } from "../config/budget.ts";
import { compareConfigs, type Comparison } from "../config/compare.ts";
import type { Config } from "../config/config.ts";
import { configDigest } from "../config/digest.ts";
import type { ConfigProblem } from "../config/problem.ts";
import { colourPaint, plainPaint } from "../view/paint.ts";
import { type TriedPublisher, tryPublishers } from "./check_publishers.ts";
import { triedText } from "./check_publishers_text.ts";
import { comparisonText, summaryText } from "./check_text.ts";
import { loadConfigFully, type LoadProblem } from "./load.ts";
import type { CheckOptions } from "./options.ts";
import { columns, complain, print, wantsColour } from "./output.ts";

/**
 * Exit code: 0 right, 1 the step from `against` is not safe or a publisher could not be read, 2 one of the configs is
 * wrong.
 */
export async function checkCommand(options: CheckOptions): Promise<number> {
  const { config: path, against, json } = options;
  const next = await loadConfigFully(path, { keys: "here" });
  // Of the old one the keys matter less than that it can be compared at all.
  const running = against === null ? null : await loadConfigFully(against, { keys: "optional" });
  if (!next.ok || running?.ok === false) {
    const failures = [next, running].flatMap((loaded) => loaded === null || loaded.ok ? [] : [loaded.error]);
    if (json) print(JSON.stringify(failureJson(failures), null, 2));
    else complain(failures.map((failure) => `error: ${failure.text}`).join("\n\n"));
    return 2;
  }
  const comparison = running === null ? null : compareConfigs(running.value, next.value);
  const tried = options.tryPublishers ? await tryPublishers(next.value, () => Date.now()) : null;
  if (json) print(JSON.stringify(resultJson(next.value, comparison, tried), null, 2));
  else {
    const look = { width: columns(), paint: wantsColour() ? colourPaint : plainPaint };
    const step = comparison === null || against === null
      ? []
      : ["", ...comparisonText(against, comparison, look)];
    const publishers = tried === null ? [] : ["", ...triedText(tried, look)];
    print([...summaryText(next.value, look), ...step, ...publishers].join("\n"));
  }
  return isFine(comparison, tried) ? 0 : 1;
}

function isFine(comparison: Comparison | null, tried: readonly TriedPublisher[] | null): boolean {
  const isSafe = comparison === null || comparison.refusals.length === 0;
  return isSafe && (tried ?? []).every(({ result }) => result !== "failed");
}

type JsonProblem = Omit<ConfigProblem, "file"> & { readonly file: string | null };

function failureJson(failures: readonly LoadProblem[]): Readonly<Record<string, unknown>> {
  const problems = failures.flatMap(({ problems, text }): readonly JsonProblem[] => {
    const whole = { file: null, line: null, column: null, path: "", message: text, help: [] };
    return problems.length > 0 ? problems : [whole];
  });
  return { ok: false, problems };
}

function resultJson(
  config: Config,
  comparison: Comparison | null,
  tried: readonly TriedPublisher[] | null,
): Readonly<Record<string, unknown>> {
  const { cluster, election, warnings, file } = config;
  return {
    ok: isFine(comparison, tried),
    file,
    cluster: cluster.name,
    digest: configDigest(config).toString(16).padStart(8, "0"),
    nodes: cluster.nodes.map(({ id, address, zone, priority }) => ({ id, address, zone, priority })),
    election: { heartbeatMs: election.heartbeatMs, leaseMs: election.leaseMs },
    services: config.services.map((service) => {
      const { total, detect, decide, publish, ttl, shorten } = failoverBudget(config, service);
      return {
        name: service.name,
        targets: service.targets.map(({ name, publish: shown }) => ({ name, publish: shown })),
        publishers: service.publish.map(({ type, name }) => ({ type, name })),
        probesPerSecond: probesPerSecond(config, service) * service.targets.length,
        budgetMs: { detect, decide, publish, ttl, total },
        shorten,
      };
    }),
    warnings,
    problems: [],
    ...(comparison === null ? {} : { against: comparison }),
    ...(tried === null ? {} : { publishers: tried }),
  };
}
