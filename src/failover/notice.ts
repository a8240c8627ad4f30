/** One thing to be told to people, and its bounds; `notices.ts` holds those of a state. */
import type { WallMs } from "../base/time.ts";
import { NOTIFY_EVENTS, type NotifyEvent } from "../config/notify.ts";

/** What a notice can be about; the words of `[[notify]] events`. */
export const NOTICE_EVENTS: readonly NotifyEvent[] = NOTIFY_EVENTS;

/** `news` happened. `trouble` has begun and lasts. `over`: that trouble has ended. */
export const NOTICE_PHASES = ["news", "trouble", "over"] as const;
export type NoticePhase = typeof NOTICE_PHASES[number];

/** Values that a notice carries along. */
export type NoticeData = Readonly<Record<string, string | number | boolean | null>>;

/** One thing to be told. */
export interface Notice {
  /** Names it over all nodes and leaders, such as `web/switch/5f3a09c1`; one trouble and its end share it. */
  readonly key: string;
  readonly event: NotifyEvent;
  readonly phase: NoticePhase;
  readonly service: string | null;
  /** One sentence for people. */
  readonly text: string;
  readonly epoch: string;
  readonly atWallMs: WallMs;
  readonly data: NoticeData;
  /** Ids of the receivers (`NotifyConfig.id`) that have not been told. */
  readonly waits: readonly string[];
}

/** A notice, or a message that only tries whether one would arrive. */
export type Message = Omit<Notice, "event"> & { readonly event: NotifyEvent | "test" };

/** Notices that a state holds at most; the oldest news goes first, then the oldest trouble. */
export const NOTICES_MAX = 64;
/** Characters of a notice's text at most. */
export const NOTICE_TEXT_MAX = 240;
