/** Linux's clock that counts time asleep (CLOCK_BOOTTIME), from /proc/uptime, in whichever way is allowed. */

const FILE = "/proc/uptime";

export interface UptimeReader {
  /** Ms since boot to 10 ms; null where it cannot be had. */
  read(): number | null;
  close(): void;
}

/** Through an open file (a microsecond, needs --allow-all), else through `cat` (some ms, needs --allow-run). */
export function openUptime(): UptimeReader {
  if (Deno.build.os !== "linux") return { read: () => null, close: () => {} };
  return throughFile() ?? { read: throughCat, close: () => {} };
}

/** Reads the first of the two numbers of /proc/uptime, seconds with two decimals; null for anything else. */
export function parseUptime(text: string): number | null {
  const seconds = /^(\d+\.\d+)\s/.exec(text)?.[1];
  return seconds === undefined ? null : Math.round(Number(seconds) * 1000);
}

function throughFile(): UptimeReader | null {
  try {
    const file = Deno.openSync(FILE);
    const buffer = new Uint8Array(64);
    return {
      read: () => {
        file.seekSync(0, Deno.SeekMode.Start);
        const length = file.readSync(buffer) ?? 0;
        return parseUptime(new TextDecoder().decode(buffer.subarray(0, length)));
      },
      close: () => file.close(),
    };
  } catch {
    return null;
  }
}

function throughCat(): number | null {
  try {
    const { success, stdout } = new Deno.Command("cat", { args: [FILE], stderr: "null" }).outputSync();
    return success ? parseUptime(new TextDecoder().decode(stdout)) : null;
  } catch {
    return null;
  }
}
