import { byId, make, patchChildren, table } from "./dom.js";
import { age, duration, whatIsWrong } from "./words.js";

export function showVerdict(status) {
  const causes = (status.leader ? [] : ["no leader"]).concat(
    status.services.map(whatIsWrong).filter((cause) => cause),
  );
  const level = causes.length ? "bad" : status.problems.length ? "warning" : "ok";
  const shown = causes.slice(0, 3).join("; ") +
    (causes.length > 3 ? "; and " + (causes.length - 3) + " more" : "");
  const words = { ok: "all well", warning: "serving, with problems", bad: shown }[level];
  const { size, needed, alive } = status.quorum;
  const facts = [
    [
      "Leader",
      status.leader
        ? "node " + status.leader.id + (status.leader.zone ? " (" + status.leader.zone + ")" : "")
        : "none known",
    ],
    ["for", status.leader ? duration(status.leader.sinceMs) : null],
    ["Epoch", status.leader ? status.leader.epoch : null],
    [
      "Lease",
      status.node.leaseRemainingMs === null ? "none" : duration(status.node.leaseRemainingMs) + " left",
    ],
    ["Quorum", (alive < needed ? "NONE: " : "") + alive + " of " + size + " alive, " + needed + " needed"],
  ].filter(([, value]) => value !== null);
  const verdict = byId("verdict");
  verdict.className = level;
  patchChildren(
    verdict,
    [
      make(
        "h1",
        null,
        status.cluster + " " + { ok: "OK", warning: "WARNING", bad: "BAD" }[level] + ": " + words,
      ),
      status.problems.length
        ? make("ul", { "data-key": "problems" }, status.problems.map((problem) => make("li", null, problem)))
        : null,
      make(
        "dl",
        { class: "facts", "data-key": "facts" },
        facts.map(([name, value]) => make("div", null, make("dt", null, name), make("dd", null, value))),
      ),
    ].filter((child) => child),
  );
  // A screen reader is told of what changes, not of a lease that counts down.
  verdict.querySelector(".facts").setAttribute("aria-live", "off");
  document.title = { ok: "", warning: "! ", bad: "!! " }[level] + status.cluster + " - abfail";
}

export function showNodes(status) {
  const self = {
    id: status.node.id,
    zone: status.node.zone,
    address: status.node.address || "",
    alive: true,
    role: status.node.role,
    hears: status.peers.filter((peer) => peer.alive).map((peer) => peer.id),
  };
  const leads = status.leader ? status.leader.id : null;
  const all = [self, ...status.peers].sort((a, b) => a.id - b.id);
  const rows = all.map((node) => {
    const me = node.id === self.id;
    const role = node.id === leads ? "leader" : node.role || "follower";
    return {
      key: "node " + node.id,
      cells: [
        node.id + " " + node.zone,
        node.alive
          ? { text: role, className: node.id === leads ? "good" : "" }
          : { text: "SILENT", className: "bad" },
        { text: node.address, className: "long address" },
        me ? "asked" : age(node.lastHeardMs),
        { text: node.problem || "", className: "long bad" },
      ],
    };
  });
  byId("step-down").disabled = leads === null;
  patchChildren(byId("node-list"), [
    table("Each node", ["Node", "Is", "Address", "Last heard", "Problem"], rows, "stack"),
    matrix(all, self, status.peers),
    make(
      "p",
      { class: "note faint" },
      "This page asks node " + self.id + ", abfail " + status.version + ", up " +
        duration(status.node.uptimeMs) +
        ". It was so at " + status.time.replace("T", " ").replace(/\.\d+Z/, "") + " UTC.",
    ),
  ]);
}

/** Who hears whom: every node says it of itself; round trip and loss too. */
function matrix(all, self, peers) {
  const cell = (row, column) => {
    if (row.id === column.id) return make("td", { class: "faint" }, "–");
    if (!row.alive || !row.hears) return make("td", { class: "faint" }, "?");
    const heard = row.hears.includes(column.id);
    const peer = (row.id === self.id ? peers : row.links || []).find((one) => one.id === column.id);
    const measured = peer && heard && peer.rttMs !== null;
    return make(
      "td",
      { class: heard ? "good" : "bad" },
      heard ? "hears" : "DEAF",
      measured ? make("small", null, " " + duration(peer.rttMs)) : null,
      measured && peer.lossPercent
        ? make("small", null, " " + Math.round(peer.lossPercent) + " % lost")
        : null,
    );
  };
  return make(
    "div",
    { class: "wide" },
    make(
      "table",
      { class: "matrix" },
      make("caption", null, "Who hears whom (row hears column)"),
      make(
        "thead",
        null,
        make(
          "tr",
          null,
          make("td", null, ""),
          all.map(({ id }) => make("th", { scope: "col" }, "node " + id)),
        ),
      ),
      make(
        "tbody",
        null,
        all.map((row) =>
          make(
            "tr",
            null,
            make("th", { scope: "row" }, "node " + row.id),
            all.map((column) => cell(row, column)),
          )
        ),
      ),
    ),
  );
}
