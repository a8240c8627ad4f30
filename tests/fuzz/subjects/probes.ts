/** What targets answer to probes: from the service that is checked, or whatever took its place. */
import { AnswerReader, type Step } from "../../../src/adapters/probes/h2/answer.ts";
import { FLAG, FRAME, writeFrame } from "../../../src/adapters/probes/h2/frame.ts";
import { HeaderReader, writeHeaders } from "../../../src/adapters/probes/h2/hpack.ts";
import { servingStatus } from "../../../src/adapters/probes/grpc_message.ts";
import { runProbe } from "../../../src/adapters/probes/index.ts";
import type { CheckConfig, HttpOptions } from "../../../src/config/config.ts";
import { at, checkOf, datagrams } from "../../integration/probe_lab.ts";
import { below, pick, spliced } from "../mutate.ts";
import { must, mustBeWords, type Mutate, octets, type Subject } from "../subject.ts";
import { startRaw } from "./raw_server.ts";

/** Octets of headers, body and control frames that one answer may make us keep or send. */
const KEPT_MAX = 1024 * 1024;

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return parts.reduce((all, part) => spliced(all, all.length, 0, part), new Uint8Array(0));
}

const SETTINGS = writeFrame(FRAME.SETTINGS, 0, 0, new Uint8Array(0));

function headers(end: boolean, ...pairs: (readonly [string, string])[]): Uint8Array {
  const flags = FLAG.END_HEADERS | (end ? FLAG.END_STREAM : 0);
  return writeFrame(FRAME.HEADERS, flags, 1, writeHeaders(pairs));
}

const GRPC_BODY = Uint8Array.of(0, 0, 0, 0, 2, 8, 1);

/** Whole answers over HTTP/2. */
function h2Answers(): Uint8Array[] {
  const ok = headers(false, [":status", "200"], ["content-type", "application/grpc"]);
  const trailers = headers(true, ["grpc-status", "0"]);
  const block = writeHeaders([[":status", "200"], ["server", "x"]]);
  return [
    joined(SETTINGS, ok, writeFrame(FRAME.DATA, 0, 1, GRPC_BODY), trailers),
    joined(SETTINGS, headers(true, [":status", "204"])),
    joined(
      SETTINGS,
      headers(false, [":status", "100"]),
      headers(true, [":status", "500"], ["grpc-message", "a%20b"]),
    ),
    joined(
      SETTINGS,
      writeFrame(FRAME.HEADERS, FLAG.END_STREAM, 1, block.subarray(0, 9)),
      writeFrame(FRAME.CONTINUATION, FLAG.END_HEADERS, 1, block.subarray(9)),
    ),
    joined(
      SETTINGS,
      writeFrame(FRAME.PING, 0, 0, new Uint8Array(8)),
      writeFrame(FRAME.GOAWAY, 0, 0, new Uint8Array(8)),
    ),
    joined(SETTINGS, writeFrame(FRAME.RST_STREAM, 0, 1, Uint8Array.of(0, 0, 0, 7))),
    joined(
      SETTINGS,
      writeFrame(FRAME.HEADERS, FLAG.END_HEADERS, 1, Uint8Array.of(0x88, 0x40, 1, 97, 1, 98, 0xbe, 0xbe)),
      writeFrame(FRAME.DATA, FLAG.END_STREAM, 1, octets("hello")),
    ),
  ];
}

/** Frames: a header changed, a frame over and over, an empty one. */
const mutateFrames: Mutate = (input, random) => {
  const starts: number[] = [];
  for (let i = 0; i + 9 <= input.length;) {
    starts.push(i);
    i += 9 + ((input[i]! << 16) | (input[i + 1]! << 8) | input[i + 2]!);
  }
  if (starts.length === 0) return input;
  const start = pick(random, starts);
  const end = starts.find((other) => other > start) ?? input.length;
  const copy = input.slice();
  switch (below(random, 4)) {
    case 0:
      copy[start + 3] = below(random, 11);
      return copy;
    case 1:
      copy[start + 4] = below(random, 256);
      return copy;
    case 2: {
      const frame = input.subarray(start, end);
      const many = joined(...Array.from({ length: below(random, 40) }, () => frame));
      return spliced(input, end, 0, many);
    }
    default: {
      const types = [FRAME.CONTINUATION, FRAME.PING, FRAME.SETTINGS, FRAME.DATA, FRAME.HEADERS];
      const frame = writeFrame(
        pick(random, types),
        pick(random, [0, 1, 4, 8, 0x2c]),
        pick(random, [0, 1, 3]),
        new Uint8Array(below(random, 3)),
      );
      const many = new Uint8Array(frame.length * below(random, random.next() < 0.2 ? 20_000 : 20));
      for (let i = 0; i < many.length; i += frame.length) many.set(frame, i);
      return spliced(input, end, 0, many);
    }
  }
};

/** Octets of an answer over HTTP/2, in pieces. */
export function h2(): Subject {
  return {
    name: "h2",
    about: "answers over HTTP/2: from a target of http2 and grpc checks",
    corpus: h2Answers(),
    maxOctets: 400_000,
    cpuMs: 200,
    mutate: mutateFrames,
    check: (input): void => {
      for (const maxBody of [0, 16 * 1024]) {
        const reader = new AnswerReader(maxBody);
        let kept = 0;
        // A socket hands on 64 KiB at most, and stops at the first word of an end.
        read: for (let from = 0; from < input.length; from += 65_536) {
          for (const step of reader.push(input.subarray(from, from + 65_536))) {
            kept += weightOf(step);
            if (step.kind === "end" || step.kind === "broken") break read;
          }
        }
        must(kept <= KEPT_MAX, `${kept} octets kept or to be sent`);
        const { answer } = reader;
        if (answer === null) continue;
        must(
          Number.isInteger(answer.status) && answer.status >= 200 && answer.status <= 599,
          `status ${answer.status}`,
        );
        must(answer.body.length <= maxBody, `a body of ${answer.body.length} octets`);
        servingStatus(answer.body);
      }
    },
  };
}

function weightOf(step: Step): number {
  switch (step.kind) {
    case "send":
    case "body":
      return step.bytes.length;
    case "headers":
    case "trailers":
      return Object.entries(step.headers).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
    case "broken":
      mustBeWords(step.detail, "what is broken");
      return 0;
    case "end":
      return 0;
  }
}

/** Blocks of headers of one connection. */
export function hpack(): Subject {
  return {
    name: "hpack",
    about: "compressed headers: from a target of http2 and grpc checks",
    corpus: [
      writeHeaders([[":status", "200"], ["content-type", "text/plain"]]),
      Uint8Array.of(0x88, 0x40, 0x82, 0x94, 0xe7, 0x82, 0x86, 0xbf, 0xbe, 0x3f, 0xe1, 0x1f),
      Uint8Array.of(0x48, 0x82, 0x64, 0x02, 0x58, 0x85, 0xae, 0xc3, 0x77, 0x1a, 0x4b),
    ],
    maxOctets: 64 * 1024,
    cpuMs: 100,
    check: (input): void => {
      const reader = new HeaderReader();
      for (let n = 0; n < 3; n++) {
        const table = reader.read(input);
        if (table === null) return;
        must(Object.getPrototypeOf(table) === null || !("polluted" in table), "a prototype was changed");
        const size = Object.entries(table).reduce(
          (sum, [name, value]) => sum + name.length + value.length,
          0,
        );
        must(size <= 2 * 1024 * 1024, `${size} characters out of ${input.length} octets`);
      }
    },
  };
}

const HTTP: HttpOptions = {
  method: "GET",
  path: "/",
  headers: {},
  host: null,
  expectStatus: [{ from: 200, to: 299 }],
  expectBody: null,
  followRedirects: false,
  http2: false,
};

const CHECKS: readonly CheckConfig[] = [
  { type: "http", port: null, http: HTTP } as const,
  { type: "http", port: null, http: { ...HTTP, expectBody: "ok" } } as const,
  { type: "http", port: null, http: { ...HTTP, followRedirects: true } } as const,
  { type: "http", port: null, http: { ...HTTP, http2: true, expectBody: "ok" } } as const,
  { type: "grpc", port: null, service: "", tls: null } as const,
  { type: "tcp", port: null, send: "x", expect: "^220 " } as const,
].map((kind) => checkOf(kind, 400));

/** The first octet says which check; the rest is what the target says. */
export function targets(): Promise<Subject> {
  const server = startRaw();
  const http = [
    "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 503 No\r\nretry-after: 1\r\n\r\n",
    "HTTP/1.1 302 Found\r\nlocation: /x\r\n\r\n",
    `HTTP/1.1 200 OK\r\nlocation:${" ".repeat(16_000)}x\r\n\r\n`,
  ].map(octets);
  const corpus = [
    ...http.flatMap((answer) => [0, 1, 2].map((which) => spliced(answer, 0, 0, Uint8Array.of(which)))),
    ...h2Answers().flatMap((answer) => [3, 4].map((which) => spliced(answer, 0, 0, Uint8Array.of(which)))),
    spliced(octets("220 mail.example.com ESMTP\r\n"), 0, 0, Uint8Array.of(5)),
  ];
  return Promise.resolve({
    name: "targets",
    about: "answers to http, http2, grpc and tcp checks: from a target",
    corpus,
    maxOctets: 120_000,
    words: [
      "\r\n",
      "\r\n\r\n",
      "HTTP/1.1 100 C\r\n\r\n",
      "location: ",
      " ",
      "\t",
      "content-length: ",
      "chunked",
      "\0",
    ],
    cpuMs: 100,
    check: async (input): Promise<void> => {
      const check = CHECKS[(input[0] ?? 0) % CHECKS.length]!;
      server.say = input.subarray(1);
      const outcome = await runProbe(check, at(server.port));
      mustBeWords(outcome.detail, "the detail", 200);
      must(outcome.latencyMs >= 0 && Number.isFinite(outcome.latencyMs), `it took ${outcome.latencyMs} ms`);
    },
    close: () => server.close(),
  });
}

/** Answers to a dns check: the question's id and name are put in, so that the rest is looked at. */
export function dnsTarget(answers: readonly Uint8Array[], mutate: Mutate): Promise<Subject> {
  let say: Uint8Array = new Uint8Array(0);
  const server = datagrams((asked) => {
    const answer = say.slice(0, 60_000);
    if (answer.length >= asked.length) answer.set(asked.subarray(0, 2));
    if (answer.length >= asked.length) answer.set(asked.subarray(12, asked.length - 11), 12);
    return answer;
  });
  const check = checkOf({
    type: "dns",
    port: null,
    query: "web.ha.example.com",
    record: "A",
    expect: ["192.0.2.1"],
  }, 25);
  return Promise.resolve({
    name: "dns-target",
    about: "answers to dns checks: from a target",
    corpus: answers,
    maxOctets: 60_000,
    cpuMs: 200,
    mutate,
    check: async (input): Promise<void> => {
      say = input;
      const outcome = await runProbe(check, at(server.port));
      mustBeWords(outcome.detail, "the detail", 200);
    },
    close: () => Promise.resolve(server[Symbol.asyncDispose]()),
  });
}
