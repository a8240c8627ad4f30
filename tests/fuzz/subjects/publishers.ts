/** What providers and webhooks answer: HTTP, JSON and XML from elsewhere. */
import { createCloudPublisher, createMovingPublisher } from "../../../src/adapters/publishers/cloud/index.ts";
import { tryToTell } from "../../../src/adapters/notify_try.ts";
import { RateBudgets } from "../../../src/adapters/publishers/cloud/limits.ts";
import { MAX_PAGES } from "../../../src/adapters/publishers/cloud/pages.ts";
import { createPowerdnsPublisher } from "../../../src/adapters/publishers/powerdns.ts";
import type { Publisher } from "../../../src/adapters/publishers/publisher.ts";
import { createWebhookPublisher } from "../../../src/adapters/publishers/webhook.ts";
import type { AddressPublisher, CloudPublisher, CloudRecord } from "../../../src/config/publisher.ts";
import { secret } from "../../../src/config/secret.ts";
import { IP, MACHINES } from "../../support/fakes/addresses.ts";
import { startCloudflare } from "../../support/fakes/cloudflare.ts";
import { startDesec } from "../../support/fakes/desec.ts";
import { startDigitalocean } from "../../support/fakes/digitalocean.ts";
import { DOMAIN, type Fake } from "../../support/fakes/fake.ts";
import { startGandi } from "../../support/fakes/gandi.ts";
import { startGoogle } from "../../support/fakes/google.ts";
import { startHetzner } from "../../support/fakes/hetzner.ts";
import { ACCESS_KEY_ID, startRoute53, ZONE_ID } from "../../support/fakes/route53.ts";
import { below, mutateJson, mutateLines, pick, spliced } from "../mutate.ts";
import { must, mustBeWords, type Mutate, octets, type Subject, textOf } from "../subject.ts";
import { startRaw } from "./raw_server.ts";
import { mustBeResult } from "./result.ts";

const WALL_MS = 1_800_000_000_000;
/** A far side that answers nothing, or not all, is given up after so long, ms. */
const TIMEOUT_MS = 120;
const TOKEN = "tok-5f1c9a-very-secret";
const READ = { kind: "read", epoch: "7.1" } as const;
const WRITE = { kind: "write", target: "t", value: "192.0.2.2", previous: null, epoch: "7.1" } as const;
const HEAD = 4;

const STATUSES = [0, 0, 0, 200, 201, 204, 301, 400, 401, 403, 404, 409, 412, 422, 429, 500, 503] as const;
const HEADERS: readonly Readonly<Record<string, string>>[] = [
  {},
  {},
  { "retry-after": "7" },
  { "retry-after": "99999999999999999999" },
  { "retry-after": "Fri, 31 Dec 9999 23:59:59 GMT" },
  { "retry-after": "-1" },
  { "ratelimit-limit": "5", "ratelimit-remaining": "0", "ratelimit-reset": "999999999999" },
  { "ratelimit": '"default";r=0;t=99999999999999999999' },
];

interface Kind {
  readonly type: CloudPublisher["type"] | AddressPublisher["type"];
  readonly start: () => Fake;
  readonly ttl: number;
}

const KINDS: readonly Kind[] = [
  { type: "digitalocean-dns", start: startDigitalocean, ttl: 30 },
  { type: "cloudflare", start: startCloudflare, ttl: 60 },
  { type: "route53", start: startRoute53, ttl: 30 },
  { type: "google-dns", start: startGoogle, ttl: 30 },
  { type: "hetzner-dns", start: startHetzner, ttl: 60 },
  { type: "desec", start: startDesec, ttl: 3600 },
  { type: "gandi", start: startGandi, ttl: 300 },
  { type: "digitalocean-reserved-ip", start: startDigitalocean, ttl: 30 },
  { type: "hetzner-floating-ip", start: startHetzner, ttl: 60 },
];

function create({ type, ttl }: Kind, token: string, apiUrl: string): Publisher {
  const record: CloudRecord = {
    name: `web.${DOMAIN}`,
    domain: DOMAIN,
    record: "web",
    recordType: "A",
    ttlMs: ttl * 1000,
    timeoutMs: TIMEOUT_MS,
    onDrift: "repair",
    rehearseMs: null,
    verify: [],
    token: { kind: "inline", secret: secret(token) },
    apiUrl,
  };
  const world = { wallMs: (): number => WALL_MS, budgets: new RateBudgets(() => WALL_MS) };
  switch (type) {
    case "digitalocean-reserved-ip":
    case "hetzner-floating-ip": {
      const machines = { t: MACHINES[0] };
      return createMovingPublisher(
        { type, ...record, name: IP, machines },
        new Map([["t", "192.0.2.2"]]),
        world,
      );
    }
    case "route53":
      return createCloudPublisher({ type, ...record, zoneId: ZONE_ID, accessKeyId: ACCESS_KEY_ID }, world);
    case "google-dns":
      return createCloudPublisher({ type, ...record, project: "prj", managedZone: "example-com" }, world);
    default:
      return createCloudPublisher({ type, ...record }, world);
  }
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** What the provider says, in order, to a read and a write of one that is new and one that is not. */
interface Story {
  readonly kind: Kind;
  readonly secret: string;
  readonly answers: readonly Answer[];
}

/** Octets: which provider, which of its answers, what status instead, what headers; then the body instead. */
export async function clouds(): Promise<Subject> {
  let answer: (asked: Request) => Promise<Response> = () =>
    Promise.resolve(new Response(null, { status: 503 }));
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (asked) => answer(asked));
  const url = `http://127.0.0.1:${server.addr.port}`;
  const stories: Story[] = [];
  for (const kind of KINDS) {
    const fake = kind.start();
    const answers: Answer[] = [];
    answer = async (asked): Promise<Response> => {
      const { pathname, search } = new URL(asked.url);
      const body = await asked.text();
      const said = await fetch(`${fake.url}${pathname}${search}`, {
        method: asked.method,
        headers: asked.headers,
        body: body === "" ? null : body,
      });
      const text = await said.text();
      answers.push({ status: said.status, type: said.headers.get("content-type") ?? "", body: text });
      return new Response(text === "" ? null : text, said);
    };
    fake.set(`web.${DOMAIN}`, "A", ["192.0.2.9"], 7200);
    const publisher = create(kind, fake.secret.replaceAll(fake.url, url), url);
    await publisher.perform(READ, 5000);
    await publisher.perform(WRITE, 5000);
    await publisher.perform(READ, 5000);
    stories.push({ kind, secret: fake.secret.replaceAll(fake.url, url), answers });
    await fake.close();
  }
  const corpus = stories.flatMap(({ answers }, i) =>
    answers.map(({ body }, n) => spliced(octets(body), 0, 0, Uint8Array.of(i, n, 0, 0)))
  );
  return {
    name: "clouds",
    about: "answers of cloud APIs to their adapters: from a provider in trouble, or who stands before it",
    corpus,
    maxOctets: 1_100_000,
    cpuMs: 500,
    words: [
      "<ResourceRecordSet>",
      "</ResourceRecordSet>",
      "<Name>",
      "&#1114112;",
      "&#0;",
      '"result":[',
      "null",
      "\x1b[2J",
    ],
    mutate: mutateAnswer,
    check: async (input): Promise<void> => {
      const story = stories[(input[0] ?? 0) % stories.length]!;
      const which = (input[1] ?? 0) % story.answers.length;
      let count = 0;
      answer = (asked): Promise<Response> => {
        const at = count++;
        void asked.body?.cancel();
        const { status, type, body } = story.answers[Math.min(at, story.answers.length - 1)]!;
        const headers = { "content-type": type };
        const text = body === "" ? null : body;
        if (at !== which) return Promise.resolve(new Response(text, { status, headers }));
        const other = STATUSES[(input[2] ?? 0) % STATUSES.length]! || status;
        const more = HEADERS[(input[3] ?? 0) % HEADERS.length]!;
        const said = other === 204 ? null : input.slice(HEAD);
        return Promise.resolve(new Response(said, { status: other, headers: { ...headers, ...more } }));
      };
      const publisher = create(story.kind, story.secret, url);
      const secrets = story.kind.type === "google-dns" ? [] : [story.secret];
      for (const action of [READ, WRITE, READ]) {
        mustBeResult(await publisher.perform(action, TIMEOUT_MS), secrets);
      }
      // Two lists of MAX_PAGES for each of them, and what else there is to ask.
      must(count < 6 * MAX_PAGES + 40, `${count} requests for three actions`);
    },
    close: () => server.shutdown(),
  };
}

const mutateAnswer: Mutate = (input, random) => {
  const head = input.slice(0, HEAD);
  const body = input.subarray(HEAD);
  switch (below(random, 6)) {
    case 0:
      head[2] = below(random, STATUSES.length);
      break;
    case 1:
      head[3] = below(random, HEADERS.length);
      break;
    case 2: { // the same piece over and over
      const text = textOf(body);
      const tags = text.match(/<[A-Za-z]+>/g) ?? ["[", "{"];
      return spliced(octets(pick(random, tags).repeat(below(random, 40_000))), 0, 0, head);
    }
    default:
      return spliced(mutateJson(body, random), 0, 0, head);
  }
  return spliced(body, 0, 0, head);
};

/** The first octet says who asks; the rest is all that comes back, HTTP and all. */
export function webhooks(): Promise<Subject> {
  const server = startRaw();
  const url = `http://127.0.0.1:${server.port}/hook-secret-path`;
  const acting = { timeoutMs: TIMEOUT_MS, onDrift: "repair", rehearseMs: null } as const;
  const token = { kind: "inline", secret: secret(TOKEN) } as const;
  const webhook = createWebhookPublisher(
    { type: "webhook", name: "hook", ...acting, url: secret(url), readUrl: secret(url), headers: {}, token },
    "web",
    () => WALL_MS,
  );
  const powerdns = createPowerdnsPublisher({
    type: "powerdns",
    ...acting,
    verify: [],
    name: "web.example.com",
    zone: "example.com",
    recordType: null,
    ttlMs: 5000,
    apiUrl: url,
    serverId: "localhost",
    apiKey: token,
  }, () => WALL_MS);
  const rrsets =
    '{"rrsets":[{"name":"web.example.com.","type":"A","records":[{"content":"192.0.2.1","disabled":false}]}]}';
  const answers = [
    "HTTP/1.1 200 OK\r\ncontent-length: 21\r\n\r\n" + '{"value":"192.0.2.1"}',
    "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n192.0.2.1\n",
    "HTTP/1.1 204 No Content\r\n\r\n",
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${rrsets.length}\r\n\r\n${rrsets}`,
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"val\r\n4\r\nue":\r\n5\r\nnull}\r\n0\r\n\r\n',
    'HTTP/1.1 422 No\r\nretry-after: 99999999\r\ncontent-length: 15\r\n\r\n{"error":"bad"}',
    "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
  ];
  return Promise.resolve({
    name: "webhooks",
    about: "answers to webhook publishers, PowerDNS and notifications: from the far side",
    corpus: answers.flatMap((answer) =>
      [0, 1, 2].map((who) => spliced(octets(answer), 0, 0, Uint8Array.of(who)))
    ),
    maxOctets: 1_200_000,
    cpuMs: 500,
    words: [
      "\r\n",
      "\r\n\r\n",
      "content-length: ",
      "HTTP/1.1 100 C\r\n\r\n",
      '"',
      "retry-after: ",
      "\x1b[2J",
      "chunked",
    ],
    mutate: (input, random): Uint8Array =>
      spliced(mutateLines(input.subarray(1), random), 0, 0, input.subarray(0, 1)),
    check: async (input): Promise<void> => {
      server.say = input.subarray(1);
      const who = (input[0] ?? 0) % 3;
      if (who === 2) {
        const told = await tryToTell({
          config: {
            type: "webhook",
            id: "hook",
            url: secret(url),
            format: "json",
            headers: {},
            routingKey: null,
            caFile: null,
            events: ["leader"],
          },
          notice: {
            key: "leader/5.1",
            event: "leader",
            phase: "news",
            service: null,
            text: "x",
            epoch: "5.1",
            atWallMs: 0,
            data: {},
            waits: [],
          },
          teller: { cluster: "c", node: 1, zone: "" },
          timeoutMs: TIMEOUT_MS,
          signal: new AbortController().signal,
          wallMs: 0,
        });
        if (!told.ok) mustBeWords(told.error.detail, "the reason", 200);
        must(told.ok || !told.error.detail.includes("hook-secret-path"), "the URL is in the answer");
        return;
      }
      const publisher = who === 0 ? webhook : powerdns;
      for (const action of [READ, WRITE]) {
        const result = await publisher.perform(action, TIMEOUT_MS);
        mustBeResult(result, [TOKEN, "hook-secret-path"]);
      }
    },
    close: () => server.close(),
  });
}
