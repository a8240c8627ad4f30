import { setImmediate } from "node:timers";

/** Resolves when the timers and sockets that are ready have had their turn; takes some microseconds by itself. */
export function otherTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
