/** `abfail status --watch`. */
import { nodeName } from "../view/node_name.ts";
import type { Result } from "../base/result.ts";
import { renderStatus } from "../view/status_text.ts";
import type { Status } from "../view/status_type.ts";
import { printable, wrap } from "../view/text.ts";
import { judge, statusExitCode } from "../view/verdict.ts";
import type { Screen } from "./screen.ts";
import type { Fetched } from "./status_source.ts";

/** How often the node is asked, ms. */
const WATCH_MS = 1000;

const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
const CLEAR = "\x1b[H\x1b[2J";
const HOME = "\x1b[H";
const TO_LINE_END = "\x1b[K";
const TO_SCREEN_END = "\x1b[J";

/**
 * Asks every second until interrupted. On a terminal it redraws in place; elsewhere it writes one line for each
 * change. A node that goes away is said so and asked again. Returns the exit code of what was seen last.
 */
export async function watchStatus(
  ask: () => Promise<Result<Fetched, string>>,
  screen: Screen,
): Promise<number> {
  const show = screen.tty ? drawInPlace(screen) : writeChanges(screen);
  if (screen.tty) screen.out(HIDE_CURSOR + CLEAR);
  let code = 3;
  try {
    do {
      const answer = await ask();
      code = answer.ok ? statusExitCode(answer.value.status) : 3;
      if (!show(answer)) return code;
    } while (await screen.pause(WATCH_MS));
    return code;
  } finally {
    if (screen.tty) screen.out(SHOW_CURSOR);
  }
}

type Show = (answer: Result<Fetched, string>) => boolean;

/** The last good status stays on the screen below the news that the node is gone. */
function drawInPlace(screen: Screen): Show {
  let last: Status | null = null;
  return (answer): boolean => {
    if (answer.ok) last = answer.value.status;
    const { columns, rows } = screen.size();
    const width = Math.max(40, columns);
    const gone = answer.ok ? [] : wrap(
      `BAD: ${answer.error}; asking again every second${last === null ? "" : ". It said last:"}`,
      width,
      2,
    );
    // One row stays free: a newline at the bottom would scroll.
    const room = Math.max(1, rows - 1);
    const left = room - gone.length - (gone.length > 0 ? 1 : 0);
    const body = last === null
      ? []
      : renderStatus(last, { width, colour: screen.colour, rows: left }).trimEnd().split("\n");
    const lines = [...gone, ...(gone.length > 0 && last !== null ? [""] : []), ...body];
    const shown = lines.length <= room ? lines : [
      ...lines.slice(0, room - 1),
      `… ${lines.length - room + 1} more lines; make the terminal higher to see them`.slice(0, width),
    ];
    return screen.out(HOME + shown.map((line) => line + TO_LINE_END + "\n").join("") + TO_SCREEN_END);
  };
}

function writeChanges(screen: Screen): Show {
  let last: string | null = null;
  return (answer): boolean => {
    const line = answer.ok ? changeLine(answer.value.status) : `BAD: ${answer.error}`;
    if (line === last) return true;
    last = line;
    const time = answer.ok ? `${answer.value.status.time} ` : "";
    return screen.out(`${time}${line}\n`);
  };
}

/** The verdict without ages, or each second would be a change. */
function changeLine(status: Status): string {
  const { leader, quorum } = status;
  const { level, headline } = judge(status);
  return printable([
    `${status.cluster} ${level.toUpperCase()}: ${headline}`,
    leader === null ? "no leader" : `leader ${nodeName(leader)}`,
    `${quorum.alive} of ${quorum.size} nodes alive`,
    ...status.services.map((service) => `${service.name} -> ${service.active ?? "nothing"}`),
  ].join("; "));
}
