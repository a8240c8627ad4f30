/**
 * How much work strangers may make us do. Whether a datagram was sealed by a member shows only after a cipher, and for a
 * life that is new here after a key for it: 25 to 50 microseconds, which 50,000 forged ones a second turn into more than
 * a processor has, and then the real ones wait behind them and the lease goes. So of those that come from elsewhere than
 * their sender's last good one, only so many may turn out to be junk; the rest are turned away unread. Those that come
 * from where their sender is are always read.
 */
import type { MonoMs } from "../base/time.ts";

/** Forgeries that are judged, a second; as many may come at once. 5 ms of work. */
export const FORGERIES_PER_SECOND = 100;

/** Counts forgeries. */
export class Doubt {
  #left = FORGERIES_PER_SECOND;
  #at: MonoMs | null = null;

  /** True when too many were judged of late. */
  isSpent(now: MonoMs): boolean {
    if (this.#at !== null) {
      const gained = (Math.max(0, now - this.#at) / 1000) * FORGERIES_PER_SECOND;
      this.#left = Math.min(FORGERIES_PER_SECOND, this.#left + gained);
    }
    this.#at = now;
    return this.#left < 1;
  }

  /** One was judged and was junk. */
  spend(): void {
    this.#left -= 1;
  }
}
