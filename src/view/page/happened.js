import { byId, make, patchChildren } from "./dom.js";
import { matches } from "./words.js";

/** Events by id, in the order in which they came; bounded as the node's own memory of them. */
export const known = new Map();
const EVENTS_KEPT = 2000;
const EVENTS_SHOWN = 200;

export function learn(event) {
  if (known.has(event.id)) return;
  known.set(event.id, event);
  while (known.size > EVENTS_KEPT) known.delete(known.keys().next().value);
}

export function showEvents(words, onlyTroubled) {
  const fitting = [...known.values()].sort((a, b) => b.id - a.id).filter((event) =>
    (!onlyTroubled || event.level === "warning" || event.level === "error") &&
    matches(event.name + " " + event.text, words)
  );
  const items = fitting.slice(0, EVENTS_SHOWN).map((event) =>
    make(
      "li",
      { "data-key": String(event.id) },
      make("time", { datetime: event.time, title: event.time }, event.time.slice(5, 19).replace("T", " ")),
      " ",
      make("span", { class: { warning: "warn", error: "bad" }[event.level] || "" }, event.text),
    )
  );
  patchChildren(byId("events"), items.length ? items : [make("li", { class: "faint" }, "None")]);
}
