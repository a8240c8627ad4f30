/**
 * A step of a publisher that did not work. Within this folder it is thrown, so that a chain of requests reads as its
 * steps; `paced.ts` turns it, and whatever else is thrown, into a value. `message` is one phrase for people.
 */
export class CloudFailure extends Error {
  /** The far side asked for so much quiet, ms; null when it did not. */
  readonly retryAfterMs: number | null;
  /** The HTTP status; null when there was no answer. */
  readonly status: number | null;
  /** The error code of the provider, such as `InvalidChangeBatch`; empty when there was none. */
  readonly code: string;

  constructor(
    message: string,
    more: {
      readonly retryAfterMs?: number | null;
      readonly status?: number | null;
      readonly code?: string;
    } = {},
  ) {
    super(message);
    this.retryAfterMs = more.retryAfterMs ?? null;
    this.status = more.status ?? null;
    this.code = more.code ?? "";
  }
}
