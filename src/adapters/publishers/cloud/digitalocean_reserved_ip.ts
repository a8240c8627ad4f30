/**
 * The publisher `digitalocean-reserved-ip`: a reserved IP is assigned to the droplet of a target, by an action that is
 * followed to its end. It stays within its region: droplets of another one cannot have it.
 *
 * A rehearsal assigns it once more to where it is. That the API takes this, or says "already assigned", is assumed;
 * both prove the right to write.
 */
import type { AddressPublisher } from "../../../config/publisher.ts";
import type { Publisher } from "../publisher.ts";
import { type ActionState, followAction } from "./actions.ts";
import { type AddressStore, createAddressPublisher, type Holder } from "./address.ts";
import { createDigitaloceanHttp } from "./digitalocean_dns.ts";
import { CloudFailure } from "./failure.ts";
import type { CloudHttp, CloudWorld } from "./http.ts";
import { at, numberAt, textAt } from "./json.ts";

/** A publisher on a reserved IP of DigitalOcean. */
export function createDigitaloceanReservedIpPublisher(
  config: AddressPublisher,
  values: ReadonlyMap<string, string>,
  world: CloudWorld,
): Publisher {
  const { token, apiUrl, name } = config;
  const http = createDigitaloceanHttp({ token, apiUrl, world });
  const path = `/reserved_ips/${encodeURIComponent(name)}`;
  const store: AddressStore = {
    http,
    read: (signal) => read(http, path, name, signal),
    move: (machine, signal) => act(http, path, machine, signal),
    prove: async ({ machine }, signal): Promise<void> => {
      try {
        await act(http, path, machine, signal);
      } catch (error) {
        if (!(error instanceof CloudFailure) || !isAssignedAlready(error)) throw error;
      }
    },
    isBusy,
  };
  return createAddressPublisher(store, config, values, world);
}

async function read(http: CloudHttp, path: string, ip: string, signal: AbortSignal): Promise<Holder> {
  const { status, json } = await http.send({ method: "GET", path, accept: [404] }, signal);
  if (status === 404) throw new CloudFailure(`there is no reserved IP ${ip} in this account`, { status });
  const found = at(json, "reserved_ip");
  if (textAt(found, "ip") === null) throw new CloudFailure("the answer names no reserved IP");
  return { machine: numberAt(found, "droplet", "id"), busy: at(found, "locked") === true };
}

async function act(
  http: CloudHttp,
  path: string,
  machine: number | null,
  signal: AbortSignal,
): Promise<void> {
  const actions = `${path}/actions`;
  const body = machine === null ? { type: "unassign" } : { type: "assign", droplet_id: machine };
  const { json } = await http.send({ method: "POST", path: actions, body }, signal);
  const id = numberAt(json, "action", "id");
  if (id === null) throw new CloudFailure("the answer names no action");
  await followAction(stateOf(json), async (late) => {
    const look = await http.send({ method: "GET", path: `${actions}/${id}`, accept: [404] }, late);
    return look.status === 404 ? { status: "unknown", why: "" } : stateOf(look.json);
  }, signal);
}

function stateOf(json: unknown): ActionState {
  switch (textAt(json, "action", "status")) {
    case "in-progress":
      return { status: "running", why: "" };
    case "completed":
      return { status: "done", why: "" };
    case "errored":
      return { status: "failed", why: "" };
    default:
      return { status: "unknown", why: "" };
  }
}

/** 422 "… already has a pending event" (also where it is the droplet that has one), or a conflict. */
function isBusy({ status, message }: CloudFailure): boolean {
  return status === 409 || (status === 422 && /pending|in progress|another event/i.test(message));
}

function isAssignedAlready(failure: CloudFailure): boolean {
  return failure.status === 422 && !isBusy(failure) &&
    /already.*assigned|assigned.*already/i.test(failure.message);
}
