import { byId, make, patchChildren, redraw } from "./dom.js";
import { RANK } from "./words.js";

/** Who led and which target was active, from the events that this node keeps and from how it is now. */
const RANGES = [["15 min", 900e3], ["1 h", 3600e3], ["6 h", 21600e3], ["24 h", 86400e3]];
const LANES_MAX = 8;
/** Null until one is chosen: the shortest that holds all that this node can know. */
let chosenMs = null;
let rangeMs = 900e3;

/** Parts of one lane: `changes` are [time, value], oldest first; `now` is the value at the end and since when. */
function spansOf(changes, now, from, to) {
  const points = changes.filter(([at]) => at <= to);
  const since = now.since === null ? null : Math.min(now.since, to);
  const last = points[points.length - 1];
  if ((last === undefined || last[1] !== now.value) && since !== null) {
    points.push([Math.max(since, last ? last[0] : since), now.value]);
  }
  const spans = [];
  points.forEach(([at, value], i) => {
    const end = i + 1 < points.length ? points[i + 1][0] : to;
    if (end > from && end > at) spans.push({ value, start: Math.max(at, from), end });
  });
  return spans;
}

function lanesOf(status, events) {
  const to = Date.parse(status.time);
  const from = to - rangeMs;
  const leaders = events.filter((event) => event.name === "leader").map((event) => [
    Date.parse(event.time),
    event.data.node === null || event.data.node === undefined ? null : "node " + event.data.node,
  ]);
  const leaderNow = status.leader
    ? { value: "node " + status.leader.id, since: to - status.leader.sinceMs }
    : { value: null, since: to };
  const nodes = [status.node, ...status.peers].map((node) => "node " + node.id).sort();
  const lanes = [{ who: "leader", names: nodes, spans: spansOf(leaders, leaderNow, from, to) }];
  const services = status.services.map((service) => {
    const switches = events.filter((event) => event.name === "switch" && event.service === service.name);
    const changes = switches.map((event) => [Date.parse(event.time), event.data.to]);
    const now = {
      value: service.active,
      since: service.activeSinceMs === null ? to : to - service.activeSinceMs,
    };
    return {
      who: service.name,
      rank: RANK[service.state],
      names: service.targets.map((target) => target.name),
      spans: spansOf(changes, now, from, to),
    };
  });
  // What is not well first, then what moved most.
  services.sort((a, b) => a.rank - b.rank || b.spans.length - a.spans.length);
  return { from, to, lanes: lanes.concat(services.slice(0, LANES_MAX)), more: services.length - LANES_MAX };
}

export function showTimeline(status, events) {
  const fitting = RANGES.find(([, ms]) => ms >= status.node.uptimeMs) || RANGES[RANGES.length - 1];
  rangeMs = chosenMs === null ? fitting[1] : chosenMs;
  const { from, to, lanes, more } = lanesOf(status, events);
  const hour = (at) => new Date(at).toISOString().slice(11, 16);
  patchChildren(
    byId("lanes"),
    [
      ...lanes.map(({ who, names, spans }) => laneOf(who, names, spans, from, to)),
      make(
        "div",
        { class: "lane", "data-key": "the clock" },
        make("span", { class: "who faint" }, "UTC"),
        make(
          "div",
          { class: "clock" },
          [0, 0.25, 0.5, 0.75, 1].map((share) => make("span", null, hour(from + share * (to - from)))),
        ),
      ),
      more > 0
        ? make(
          "p",
          { class: "note faint", "data-key": "more" },
          "and " + more + " services that are well and switched less",
        )
        : null,
    ].filter((child) => child),
  );
  patchChildren(
    byId("ranges"),
    RANGES.map(([label, ms]) =>
      make("button", {
        type: "button",
        "aria-pressed": ms === rangeMs ? "true" : "false",
        onclick: () => {
          chosenMs = ms;
          redraw();
        },
      }, label)
    ),
  );
}

function laneOf(who, names, spans, from, to) {
  const said = spans.map(({ value, start }) =>
    (value || "nothing") + " from " + new Date(start).toISOString().slice(11, 19)
  );
  const track = make("div", {
    class: "track",
    role: "img",
    "aria-label": who + ": " + (said.join(", ") || "not known"),
  });
  for (const { value, start, end } of spans) {
    const tone = value === null ? "none" : "c" + Math.max(0, names.indexOf(value)) % 4;
    const span = make("span", {
      class: "span " + tone,
      title: (value || "nothing") + " from " + new Date(start).toISOString(),
    }, value || "none");
    span.style.left = (100 * (start - from) / (to - from)).toFixed(2) + "%";
    span.style.width = Math.max(0.3, 100 * (end - start) / (to - from)).toFixed(2) + "%";
    track.append(span);
  }
  return make(
    "div",
    { class: "lane", "data-key": "lane " + who },
    make("span", { class: "who", title: who }, who),
    track,
  );
}
