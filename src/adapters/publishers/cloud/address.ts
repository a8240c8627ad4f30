/**
 * An address that a provider gives to one machine at a time, as a publisher. The machine behind each target is in the
 * config; what the address shows is what the target of its machine publishes, or the machine's number where it is none
 * of them.
 *
 *     look -> right: done
 *       ^       | wrong: assign (in place: never without a machine in between) -> follow the action -> look again
 *       +-------+ busy: an action of somebody else (a former leader's, perhaps) is under way: wait, then look
 *
 * Fence `lease-only`: no provider compares anything. But while an action is under way none can begin, and where that
 * is told (`busy`), a look says `unclaimed`: the write that follows waits for its end and sees what came of it.
 */
import type { AddressPublisher } from "../../../config/publisher.ts";
import { MACHINES } from "../../../config/publisher.ts";
import type { PublishResult } from "../../../publish/action.ts";
import type { Publisher } from "../publisher.ts";
import { CloudFailure } from "./failure.ts";
import type { CloudHttp, CloudWorld } from "./http.ts";
import { createPacedPublisher, UNREHEARSED, type WriteAction } from "./paced.ts";
import { pause } from "./record.ts";

/** Who has the address. */
export interface Holder {
  /** The provider's number; null = nobody. */
  readonly machine: number | null;
  /** An action is under way, as far as the provider tells. */
  readonly busy: boolean;
}

/** How one provider is asked. Throws CloudFailure. */
export interface AddressStore {
  readonly http: CloudHttp;
  read(signal: AbortSignal): Promise<Holder>;
  /** Gives it to a machine, or to none, and waits until that is done. */
  move(machine: number | null, signal: AbortSignal): Promise<void>;
  /** A write that changes nothing, to prove that it could be moved. */
  prove(holder: Holder, signal: AbortSignal): Promise<void>;
  /** An action under way was in the way: later it may work. */
  isBusy(failure: CloudFailure): boolean;
}

/** Between two looks at a busy address, ms: doubles from the first to the last. */
const WAIT_MS = { first: 250, most: 2000 } as const;

/** A publisher on a store. `values`: what each target publishes, by its name. */
export function createAddressPublisher(
  store: AddressStore,
  config: AddressPublisher,
  values: ReadonlyMap<string, string>,
  world: CloudWorld,
): Publisher {
  const show = showerOf(config, values);
  return createPacedPublisher(store.http, world, {
    look: async (_action, deadline): Promise<PublishResult> => {
      const { machine, busy } = await store.read(deadline);
      return { kind: "ok", shows: show(machine), unclaimed: busy };
    },
    write: (action, deadline) => write(store, config, action, show, deadline),
  });
}

/** Makes it so, and says who has it in the end. */
async function write(
  store: AddressStore,
  config: AddressPublisher,
  { target, rehearsal }: WriteAction,
  show: (machine: number | null) => string | null,
  deadline: AbortSignal,
): Promise<PublishResult> {
  const wanted = target === null ? null : config.machines[target] ?? null;
  if (target !== null && wanted === null) {
    throw new CloudFailure(`no ${MACHINES[config.type].machine} is known for the target "${target}"`);
  }
  let done = false;
  for (let wait: number = WAIT_MS.first;; wait = Math.min(WAIT_MS.most, wait * 2)) {
    const holder = await store.read(deadline);
    if (!holder.busy) {
      const right = holder.machine === wanted;
      if (done || (right && rehearsal !== true)) return { kind: "ok", shows: show(holder.machine) };
      if (!right && rehearsal === true) return UNREHEARSED;
      try {
        await (right ? store.prove(holder, deadline) : store.move(wanted, deadline));
        done = true;
        continue;
      } catch (error) {
        if (!(error instanceof CloudFailure) || !store.isBusy(error)) throw error;
        await pause(error.retryAfterMs ?? 0, deadline, "an action that was under way");
      }
    }
    await pause(wait, deadline, "an action that was under way");
  }
}

/** A machine as its target's value; one that is no target's as its number. */
function showerOf(
  { type, machines }: AddressPublisher,
  values: ReadonlyMap<string, string>,
): (machine: number | null) => string | null {
  const byMachine = new Map(
    Object.entries(machines).map(([target, machine]) => [machine, values.get(target)]),
  );
  return (machine) =>
    machine === null ? null : byMachine.get(machine) ?? `${MACHINES[type].machine} ${machine}`;
}
