/**
 * The publisher `hetzner-floating-ip`: a floating IP is assigned to the server of a target, by an action that is followed
 * to its end. The API knows it by a number: the list is searched for the address once. A rehearsal sets the
 * description that it has, which needs the same right (tokens may read, or read and write) and moves nothing.
 */
import { parseIpv6 } from "../../../dns/address.ts";
import type { AddressPublisher } from "../../../config/publisher.ts";
import type { Publisher } from "../publisher.ts";
import { type AddressStore, createAddressPublisher, type Holder } from "./address.ts";
import { CloudFailure } from "./failure.ts";
import { createHetznerHttp, finishAction } from "./hetzner_dns.ts";
import type { CloudHttp, CloudWorld } from "./http.ts";
import { at, listAt, numberAt, textAt } from "./json.ts";
import { eachPage } from "./pages.ts";

/** Per page, the most that the API gives. */
const PER_PAGE = 50;

/** A publisher on a floating IP of Hetzner. */
export function createHetznerFloatingIpPublisher(
  config: AddressPublisher,
  values: ReadonlyMap<string, string>,
  world: CloudWorld,
): Publisher {
  const { token, apiUrl, name } = config;
  const http = createHetznerHttp({ token, apiUrl, world });
  let id: number | null = null;
  let description = "";
  const path = async (signal: AbortSignal): Promise<string> => {
    id ??= await find(http, name, signal);
    return `/floating_ips/${id}`;
  };
  const store: AddressStore = {
    http,
    read: async (signal): Promise<Holder> => {
      const { status, json } = await http.send(
        { method: "GET", path: await path(signal), accept: [404] },
        signal,
      );
      if (status === 404) {
        id = null; // deleted, and perhaps made anew under another number
        throw missing(name);
      }
      const found = at(json, "floating_ip");
      if (numberAt(found, "id") !== id) throw new CloudFailure("the answer names no floating IP");
      description = textAt(found, "description") ?? "";
      return { machine: numberAt(found, "server"), busy: false };
    },
    move: async (machine, signal): Promise<void> => {
      const [verb, body] = machine === null ? ["unassign", {}] : ["assign", { server: machine }];
      const request = { method: "POST", path: `${await path(signal)}/actions/${verb}`, body } as const;
      const { json } = await http.send(request, signal);
      await finishAction(http, json, signal);
    },
    prove: async (_holder, signal): Promise<void> => {
      await http.send({ method: "PUT", path: await path(signal), body: { description } }, signal);
    },
    isBusy: ({ code, status }) =>
      code === "locked" || code === "conflict" || status === 423 || status === 409,
  };
  return createAddressPublisher(store, config, values, world);
}

async function find(http: CloudHttp, ip: string, signal: AbortSignal): Promise<number> {
  let found: number | null = null;
  await eachPage<number>(1, async (page) => {
    const path = `/floating_ips?page=${page}&per_page=${PER_PAGE}`;
    const { json } = await http.send({ method: "GET", path }, signal);
    for (const listed of listAt(json, "floating_ips")) {
      if (isThere(textAt(listed, "ip") ?? "", ip)) found ??= numberAt(listed, "id");
    }
    return found === null ? numberAt(json, "meta", "pagination", "next_page") : null;
  });
  if (found !== null) return found;
  throw missing(ip);
}

/** An IPv4 one is an address; an IPv6 one a network, `2001:db8::/64`, that holds the address. */
function isThere(listed: string, ip: string): boolean {
  if (listed === ip) return true;
  const [network, wanted] = [parseIpv6(listed.replace(/\/64$/, "")), parseIpv6(ip)];
  return network !== null && wanted !== null && network.slice(0, 8).every((octet, i) => octet === wanted[i]);
}

function missing(ip: string): CloudFailure {
  return new CloudFailure(`there is no floating IP ${ip} in this project`, { status: 404 });
}
