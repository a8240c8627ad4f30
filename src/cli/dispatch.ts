/** What the command line can ask for. `main.ts` brings each one in when it is wanted; tests put others in. */
import type { CommandSpec } from "./command_spec.ts";
import type {
  CheckOptions,
  EventsOptions,
  InitOptions,
  NamesOptions,
  NotifyTestOptions,
  OperateOptions,
  ProbeOptions,
  RecordOptions,
  RunOptions,
  Shell,
  SimulateOptions,
  StatusOptions,
} from "./options.ts";

/** One function a command; each returns the exit code. */
export interface Dispatch {
  run(options: RunOptions): Promise<number>;
  status(options: StatusOptions): Promise<number>;
  events(options: EventsOptions): Promise<number>;
  simulate(options: SimulateOptions): Promise<number>;
  check(options: CheckOptions): Promise<number>;
  probe(options: ProbeOptions): Promise<number>;
  notify(options: NotifyTestOptions): Promise<number>;
  init(options: InitOptions): Promise<number>;
  keygen(): Promise<number>;
  schema(): Promise<number>;
  completions(options: CompletionsOptions): Promise<number>;
  names(options: NamesOptions): Promise<number>;
  man(options: { readonly commands: readonly CommandSpec[] }): Promise<number>;
  operate(options: OperateOptions): Promise<number>;
  record(options: RecordOptions): Promise<number>;
}

/** `abfail completions` */
export interface CompletionsOptions {
  readonly shell: Shell;
  readonly commands: readonly CommandSpec[];
}
