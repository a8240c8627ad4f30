/** An address that is given to one machine at a time, as DigitalOcean and Hetzner keep them: moved by actions that take a while, one at a time. */

/** An action under way or ended. */
export interface Action {
  readonly id: number;
  readonly command: string;
  readonly machine: number | null;
  /** When it ends, ms since 1970. */
  readonly endsAt: number;
  readonly fails: boolean;
}

/** One address. */
export class FakeAddress {
  readonly ip: string;
  /** How long an action takes, ms. */
  actionMs = 20;
  /** The next action ends badly. */
  failNext = false;
  /** Machines that there are. */
  readonly machines: ReadonlySet<number>;
  readonly #actions: Action[] = [];
  #machine: number | null;
  #applied = 0;

  constructor(ip: string, machines: readonly number[], machine: number | null) {
    this.ip = ip;
    this.machines = new Set(machines);
    this.#machine = machine;
  }

  /** Who has it now. */
  get machine(): number | null {
    for (; this.#applied < this.#actions.length; this.#applied++) {
      const action = this.#actions[this.#applied];
      if (action === undefined || action.endsAt > Date.now()) break;
      if (!action.fails) this.#machine = action.machine;
    }
    return this.#machine;
  }

  /** Someone else gives it to another machine, at once. */
  set machine(machine: number | null) {
    this.#machine = machine;
  }

  /** An action is under way. */
  get isBusy(): boolean {
    return this.#actions.some(({ endsAt }) => endsAt > Date.now());
  }

  /** Actions that were begun. */
  get actions(): readonly Action[] {
    return this.#actions;
  }

  begin(command: string, machine: number | null): Action {
    const action = {
      id: 7000 + this.#actions.length,
      command,
      machine,
      endsAt: Date.now() + this.actionMs,
      fails: this.failNext,
    };
    this.failNext = false;
    this.#actions.push(action);
    return action;
  }

  action(id: number): Action | null {
    return this.#actions.find((action) => action.id === id) ?? null;
  }
}

/** The address of the fakes, and the machines that can have it; the third is nobody's target. */
export const IP = "203.0.113.9";
export const MACHINES = [3001, 3002, 3999] as const;
