/** Notices as plain values and back. See `codec.ts`. */
import { type Notice, NOTICE_EVENTS, NOTICE_PHASES, type NoticeData } from "./notice.ts";
import { listOf, Misshapen, oneOf, table, text, textOrNull, time } from "./plain.ts";

/** A notice with its keys in one order. */
export function plainNotice(notice: Notice): Notice {
  const { key, event, phase, service, text, epoch, atWallMs, data, waits } = notice;
  return { key, event, phase, service, text, epoch, atWallMs, data, waits };
}

/** Throws `Misshapen` for what is none. */
export function readNotice(value: unknown, at: string): Notice {
  const plain = table(value, at);
  return {
    key: text(plain["key"], `${at}.key`),
    event: oneOf(NOTICE_EVENTS, plain["event"], `${at}.event`),
    phase: oneOf(NOTICE_PHASES, plain["phase"], `${at}.phase`),
    service: textOrNull(plain["service"], `${at}.service`),
    text: text(plain["text"], `${at}.text`),
    epoch: text(plain["epoch"], `${at}.epoch`),
    atWallMs: time(plain["atWallMs"], `${at}.atWallMs`),
    data: readData(plain["data"], `${at}.data`),
    waits: listOf(plain["waits"], `${at}.waits`, text),
  };
}

function readData(value: unknown, at: string): NoticeData {
  const data: Record<string, string | number | boolean | null> = {};
  for (const [key, item] of Object.entries(table(value, at))) {
    const isPlain = item === null || ["string", "number", "boolean"].includes(typeof item);
    if (!isPlain) throw new Misshapen(`${at}.${key} is no single value`);
    data[key] = item as string | number | boolean | null;
  }
  return data;
}
