/**
 * Hetzner's Cloud API, DNS part (providers.md, 4): record sets, every write an action that runs for two looks, values
 * and TTL changed apart, limit headers.
 */
import { FakeAddress, IP, MACHINES } from "./addresses.ts";
import { type Described, handleFloatingIp, shown } from "./hetzner_ips.ts";
import {
  type Asked,
  bare,
  DOMAIN,
  dotted,
  type Fake,
  HOUR,
  items,
  json,
  plainHeaders,
  prop,
  RecordSets,
  startFake,
  TOKEN,
} from "./fake.ts";

/** Starts the fake. */
export function startHetzner(described: Described = { id: 4711, description: "web", endless: false }): Fake {
  const sets = new RecordSets();
  sets.put(`other.${DOMAIN}`, "A", { values: ["192.0.2.99"], ttl: 300 });
  const address = new FakeAddress(IP, MACHINES, null);
  const actions = new Map<number, number>();
  const failed = (status: number, code: string, message: string): Response =>
    json(status, { error: { code, message, details: null } });

  function action(command: string, status = 201): Response {
    const id = actions.size + 1;
    actions.set(id, 1);
    return json(status, { action: { id, command, status: "running", progress: 0, error: null } });
  }

  function handle(asked: Asked): Response {
    if (asked.headers.get("authorization") !== `Bearer ${TOKEN}`) {
      return failed(401, "unauthorized", "unable to authenticate");
    }
    const parts = asked.path.split("/").slice(1).map(decodeURIComponent);
    if (parts[0] === "floating_ips") return handleFloatingIp(asked, address, described);
    if (parts[0] === "actions") {
      const id = Number(parts[1]);
      const ofAddress = address.action(id);
      if (ofAddress !== null) return json(200, { action: shown(ofAddress) });
      const left = actions.get(id) ?? 0;
      actions.set(id, left - 1);
      return json(200, {
        action: { id, status: left > 0 ? "running" : "success", progress: left > 0 ? 50 : 100 },
      });
    }
    if (parts[0] !== "zones" || parts[1] !== DOMAIN) return failed(404, "not_found", "zone not found");
    const [, , , label, type, , command] = parts;
    if (label === undefined || type === undefined) return create(asked.json);
    const name = whole(label);
    const present = sets.get(name, type);
    if (present === null) return failed(404, "not_found", "rrset not found");
    if (asked.method === "GET") {
      const records = present.values.map((value) => ({ value, comment: "" }));
      return json(200, { rrset: { id: `${label}/${type}`, name: label, type, ttl: present.ttl, records } });
    }
    if (asked.method === "DELETE") {
      sets.remove(name, type);
      return action("delete_rrset");
    }
    if (command === "set_records") {
      const values = items(asked.json, "records").map((record) => String(prop(record, "value")));
      sets.put(name, type, { values, ttl: present.ttl });
      return action("set_rrset_records");
    }
    if (command === "change_ttl") {
      const ttl = Number(prop(asked.json, "ttl"));
      if (ttl < 60) return failed(422, "invalid_input", "invalid input in field 'ttl': must be at least 60");
      sets.put(name, type, { ...present, ttl });
      return action("change_rrset_ttl");
    }
    return failed(405, "method_not_allowed", "no");
  }

  function create(body: unknown): Response {
    const [name, type] = [whole(String(prop(body, "name"))), String(prop(body, "type"))];
    const ttl = Number(prop(body, "ttl"));
    if (ttl < 60) return failed(422, "invalid_input", "invalid input in field 'ttl': must be at least 60");
    if (sets.get(name, type) !== null) return failed(409, "uniqueness_error", "rrset already exists");
    if (sets.collides(name, type)) return failed(422, "invalid_input", "CNAME beside other records");
    sets.put(name, type, {
      values: items(body, "records").map((record) => String(prop(record, "value"))),
      ttl,
    });
    return action("create_rrset");
  }

  return startFake(() => ({
    secret: TOKEN,
    handle,
    address,
    rate: {
      windows: [{ limit: 3600, ms: HOUR }],
      headers: plainHeaders,
      refuse: () => failed(429, "rate_limit_exceeded", "limit of 3600 requests per hour reached"),
    },
    get: (name, type) => bare(sets.get(name, type)),
    set: (name, type, values, ttl): void => sets.put(name, type, { values: dotted(type, values), ttl }),
  }));
}

function whole(label: string): string {
  return label === "@" ? DOMAIN : `${label}.${DOMAIN}`;
}
