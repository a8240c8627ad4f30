import type { Result } from "../base/result.ts";

/** The world outside of the text: passed in, so that parsing stays a function. */
export interface ConfigReader {
  /** An environment variable. */
  env(name: string): string | undefined;
  /** A file's text, or one phrase on why not. */
  readTextFile(path: string): Result<string, string>;
  /** Permission bits of a file; null where there are none. */
  mode?(path: string): number | null;
}
