/** The commands as plain data: what completions and the man page are made of. `args.ts` gives it. */

/** One command. */
export interface CommandSpec {
  readonly name: string;
  /** Such as `[options] <service> [target]`. */
  readonly usage: string;
  readonly summary: string;
  readonly arguments: readonly ArgumentSpec[];
  /** Words that its arguments may be. */
  readonly words: readonly string[];
  readonly options: readonly OptionSpec[];
  readonly help: CommandHelp;
}

/** One argument of it. */
export interface ArgumentSpec {
  readonly name: string;
  readonly summary: string;
}

/** One option of it. */
export interface OptionSpec {
  /** Such as `-c` and `--config`. */
  readonly flags: readonly string[];
  /** With its value, such as `-c, --config <file>`. */
  readonly term: string;
  readonly summary: string;
  readonly value:
    | { readonly kind: "none" }
    | { readonly kind: "any" }
    | { readonly kind: "file" }
    /** Of nodes: `names.ts` finds them. */
    | { readonly kind: "names" }
    | { readonly kind: "words"; readonly words: readonly string[] };
}

/** What stands below the options. */
export interface CommandHelp {
  /** Command lines that work, as they are typed; more than one where that says more. */
  readonly examples: readonly string[];
  /** Sentences behind them: what to know, and what the exit code means. */
  readonly notes: readonly string[];
}
