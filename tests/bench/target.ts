/** A checked HTTP service that can be killed, and that can hang: connections are taken, nothing is answered. */
import type { HostPort } from "../../src/config/config.ts";
import { keep } from "./keep.ts";

export interface BenchTarget extends AsyncDisposable {
  readonly address: HostPort;
  start(): void;
  /** Like a process that is killed: connections are cut, new ones refused. */
  kill(): Promise<void>;
  hang(): void;
  resume(): void;
}

/** A target that answers 200 from now on. */
export function startTarget(address: HostPort): BenchTarget {
  let stop: AbortController | null = null;
  let server: Deno.HttpServer | null = null;
  let resume = (): void => {};
  let hung: Promise<void> | null = null;
  const target = keep({
    address,
    start(): void {
      stop = new AbortController();
      const options = {
        hostname: address.host,
        port: address.port,
        signal: stop.signal,
        onListen: (): void => {},
      };
      server = Deno.serve(options, async () => {
        await hung;
        return new Response("ok");
      });
    },
    async kill(): Promise<void> {
      stop?.abort();
      await server?.finished;
      server = null;
    },
    hang(): void {
      hung = new Promise((resolve) => resume = resolve);
    },
    resume(): void {
      hung = null;
      resume();
    },
    async [Symbol.asyncDispose](): Promise<void> {
      target.resume();
      await target.kill();
    },
  });
  target.start();
  return target;
}
