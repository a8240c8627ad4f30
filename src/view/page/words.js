import { make } from "./dom.js";

/** As the terminal says it: two units at most. */
export function duration(ms) {
  if (ms === null || ms === undefined) return "-";
  const trimmed = (value) => value.toFixed(1).replace(/\.0$/, "");
  if (ms < 9.95) return trimmed(Math.max(0, ms)) + " ms";
  if (ms < 999.5) return Math.round(ms) + " ms";
  if (ms < 9950) return trimmed(ms / 1000) + " s";
  if (ms < 59500) return Math.round(ms / 1000) + " s";
  const two = (large, a, small, b) => {
    const smalls = Math.round(ms / small), per = large / small, rest = smalls % per;
    return Math.floor(smalls / per) + " " + a + (rest ? " " + rest + " " + b : "");
  };
  if (ms < 3599500) return two(60000, "m", 1000, "s");
  if (ms < 86370000) return two(3600000, "h", 60000, "m");
  return two(86400000, "d", 3600000, "h");
}

export const age = (ms) => ms === null || ms === undefined ? "never" : duration(ms) + " ago";

export const TONE = {
  up: "good",
  ok: "good",
  suspect: "warn",
  degraded: "warn",
  unknown: "warn",
  pending: "warn",
  due: "faint",
  lagging: "bad",
  silent: "bad",
  down: "bad",
  failed: "bad",
  drift: "bad",
};

export const tag = (word, text = word) => make("span", { class: "tag " + (TONE[word] || "warn") }, text);

/** Whether a text has what the reader looks for. */
export const matches = (text, words) => words === "" || text.toLowerCase().includes(words.toLowerCase());

/** How bad a service is, the worst first. */
export const RANK = { down: 0, unknown: 1, degraded: 2, ok: 3 };

export function whatIsWrong(service) {
  const target = service.targets.find((one) => one.name === service.active);
  if (service.active === null) return service.name + " has no active target";
  if (!target) return service.name + ": active target " + service.active + " is not in the config";
  if (target.health === "down") return service.name + " is down on " + target.name;
  if (target.health === "unknown") return service.name + ": health of " + target.name + " is not known";
  for (const state of ["drift", "failed"]) {
    const one = service.publishers.find((publisher) => publisher.state === state);
    if (one) {
      return service.name + ": " + one.type + " " + one.name +
        (state === "drift" ? " drifted" : " cannot publish");
    }
  }
  const unproven = service.publishers.find(({ rehearsal }) => rehearsal && rehearsal.state === "failed");
  return unproven
    ? service.name + ": " + unproven.type + " " + unproven.name + " could not be changed"
    : null;
}
