/**
 * Tells systemd how this process is (sd_notify(3)): datagrams on the Unix socket that NOTIFY_SOCKET names. Without
 * that variable nothing is opened and nothing is sent.
 *
 * Why a bound socket of our own in a temporary folder: Deno cannot send from an unbound one, and systemd reads
 * neither name nor path of the sender, only its process id.
 */

import { openUptime } from "./uptime.ts";

/** A line to the service manager. */
export interface Systemd {
  /** The node runs: its sockets are open. */
  ready(): void;
  /** A reload begins; `ready` ends it (Type=notify-reload). */
  reloading(): void;
  stopping(): void;
  /** One line for `systemctl status`. */
  status(text: string): void;
  /** Waits for what is on its way, then closes. Never rejects. */
  close(): Promise<void>;
}

export interface SystemdOptions {
  /** `Deno.env.get`, replaced in tests. */
  readonly env: (name: string) => string | undefined;
  /** Whether this process keeps its own timing: without it the watchdog is not fed, and systemd restarts it. */
  readonly healthy: () => boolean;
  /** Time since boot, ms; null where it cannot be had. Replaced in tests. */
  readonly uptimeMs?: () => number | null;
}

/** How exact the uptime is, ms. */
const UPTIME_STEP_MS = 10;

const NOBODY: Systemd = {
  ready: (): void => {},
  reloading: (): void => {},
  stopping: (): void => {},
  status: (): void => {},
  close: (): Promise<void> => Promise.resolve(),
};

/** Opens the line, and feeds the watchdog twice in its time where systemd asks for that (WATCHDOG_USEC). */
export function openSystemd(options: SystemdOptions): Systemd {
  const path = options.env("NOTIFY_SOCKET") ?? "";
  if (!path.startsWith("/")) return NOBODY; // abstract sockets ("@...") are out of Deno's reach
  const line = openLine(path);
  if (line === null) return NOBODY;
  const watchdog = watch(options, line);
  return {
    ready: (): void => line.send("READY=1"),
    reloading: (): void => line.send(`RELOADING=1\nMONOTONIC_USEC=${monotonicUsec(options)}`),
    stopping: (): void => line.send("STOPPING=1"),
    status: (text): void => line.send(`STATUS=${text.replaceAll("\n", " ")}`),
    close: async (): Promise<void> => {
      clearInterval(watchdog);
      await line.close();
    },
  };
}

/**
 * The moment in microseconds, not before systemd's signal of the reload, else it would take the news for an older one.
 * So the uptime, which comes in steps of 10 ms and with the time asleep, is rounded up.
 */
function monotonicUsec(options: SystemdOptions): number {
  const uptimeMs = (options.uptimeMs ?? readUptime)();
  return ((uptimeMs ?? 0) + UPTIME_STEP_MS) * 1000;
}

function readUptime(): number | null {
  const uptime = openUptime();
  try {
    return uptime.read();
  } finally {
    uptime.close();
  }
}

function watch(options: SystemdOptions, line: Line): ReturnType<typeof setInterval> | undefined {
  const pid = options.env("WATCHDOG_PID");
  const periodMs = Number(options.env("WATCHDOG_USEC") ?? "") / 1000;
  if (!(periodMs > 0) || (pid !== undefined && pid !== String(Deno.pid))) return undefined;
  return setInterval(() => {
    if (options.healthy()) line.send("WATCHDOG=1");
  }, periodMs / 2);
}

interface Line {
  send(text: string): void;
  close(): Promise<void>;
}

function openLine(path: string): Line | null {
  try {
    const folder = Deno.makeTempDirSync({ prefix: "abfail-notify-" });
    const socket = Deno.listenDatagram({ transport: "unixpacket", path: `${folder}/socket` });
    let last: Promise<unknown> = Promise.resolve();
    return {
      send: (text): void => {
        const bytes = new TextEncoder().encode(text);
        // systemd gone or busy: there is nobody else to tell
        last = last.then(() => socket.send(bytes, { transport: "unixpacket", path })).catch(() => {});
      },
      close: async (): Promise<void> => {
        await last;
        socket.close();
        await Deno.remove(folder, { recursive: true }).catch(() => {});
      },
    };
  } catch {
    return null;
  }
}
