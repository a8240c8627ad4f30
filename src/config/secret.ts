import type { Secret } from "./config.ts";

const SHOWN = "[secret]";

class Wrapped implements Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  /** What `console.log` and inspectors show. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return SHOWN;
  }
}

/** Wraps a secret, so that printing it, in whatever way, shows `[secret]`. */
export function secret(value: string): Secret {
  return new Wrapped(value);
}
