/**
 * Cloudflare's DNS records (providers.md, 2): the envelope, records by id, batch in one transaction (deletes, patches,
 * puts, posts), CNAME collisions, TTL 1 or 60 to 86400, limit headers.
 */
import {
  type Asked,
  bare,
  DOMAIN,
  type Fake,
  items,
  json,
  MINUTE,
  type Pages,
  prop,
  startFake,
  TOKEN,
} from "./fake.ts";

interface Row {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly content: string;
  readonly ttl: number;
  readonly proxied: boolean;
}

class Refused extends Error {
  readonly code: number;
  readonly status: number;
  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Starts the fake. */
export function startCloudflare(): Fake {
  const zone = "023e105f4ecef8ad9ca31a8372d0c353";
  let rows: readonly Row[] = [
    { id: "r1", name: `other.${DOMAIN}`, type: "A", content: "192.0.2.99", ttl: 300, proxied: false },
  ];
  let lastId = 1;
  let cut: Pages = { most: Infinity, endless: false };
  const good = (result: unknown, page = 1, total_pages = 1): Response =>
    json(200, { success: true, errors: [], messages: [], result, result_info: { page, total_pages } });

  function checked(row: Row, among: readonly Row[]): Row {
    if (row.ttl !== 1 && (row.ttl < 60 || row.ttl > 86400)) {
      throw new Refused(400, 9021, "Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.");
    }
    const beside = among.filter((other) => other.id !== row.id && other.name === row.name);
    if (row.type === "CNAME" && beside.length > 0) {
      throw new Refused(400, 81053, "An A, AAAA, or CNAME record with that host already exists.");
    }
    if (beside.some((other) => other.type === "CNAME")) {
      throw new Refused(400, 81054, "A CNAME record with that host already exists.");
    }
    if (beside.some((other) => other.type === row.type && other.content === row.content)) {
      throw new Refused(400, 81058, "An identical record already exists.");
    }
    return row;
  }

  function rowOf(body: unknown, base: Row): Row {
    const text = (key: keyof Row): string => String(prop(body, key) ?? base[key]);
    return {
      id: base.id,
      name: text("name"),
      type: text("type"),
      content: text("content").replace(/\.$/, ""),
      ttl: Number(prop(body, "ttl") ?? base.ttl),
      proxied: Boolean(prop(body, "proxied") ?? base.proxied),
    };
  }

  function batch(body: unknown): Response {
    let next = rows; // only kept when all of it went well
    for (const { id } of items(body, "deletes").map((entry) => ({ id: prop(entry, "id") }))) {
      if (!next.some((row) => row.id === id)) throw new Refused(404, 81044, "Record does not exist.");
      next = next.filter((row) => row.id !== id);
    }
    for (const entry of [...items(body, "patches"), ...items(body, "puts")]) {
      const present = next.find((row) => row.id === prop(entry, "id"));
      if (present === undefined) throw new Refused(404, 81044, "Record does not exist.");
      const changed = checked(rowOf(entry, present), next);
      next = next.map((row) => row.id === changed.id ? changed : row);
    }
    for (const entry of items(body, "posts")) {
      const fresh = { id: `r${++lastId}`, name: "", type: "", content: "", ttl: 1, proxied: false };
      next = [...next, checked(rowOf(entry, fresh), next)];
    }
    rows = next;
    return good({});
  }

  function handle(asked: Asked): Response {
    try {
      if (asked.headers.get("authorization") !== `Bearer ${TOKEN}`) {
        throw new Refused(401, 10000, "Authentication error");
      }
      if (asked.method === "GET" && asked.path === "/zones") {
        return good(asked.query.get("name") === DOMAIN ? [{ id: zone, name: DOMAIN }] : []);
      }
      if (!asked.path.startsWith(`/zones/${zone}/dns_records`)) {
        throw new Refused(
          404,
          7003,
          "Could not route to that path, perhaps your object identifier is invalid?",
        );
      }
      if (asked.method === "GET") {
        const [name, type] = [asked.query.get("name"), asked.query.get("type")];
        const perPage = Math.min(cut.most, Number(asked.query.get("per_page") ?? 100));
        const page = Number(asked.query.get("page") ?? 1);
        const found = rows.filter((row) => row.name === name && row.type === type);
        const pages = cut.endless ? page + 1 : Math.max(1, Math.ceil(found.length / perPage));
        return good(found.slice((page - 1) * perPage, page * perPage), page, pages);
      }
      if (asked.path.endsWith("/batch")) return batch(asked.json);
      throw new Refused(405, 10405, "Method not allowed");
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const errors = [{ code: error.code, message: error.message }];
      return json(error.status, { success: false, errors, messages: [], result: null });
    }
  }

  return startFake((_url, pages) => {
    cut = pages;
    return ({
      secret: TOKEN,
      handle,
      rate: {
        windows: [{ limit: 1200, ms: 5 * MINUTE, blockMs: 5 * MINUTE }],
        headers: ({ limit, remaining, resetAtMs }) => ({
          "ratelimit": `"default";r=${remaining};t=${
            Math.max(0, Math.ceil((resetAtMs - Date.now()) / 1000))
          }`,
          "ratelimit-policy": `"default";q=${limit};w=300`,
        }),
        refuse: ({ retryAfterS }) =>
          json(
            429,
            {
              success: false,
              errors: [{ code: 971, message: "Please wait and consider throttling your request speed" }],
              messages: [],
              result: null,
            },
            { "retry-after": String(retryAfterS) },
          ),
      },
      get: (name, type) => {
        const found = rows.filter((row) => row.name === name && row.type === type);
        const [first] = found;
        return first === undefined ? null : bare({ values: found.map((row) => row.content), ttl: first.ttl });
      },
      set: (name, type, values, ttl): void => {
        rows = [
          ...rows.filter((row) => row.name !== name || row.type !== type),
          ...values.map((content) => ({ id: `r${++lastId}`, name, type, content, ttl, proxied: false })),
        ];
      },
    });
  });
}
