/** What `abfail check --try-publishers` prints. */
import { formatDuration } from "../view/duration.ts";
import { printable, wrap } from "../view/text.ts";
import type { TriedPublisher, Wished } from "./check_publishers.ts";
import type { Look } from "./check_text.ts";

const MARK = { ok: ["ok", "good"], failed: ["FAILED", "bad"], unreadable: ["not tried", "warn"] } as const;

/** One paragraph for each publisher, then what a read cannot tell. */
export function triedText(tried: readonly TriedPublisher[], look: Look): string[] {
  if (tried.length === 0) return ["No publisher to try: the embedded DNS server needs no one's permission."];
  const failed = tried.filter(({ result }) => result === "failed").length;
  const head = failed === 0
    ? look.paint("Publishers, read with these credentials; nothing was written", "strong")
    : look.paint(`${failed} of ${tried.length} publishers cannot be used`, "bad");
  const proof =
    "A read does not prove the right to write: that is what `rehearse` does while the cluster runs.";
  return [head, ...tried.flatMap((one) => oneText(one, look)), "", ...wrap(proof, look.width, 0)];
}

function oneText(tried: TriedPublisher, look: Look): string[] {
  const { service, type, name, result, verify } = tried;
  const [word, tone] = MARK[result];
  return [
    `  ${look.paint(word, tone)}  ${printable(`${service}: ${type} ${name}`)}`,
    ...lines(seen(tried), look),
    ...(result === "failed" ? [] : lines(`would write ${tried.wouldWrite.map(wishText).join("; ")}`, look)),
    ...verify.flatMap(({ server, shows, problem }) =>
      lines(`${server}: ${problem ?? `shows ${shows ?? "nothing"}`}`, look)
    ),
  ];
}

function seen({ result, error, shows, target, lastEpoch, type }: TriedPublisher): string {
  switch (result) {
    case "failed":
      return error ?? "unknown reason";
    case "unreadable":
      return type === "exec" ? "it has no read_command" : "it has no read_url";
    case "ok": {
      const by = lastEpoch === null ? "" : `; last written under epoch ${lastEpoch}`;
      if (shows === null) return `shows nothing yet${by}`;
      return `shows ${shows} (${target === null ? "no target of this service" : `target ${target}`})${by}`;
    }
  }
}

function wishText({ target, recordType, value, ttlMs, isShown }: Wished): string {
  const ttl = ttlMs === null ? "" : `, ttl ${formatDuration(ttlMs)}`;
  const what = recordType === null ? value : `${recordType} ${value}${ttl}`;
  return `${what} for ${target}${isShown ? " (there already)" : ""}`;
}

function lines(text: string, look: Look): string[] {
  return wrap(printable(text), look.width - 6, 2).map((line) => `      ${line}`);
}
