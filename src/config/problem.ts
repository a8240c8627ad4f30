/** What can be wrong with a config, and how it is said. */

/** One thing that is wrong, at one place. */
export interface ConfigProblem {
  readonly file: string;
  /** 1-based; null when it is at no line (a section that is missing). */
  readonly line: number | null;
  /** 1-based; known for broken TOML alone. */
  readonly column: number | null;
  /** Such as `services.web.check.interval`; empty for broken TOML. */
  readonly path: string;
  /** What is wrong: what was found and what is allowed. Never a secret's value. */
  readonly message: string;
  /** More lines: what was probably meant, which keys there are. */
  readonly help: readonly string[];
}

/** `file:line: path: message` as compilers say it, and indented lines of help. No final newline. */
export function explainProblem(problem: ConfigProblem): string {
  const place = [problem.file, problem.line, problem.column].filter((part) => part !== null).join(":");
  const what = problem.path === "" ? problem.message : `${problem.path}: ${problem.message}`;
  return [`${place}: ${what}`, ...problem.help.map((line) => `    ${line}`)].join("\n");
}

/** A found value as it stands in the file, shortened; `what` when it is no plain value. */
export function foundText(value: unknown): string {
  switch (typeof value) {
    case "string":
      return shorten(JSON.stringify(value));
    case "number":
    case "bigint":
      return `the bare number ${value}`;
    case "boolean":
      return String(value);
    default:
      if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
      return value instanceof Date ? "a date" : "a table";
  }
}

function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}…"`;
}
