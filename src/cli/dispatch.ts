/** What the command line can ask for. `main.ts` brings each one in when it is wanted; tests put others in. */
import type { CommandSpec } from "./completions.ts";
import type {
  CheckOptions,
  InitOptions,
  OperateOptions,
  RunOptions,
  Shell,
  SimulateOptions,
  StatusOptions,
} from "./options.ts";

/** One function a command; each returns the exit code. */
export interface Dispatch {
  run(options: RunOptions): Promise<number>;
  status(options: StatusOptions): Promise<number>;
  simulate(options: SimulateOptions): Promise<number>;
  check(options: CheckOptions): Promise<number>;
  init(options: InitOptions): Promise<number>;
  keygen(): Promise<number>;
  schema(): Promise<number>;
  completions(options: CompletionsOptions): Promise<number>;
  operate(options: OperateOptions): Promise<number>;
}

/** `abfail completions` */
export interface CompletionsOptions {
  readonly shell: Shell;
  readonly commands: readonly CommandSpec[];
}
