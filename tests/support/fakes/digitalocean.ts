/**
 * DigitalOcean's domain records (providers.md, 1): records by id, ids that stay, no final dot when read, a final dot
 * needed when a CNAME is written, minimum TTL 30, pages.
 */
import { FakeAddress, IP, MACHINES } from "./addresses.ts";
import { handleReservedIp } from "./digitalocean_ips.ts";
import {
  type Asked,
  bare,
  DOMAIN,
  empty,
  type Fake,
  type FakePlace,
  HOUR,
  json,
  MINUTE,
  type Pages,
  plainHeaders,
  prop,
  startFake,
  TOKEN,
} from "./fake.ts";

interface Row {
  readonly id: number;
  readonly type: string;
  readonly name: string;
  readonly data: string;
  readonly ttl: number;
}

const UNUSED = { priority: null, port: null, weight: null, flags: null, tag: null };

/** Starts the fake. */
export function startDigitalocean(place?: FakePlace): Fake {
  let rows: Row[] = [{ id: 1, type: "A", name: "other", data: "192.0.2.99", ttl: 1800 }];
  let lastId = 100;
  let cut: Pages = { most: Infinity, endless: false };
  const address = new FakeAddress(IP, MACHINES, null);
  const label = (name: string): string => name === DOMAIN ? "@" : name.slice(0, -DOMAIN.length - 1);
  const failed = (status: number, id: string, message: string): Response => json(status, { id, message });

  function check(body: unknown): Response | Omit<Row, "id"> {
    const [type, name, data] = ["type", "name", "data"].map((key) => String(prop(body, key) ?? ""));
    const ttl = Number(prop(body, "ttl") ?? 1800);
    if (type === undefined || name === undefined || data === undefined) throw new Error("three keys");
    if (ttl < 30) return failed(422, "unprocessable_entity", "TTL must be greater than or equal to 30.");
    if (type === "CNAME" && !data.endsWith(".") && data !== "@") {
      return failed(422, "unprocessable_entity", "Data needs to end with a dot (.)");
    }
    return { type, name, data: data.replace(/\.$/, ""), ttl };
  }

  function clash(row: Omit<Row, "id">, id: number): boolean {
    return rows.some((other) =>
      other.id !== id && other.name === row.name && (other.type === "CNAME" || row.type === "CNAME")
    );
  }

  function handle(asked: Asked): Response {
    if (asked.headers.get("authorization") !== `Bearer ${TOKEN}`) {
      return failed(401, "unauthorized", "Unable to authenticate you");
    }
    const parts = asked.path.split("/").slice(1);
    if (parts[0] === "reserved_ips") return handleReservedIp(asked, address);
    if (parts[0] !== "domains" || parts[1] !== DOMAIN || parts[2] !== "records") {
      return failed(404, "not_found", "The resource you were accessing could not be found.");
    }
    const id = parts[3] === undefined ? null : Number(parts[3]);
    if (id === null && asked.method === "GET") return list(asked);
    if (id === null && asked.method === "POST") {
      const row = check(asked.json);
      if (row instanceof Response) return row;
      if (clash(row, 0)) return failed(422, "unprocessable_entity", "CNAME records cannot share a name");
      rows = [...rows, { id: ++lastId, ...row }];
      return json(201, { domain_record: { ...row, id: lastId, ...UNUSED } });
    }
    const present = rows.find((row) => row.id === id);
    if (present === undefined) {
      return failed(404, "not_found", "The resource you were accessing could not be found.");
    }
    if (asked.method === "DELETE") {
      rows = rows.filter((row) => row.id !== id);
      return empty(204);
    }
    if (asked.method !== "PUT" && asked.method !== "PATCH") return failed(405, "method_not_allowed", "no");
    const row = check({ ...present, ...Object(asked.json) });
    if (row instanceof Response) return row;
    rows = rows.map((other) => other.id === id ? { id: other.id, ...row } : other);
    return json(200, { domain_record: { id, ...row, ...UNUSED } });
  }

  function list(asked: Asked): Response {
    const { query } = asked;
    const [name, type] = [query.get("name"), query.get("type")];
    const perPage = Math.min(cut.most, Number(query.get("per_page") ?? 20));
    if (perPage > 200) return failed(422, "unprocessable_entity", "per_page must be at most 200");
    const page = Number(query.get("page") ?? 1);
    const found = rows.filter((row) =>
      (name === null || row.name === label(name)) && (type === null || row.type === type)
    );
    const shown = found.slice((page - 1) * perPage, page * perPage);
    const more = cut.endless || found.length > page * perPage;
    return json(200, {
      domain_records: shown.map((row) => ({ ...row, ...UNUSED })),
      links: more ? { pages: { next: "…", last: "…" } } : {},
      meta: { total: found.length },
    });
  }

  return startFake((_url, pages) => {
    cut = pages;
    return ({
      secret: TOKEN,
      handle,
      address,
      rate: {
        windows: [{ limit: 5000, ms: HOUR }, { limit: 250, ms: MINUTE }],
        headers: plainHeaders,
        // Only a burst comes with Retry-After; both say that nothing is left.
        refuse: ({ limit, retryAfterS }) =>
          json(
            429,
            { id: "too_many_requests", message: "API rate limit exceeded." },
            limit === 5000 ? {} : { "retry-after": String(retryAfterS) },
          ),
      },
      get: (name, type) => {
        const found = rows.filter((row) => row.name === label(name) && row.type === type);
        const [first] = found;
        return first === undefined ? null : bare({ values: found.map((row) => row.data), ttl: first.ttl });
      },
      set: (name, type, values, ttl): void => {
        rows = [
          ...rows.filter((row) => row.name !== label(name) || row.type !== type),
          ...values.map((data) => ({ id: ++lastId, type, name: label(name), data, ttl })),
        ];
      },
    });
  }, place);
}
