/** `abfail events`: what a node has told lately, in the words of its log; with `--follow` what it tells from now on. */
import { err, ok, type Result } from "../base/result.ts";
import type { StoredEvent } from "../view/events.ts";
import { textLine } from "../view/log_line.ts";
import { askNode, type NodeApi } from "./node_api.ts";
import type { EventsOptions } from "./options.ts";
import { ProcessScreen, type Screen } from "./screen.ts";
import { cut, fields, mapOf, name, nullable, number, scalar, sentence, shaped, words } from "./shape.ts";
import { harmless } from "./status_source.ts";
import { findApi, ownSurroundings, type StatusSurroundings } from "./status.ts";

/** Events of one answer that are shown, the newest: a node keeps as many. */
const MOST_EVENTS = 1000;
/** Longest line, characters. */
const LINE_LENGTH = 4000;

const EVENT = fields({
  id: number,
  time: name,
  level: words("info", "debug", "warning", "error"),
  name,
  service: nullable(name),
  epoch: nullable(name),
  text: sentence,
  data: mapOf(scalar),
});

/** How often `--follow` asks, ms. */
export const FOLLOW_MS = 500;

/**
 * Runs the command. Exit code: 0 done, or told to stop following; 2 wrong usage or config; 3 the node cannot be
 * reached, with `--follow` at the end.
 */
export async function eventsCommand(
  options: EventsOptions,
  surroundings?: StatusSurroundings,
): Promise<number> {
  if (surroundings !== undefined) return await run(options, surroundings);
  using screen = new ProcessScreen();
  return await run(options, ownSurroundings(screen));
}

async function run(options: EventsOptions, surroundings: StatusSurroundings): Promise<number> {
  const { screen, timeoutMs } = surroundings;
  const api = await findApi(options, surroundings);
  if (!api.ok) {
    screen.error(`error: ${api.error}`);
    return 2;
  }
  if (options.follow) return await follow(api.value, options.json, screen, timeoutMs);
  const events = await fetchEvents(api.value, null, timeoutMs);
  if (!events.ok) {
    screen.error(`error: ${events.error}`);
    return 3;
  }
  show(events.value, options.json, screen);
  return 0;
}

/** Asks again and again for what came after the last event seen; a node that goes away is said so once. */
async function follow(
  api: NodeApi,
  json: boolean,
  screen: Screen,
  timeoutMs: number | undefined,
): Promise<number> {
  let lastId: number | null = null;
  let gone: string | null = null;
  do {
    const events = await fetchEvents(api, lastId, timeoutMs);
    if (!events.ok) {
      if (gone !== events.error) screen.error(`error: ${events.error}; asking again`);
      gone = events.error;
      continue;
    }
    gone = null;
    if (!show(events.value, json, screen)) return 0;
    lastId = events.value.at(-1)?.id ?? lastId;
  } while (await screen.pause(FOLLOW_MS));
  return gone === null ? 0 : 3;
}

/** False when nobody reads it any more. */
function show(events: readonly StoredEvent[], json: boolean, screen: Screen): boolean {
  if (events.length === 0) return true;
  const lines = events.map((event) => {
    return json ? harmless(JSON.stringify(event)) : cut(textLine(event, Date.parse(event.time)), LINE_LENGTH);
  });
  return screen.out(lines.join("\n") + "\n");
}

/** The events after `lastId`, all that are kept when null. The error is one sentence: not reached, or not a node. */
async function fetchEvents(
  api: NodeApi,
  lastId: number | null,
  timeoutMs: number | undefined,
): Promise<Result<readonly StoredEvent[], string>> {
  const headers: Record<string, string> = lastId === null ? {} : { "last-event-id": String(lastId) };
  const answer = await askNode(api, "/v1/events", timeoutMs, null, headers);
  if (!answer.ok) return answer;
  const { status, body } = answer.value;
  const events = status === 200 ? parse(body) : null;
  return Array.isArray(events) && events.every(isEvent)
    ? ok(events.slice(-MOST_EVENTS).map((event) => shaped(event, EVENT, () => {}) as StoredEvent))
    : err(`what answers at ${api.text} is no abfail node: HTTP ${status} to /v1/events, and no events`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Checks the keys that all else hangs on; the rest is the word of a node of ours. */
function isEvent(value: unknown): value is StoredEvent {
  if (typeof value !== "object" || value === null) return false;
  const { id, time, level, name, text } = value as Readonly<Record<string, unknown>>;
  return typeof id === "number" && typeof time === "string" && !Number.isNaN(Date.parse(time)) &&
    typeof level === "string" && typeof name === "string" && typeof text === "string";
}
