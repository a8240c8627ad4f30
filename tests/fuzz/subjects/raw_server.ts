/** A TCP server on loopback that says the same octets to everyone, whatever they ask, and hangs up. */
import { raw } from "../../integration/probe_lab.ts";

export interface RawServer {
  readonly port: number;
  /** What is said from now on. */
  say: Uint8Array;
  close(): Promise<void>;
}

/** Starts one. It reads something first: a client that is hung up on too early sees a reset instead of an answer. */
export function startRaw(): RawServer {
  const state = { say: new Uint8Array(0) as Uint8Array };
  const server = raw(async (connection) => {
    const buffer = new Uint8Array(8192);
    await connection.read(buffer);
    const half = state.say.length >> 1;
    for (const part of [state.say.subarray(0, half), state.say.subarray(half)]) {
      for (let sent = 0; sent < part.length;) sent += await connection.write(part.subarray(sent));
    }
    await connection.closeWrite();
    while (await connection.read(buffer) !== null);
  });
  return {
    port: server.port,
    get say(): Uint8Array {
      return state.say;
    },
    set say(bytes: Uint8Array) {
      state.say = bytes;
    },
    close: () => Promise.resolve(server[Symbol.asyncDispose]()),
  };
}
