/** What a process takes, sample by sample, and whether it grows. Linux only. */

export interface Sample {
  readonly node: number;
  readonly atMs: number;
  /** Resident memory, MiB: what the verdict goes by. */
  readonly residentMib: number;
  /** Its part that is no file: heap, buffers, stacks. */
  readonly anonymousMib: number;
  readonly files: number;
  readonly threads: number;
}

/** The share of the run that counts as warm-up: code is compiled, caches and rings fill. */
export const WARM_UP = 0.25;
/** Memory may grow by so much after it, MiB an hour. */
export const SLOPE_MAX = 1;
/** Files open at the end may be so many more than after the warm-up: probes under way come and go. */
export const FILES_SLACK = 30;

export interface NodeVerdict {
  readonly node: number;
  readonly residentMib: { readonly afterWarmUp: number; readonly atEnd: number; readonly max: number };
  readonly slopeMibPerHour: number;
  readonly anonymousSlopeMibPerHour: number;
  readonly files: { readonly afterWarmUp: number; readonly atEnd: number; readonly max: number };
}

export interface Verdict {
  readonly ok: boolean;
  readonly nodes: readonly NodeVerdict[];
  /** What is wrong; empty when all is well. */
  readonly problems: readonly string[];
}

export function sampleOf(node: number, pid: number, atMs: number): Sample {
  const text = Deno.readTextFileSync(`/proc/${pid}/status`);
  const number = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? NaN);
  return {
    node,
    atMs,
    residentMib: number("VmRSS") / 1024,
    anonymousMib: number("RssAnon") / 1024,
    files: [...Deno.readDirSync(`/proc/${pid}/fd`)].length,
    threads: number("Threads"),
  };
}

/** Judges a run; `complaints` are problems that the nodes named at its end, `failed` is what nobody answered. */
export function judge(
  samples: readonly Sample[],
  complaints: readonly string[],
  failed: readonly string[],
): Verdict {
  const lastMs = Math.max(...samples.map((one) => one.atMs));
  const warm = samples.filter((one) => one.atMs >= lastMs * WARM_UP);
  const nodes = [...new Set(warm.map((one) => one.node))].map((node) =>
    verdictOf(node, warm.filter((one) => one.node === node))
  );
  const problems = nodes.flatMap((one) => {
    const grows = one.slopeMibPerHour > SLOPE_MAX
      ? [`node ${one.node} grows by ${one.slopeMibPerHour} MiB an hour`]
      : [];
    const leaks = one.files.atEnd > one.files.afterWarmUp + FILES_SLACK
      ? [`node ${one.node} had ${one.files.afterWarmUp} files open after the warm-up, ${one.files.atEnd} now`]
      : [];
    return [...grows, ...leaks];
  });
  const all = [...problems, ...complaints, ...failed];
  return { ok: all.length === 0, nodes, problems: all };
}

function verdictOf(node: number, samples: readonly Sample[]): NodeVerdict {
  const of = (key: "residentMib" | "anonymousMib" | "files"): number[] => samples.map((one) => one[key]);
  // the medians of the first and last tenth: one probe or collection more or less is no growth
  const tenth = Math.max(1, Math.floor(samples.length / 10));
  const ends = (key: "residentMib" | "files"): { afterWarmUp: number; atEnd: number; max: number } => ({
    afterWarmUp: round(median(of(key).slice(0, tenth))),
    atEnd: round(median(of(key).slice(-tenth))),
    max: round(Math.max(...of(key))),
  });
  const hours = samples.map((one) => one.atMs / 3_600_000);
  return {
    node,
    residentMib: ends("residentMib"),
    slopeMibPerHour: round(slope(hours, of("residentMib"))),
    anonymousSlopeMibPerHour: round(slope(hours, of("anonymousMib"))),
    files: ends("files"),
  };
}

/**
 * The median of the slopes between every two points (Theil 1950, Sen 1968): a collection that was late or early
 * moves it little, growth that goes on does. Points are thinned to 300, which makes 45,000 pairs.
 */
export function slope(x: readonly number[], y: readonly number[]): number {
  const step = Math.max(1, Math.ceil(x.length / 300));
  const at = x.map((_, i) => i).filter((i) => i % step === 0);
  const slopes: number[] = [];
  for (const i of at) {
    for (const j of at) {
      const [x1, x2, y1, y2] = [x[i], x[j], y[i], y[j]] as [number, number, number, number];
      if (x2 > x1) slopes.push((y2 - y1) / (x2 - x1));
    }
  }
  return median(slopes);
}

export function renderVerdict({ ok, nodes, problems }: Verdict): string {
  const lines = nodes.map(({ node, residentMib, files, slopeMibPerHour, anonymousSlopeMibPerHour }) => {
    const { afterWarmUp, atEnd, max } = residentMib;
    return `node ${node}: RSS ${afterWarmUp} MiB after the warm-up, ${atEnd} at the end, ${max} at most: ` +
      `${slopeMibPerHour} MiB/h (anonymous ${anonymousSlopeMibPerHour}); ` +
      `files ${files.afterWarmUp}, ${files.atEnd}, ${files.max}`;
  });
  return [...lines, ok ? `flat: at most ${SLOPE_MAX} MiB/h, no handle lost` : problems.join("\n")].join("\n");
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? NaN;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
