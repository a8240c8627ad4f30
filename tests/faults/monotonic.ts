/**
 * CLOCK_MONOTONIC, which all processes and all network namespaces of a machine share: moments that different processes
 * tell can be compared. (`performance.now()` counts from each process's own start.)
 */
const CLOCK_MONOTONIC = 1;
const spec = new BigInt64Array(2);
let read: ((clock: number, into: BigInt64Array<ArrayBuffer>) => number) | null = null;

/** Ms, to a microsecond. Linux only. */
export function monotonicMs(): number {
  read ??= Deno.dlopen("libc.so.6", {
    clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  }).symbols.clock_gettime;
  read(CLOCK_MONOTONIC, spec);
  return Number(spec[0]) * 1000 + Number(spec[1]) / 1e6;
}

/** Waits. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}
