/** `abfail notify --test`: one message to each receiver, and what it answered. */
import { tryToTell } from "../adapters/notify_try.ts";
import { NOTIFY_TIMING } from "../adapters/notify.ts";
import { stopwatchMs, wallClockMs } from "../adapters/clock.ts";
import type { Config } from "../config/config.ts";
import { type NotifyConfig, receiverName } from "../config/notify.ts";
import type { Message, NoticePhase } from "../failover/notice.ts";
import { loadConfig } from "./load.ts";
import type { NotifyTestOptions } from "./options.ts";
import { complain, print } from "./output.ts";

/** What came of one receiver. */
interface Tried {
  readonly receiver: string;
  readonly type: string;
  readonly ok: boolean;
  readonly answer: string;
  readonly tookMs: number;
}

/** Exit code: 0 all of them took it, 1 one did not, 2 the config is wrong or names nobody. */
export async function notifyCommand({ config: path, json }: NotifyTestOptions): Promise<number> {
  const loaded = await loadConfig(path, { keys: "optional" });
  if (!loaded.ok) return refuse(loaded.error);
  const config = loaded.value;
  if (config.notify.length === 0) return refuse(`${path} has no [[notify]]: nobody is told of anything`);
  const all: Tried[] = [];
  for (const receiver of config.notify) {
    const tried = await tryOne(receiver, config);
    // Shown as soon as it is known: a hanging receiver takes its whole time.
    if (!json) print(lineOf(tried));
    all.push(tried);
  }
  const isGood = all.every(({ ok }) => ok);
  if (json) print(JSON.stringify({ ok: isGood, receivers: all }, null, 2));
  return isGood ? 0 : 1;
}

function refuse(problem: string): number {
  complain(`error: ${problem}`);
  return 2;
}

/** PagerDuty gets an alert and its end: nothing stays open. */
async function tryOne(receiver: NotifyConfig, config: Config): Promise<Tried> {
  const type = receiver.type === "webhook" ? receiver.format : receiver.type;
  const startedAt = stopwatchMs();
  const phases: readonly NoticePhase[] = type === "pagerduty" ? ["trouble", "over"] : ["news"];
  const result = { ok: true, answer: "" };
  for (const phase of phases) {
    const told = await tryToTell({
      config: receiver,
      notice: testNotice(phase),
      teller: { cluster: config.cluster.name, node: config.node.id ?? 0, zone: "" },
      timeoutMs: NOTIFY_TIMING.timeoutMs,
      signal: new AbortController().signal,
      wallMs: wallClockMs(),
    });
    result.ok = told.ok;
    result.answer = told.ok ? told.value.answer : told.error.detail;
    if (!told.ok) break;
  }
  const tookMs = Math.round(stopwatchMs() - startedAt);
  return { receiver: receiverName(receiver), type, ...result, tookMs };
}

function testNotice(phase: NoticePhase): Message {
  return {
    key: "test",
    event: "test",
    phase,
    service: null,
    text: "This is a test of [[notify]]: nothing is wrong.",
    epoch: "none",
    atWallMs: wallClockMs(),
    data: {},
    waits: [],
  };
}

function lineOf({ receiver, type, ok, answer, tookMs }: Tried): string {
  const took = `${tookMs} ms`;
  return ok
    ? `ok      ${receiver} (${type}): ${answer} in ${took}`
    : `FAILED  ${receiver} (${type}): ${answer} (${took})`;
}
