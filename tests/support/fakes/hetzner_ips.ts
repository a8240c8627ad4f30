/**
 * Hetzner's floating IPs (providers.md, 4): known by number, listed in pages of 50 at most, moved by actions, `locked`
 * (423) while one is under way.
 */
import { type Action, type FakeAddress } from "./addresses.ts";
import { type Asked, json, prop } from "./fake.ts";

/** Floating IPs that are listed before it: it stands on the second page. */
const OTHERS = 60;

const failed = (status: number, code: string, message: string): Response =>
  json(status, { error: { code, message, details: null } });

/** What is kept beside the holder. */
export interface Described {
  description: string;
  /** The number of the address. */
  id: number;
  /** It is an IPv6 one, this network. */
  readonly network?: string;
  /** The list never ends. */
  endless: boolean;
}

/** Answers requests below `/floating_ips`; the token was looked at. */
export function handleFloatingIp(asked: Asked, address: FakeAddress, described: Described): Response {
  const [, id, second, verb] = asked.path.split("/").slice(1);
  if (id === undefined) return list(asked, address, described);
  if (id !== String(described.id)) return failed(404, "not_found", "floating_ip not found");
  if (second === undefined) {
    if (asked.method === "PUT") described.description = String(prop(asked.json, "description"));
    else if (asked.method !== "GET") return failed(405, "method_not_allowed", "no");
    return json(200, { floating_ip: shownIp(address, described) });
  }
  if (second !== "actions" || asked.method !== "POST") return failed(405, "method_not_allowed", "no");
  if (address.isBusy) return failed(423, "locked", "the floating_ip is locked: another action is running");
  if (verb === "unassign") return json(201, { action: shown(address.begin("unassign_floating_ip", null)) });
  const server = prop(asked.json, "server");
  if (typeof server !== "number") return failed(422, "invalid_input", "invalid input in field 'server'");
  if (!address.machines.has(server)) return failed(404, "not_found", `server with ID '${server}' not found`);
  return json(201, { action: shown(address.begin("assign_floating_ip", server)) });
}

function list(asked: Asked, address: FakeAddress, described: Described): Response {
  const perPage = Math.min(50, Number(asked.query.get("per_page") ?? 25));
  const page = Number(asked.query.get("page") ?? 1);
  const others = Array.from({ length: OTHERS }, (_, i) => ({ id: i + 1, ip: `198.51.100.${i + 1}` }));
  const all = described.endless ? others : [...others, shownIp(address, described)];
  const next = described.endless || all.length > page * perPage ? page + 1 : null;
  return json(200, {
    floating_ips: all.slice((page - 1) * perPage, page * perPage),
    meta: { pagination: { page, per_page: perPage, previous_page: null, next_page: next, last_page: null } },
  });
}

function shownIp(address: FakeAddress, described: Described): Record<string, unknown> {
  const { ip, machine } = address;
  const { description, id } = described;
  return {
    id,
    ip: described.network ?? ip,
    type: described.network === undefined ? "ipv4" : "ipv6",
    server: machine,
    description,
    labels: {},
    blocked: false,
  };
}

/** An action as `/actions/{id}` and every write tell it. */
export function shown(action: Action): Record<string, unknown> {
  const ended = action.endsAt <= Date.now();
  return {
    id: action.id,
    command: action.command,
    status: ended ? action.fails ? "error" : "success" : "running",
    progress: ended ? 100 : 50,
    error: ended && action.fails ? { code: "action_failed", message: "Action failed" } : null,
  };
}
