/** What has to be taken down even when the run is interrupted: processes, namespaces, temporary folders. */

const kept = new Set<AsyncDisposable>();

/** Longest that taking one thing down may last, ms. */
const LIMIT_MS = 15_000;

/** Remembers something until it is disposed: `await using cluster = keep(new TestCluster())`. */
export function keep<T extends AsyncDisposable>(thing: T): T {
  kept.add(thing);
  const dispose = thing[Symbol.asyncDispose].bind(thing);
  let disposing: Promise<void> | null = null;
  thing[Symbol.asyncDispose] = (): Promise<void> => {
    return disposing ??= (async (): Promise<void> => {
      try {
        await dispose();
      } finally {
        kept.delete(thing);
      }
    })();
  };
  return thing;
}

/** A temporary folder that goes away in the end. */
export function keepFolder(): { readonly path: string } & AsyncDisposable {
  const path = Deno.makeTempDirSync({ prefix: "abfail-bench-" });
  return keep({
    path,
    async [Symbol.asyncDispose](): Promise<void> {
      await Deno.remove(path, { recursive: true }).catch(() => {});
    },
  });
}

/** Takes down whatever is left, the newest first. */
export async function disposeAll(): Promise<void> {
  for (const thing of [...kept].reverse()) {
    await within(LIMIT_MS, Promise.resolve(thing[Symbol.asyncDispose]())).catch((problem) => {
      console.error(`left behind: ${problem instanceof Error ? problem.message : problem}`);
    });
  }
}

/** A promise with a limit in time; rejects when it is over. */
export async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took longer than ${limitMs / 1000} s`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
