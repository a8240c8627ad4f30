/**
 * DigitalOcean's reserved IPs (providers.md, 1): actions in-progress -> completed or errored, one pending event per IP
 * (422), `locked` meanwhile.
 */
import { type Action, type FakeAddress } from "./addresses.ts";
import { type Asked, json, prop } from "./fake.ts";

const failed = (status: number, id: string, message: string): Response => json(status, { id, message });

/** Answers requests below `/reserved_ips`; the token was looked at. */
export function handleReservedIp(asked: Asked, address: FakeAddress): Response {
  const [, ip, second, id] = asked.path.split("/").slice(1);
  if (ip !== address.ip) {
    return failed(404, "not_found", "The resource you were accessing could not be found.");
  }
  if (second === undefined && asked.method === "GET") {
    const { machine } = address;
    const droplet = machine === null ? null : { id: machine, name: `droplet-${machine}` };
    const locked = address.isBusy;
    return json(200, { reserved_ip: { ip, droplet, region: { slug: "nyc1" }, locked, project_id: "p" } });
  }
  if (second !== "actions") return failed(405, "method_not_allowed", "no");
  if (id !== undefined) {
    const action = address.action(Number(id));
    if (action === null) {
      return failed(404, "not_found", "The resource you were accessing could not be found.");
    }
    return json(200, { action: shown(action) });
  }
  if (address.isBusy) {
    return failed(422, "unprocessable_entity", "The floating IP already has a pending event.");
  }
  if (prop(asked.json, "type") === "unassign") {
    if (address.machine === null) return failed(422, "unprocessable_entity", "The IP is not assigned.");
    return json(201, { action: shown(address.begin("unassign_ip", null)) });
  }
  const droplet = prop(asked.json, "droplet_id");
  if (prop(asked.json, "type") !== "assign" || typeof droplet !== "number") {
    return failed(422, "unprocessable_entity", "type must be assign or unassign, droplet_id a number");
  }
  if (!address.machines.has(droplet)) {
    return failed(422, "unprocessable_entity", "The Droplet you specified could not be found.");
  }
  if (address.machine === droplet) {
    return failed(422, "unprocessable_entity", "The IP is already assigned to this Droplet.");
  }
  return json(201, { action: shown(address.begin("assign_ip", droplet)) });
}

function shown(action: Action): Record<string, unknown> {
  const ended = action.endsAt <= Date.now();
  return {
    id: action.id,
    status: ended ? action.fails ? "errored" : "completed" : "in-progress",
    type: action.command,
    started_at: "2026-11-25T00:00:00Z",
    completed_at: ended ? "2026-11-25T00:00:09Z" : null,
    resource_type: "reserved_ip",
    region_slug: "nyc1",
  };
}
