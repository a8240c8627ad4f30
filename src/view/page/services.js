import { ask } from "./act.js";
import { byId, make, patchChildren, redraw, table } from "./dom.js";
import { age, duration, matches, RANK, tag, TONE } from "./words.js";

/** Cards that were opened or closed by hand; the others are open when there are few, or when they are not well. */
const unfolded = new Map();
const FEW = 6;

export function showServices(status, words, onlyTroubled) {
  const sorted = [...status.services].sort((a, b) => RANK[a.state] - RANK[b.state]);
  const found = sorted.filter((service) =>
    (!onlyTroubled || service.state !== "ok") &&
    matches(JSON.stringify([service.name, service.targets, service.publishers]), words)
  );
  const few = found.length <= FEW;
  patchChildren(byId("service-list"), found.map((service) => serviceCard(service, status, few)));
  if (found.length === 0) {
    patchChildren(byId("service-list"), [
      make(
        "p",
        { class: "faint" },
        status.services.length ? "None of " + status.services.length + " fits." : "The config has none.",
      ),
    ]);
  }
  byId("filter").hidden = status.services.length <= FEW && words === "" && !onlyTroubled;
  byId("found").textContent = found.length === status.services.length
    ? found.length + " services"
    : found.length + " of " + status.services.length + " services";
}

function serviceCard(service, status, few) {
  const { name, active } = service;
  const open = unfolded.has(name) ? unfolded.get(name) : few || service.state !== "ok";
  const summary = make(
    "summary",
    {
      onclick: (event) => {
        event.preventDefault();
        unfolded.set(name, !event.currentTarget.parentElement.open);
        redraw();
      },
    },
    make("h3", null, name),
    tag(service.state),
    make(
      "span",
      { class: "now" },
      active === null ? "nothing published" : active +
        (service.activeSinceMs === null ? "" : " in charge for " + duration(service.activeSinceMs)),
    ),
    service.pinned ? make("span", { class: "tag warn" }, "pinned to " + service.pinned) : null,
  );
  return make(
    "details",
    { class: "service", "data-key": name, open },
    summary,
    make("div", { class: "body" }, open ? serviceBody(service, status) : []),
  );
}

function serviceBody(service, status) {
  return [
    table(
      "Targets",
      ["Target", "Health", "Nodes say", "Last probe from here", "Act"],
      service.targets.map((target) => targetRow(service, target, status)),
      "stack",
    ),
    publisherTable(service),
    ...notes(service).map((text) => make("p", { class: "note" }, text)),
    service.pinned
      ? make(
        "div",
        { class: "acts" },
        actButton("Unpin", service.name, { kind: "unpin", service: service.name }),
      )
      : null,
  ].filter((child) => child);
}

function targetRow(service, target, status) {
  const zones = new Map([
    [status.node.id, status.node.zone],
    ...status.peers.map((peer) => [peer.id, peer.zone]),
  ]);
  const says = [...zones.keys()].sort((a, b) => a - b).map((id) => {
    const opinion = target.opinions[id] || "unknown";
    const label = (zones.get(id) || "node") + " (" + id + ") " +
      ({ up: "✓ up", down: "✗ down" }[opinion] || "? unknown");
    return make("span", { class: opinion === "unknown" ? "faint" : TONE[opinion] }, label);
  });
  const probe = target.lastProbe;
  const isActive = target.name === service.active;
  const command = { service: service.name, target: target.name };
  return {
    key: target.name,
    cells: [
      make("span", null, target.name, isActive ? make("span", { class: "faint" }, " in charge") : null),
      make(
        "span",
        null,
        tag(target.health),
        target.drained ? [" ", make("span", { class: "tag warn" }, "drained")] : null,
        target.falls > 1
          ? [" ", make("span", { class: "tag warn" }, "flaps: " + target.falls + " falls")]
          : null,
      ),
      make("div", { class: "says" }, says),
      {
        text: probe
          ? probe.detail + ", " + whole(duration(probe.latencyMs)) + ", " + whole(age(probe.ageMs)) +
            (probe.warning ? "; " + probe.warning : "")
          : "none yet",
        className: probe && !probe.ok ? "long bad" : "long",
      },
      make(
        "div",
        { class: "acts" },
        service.pinned === target.name || target.drained
          ? null
          : actButton(isActive ? "Pin" : "Switch", service.name + " " + target.name, {
            kind: "switch",
            ...command,
          }),
        target.drained
          ? actButton("Undrain", service.name + " " + target.name, { kind: "undrain", ...command })
          : actButton("Drain", service.name + " " + target.name, { kind: "drain", ...command }),
      ),
    ],
  };
}

const actButton = (word, what, command) =>
  make("button", { type: "button", "aria-label": word + " " + what, onclick: () => ask(command) }, word);

function publisherTable(service) {
  if (service.publishers.length === 0) return null;
  const rows = service.publishers.map((publisher) => {
    const rehearsal = publisher.rehearsal && publisher.rehearsal.state === "failed"
      ? "a failover would not be published: " + publisher.rehearsal.error
      : "";
    const behind = (publisher.verify || []).filter((one) => !one.agrees).map((one) =>
      one.server + " shows " + (one.shows === null ? "nothing" : one.shows) +
      (one.error ? " (" + one.error + ")" : "")
    );
    return {
      key: publisher.type + " " + publisher.name,
      cells: [
        publisher.name,
        publisher.type,
        { text: publisher.shows === null ? "-" : publisher.shows, className: "long" },
        make(
          "span",
          null,
          publisher.atLeader && publisher.state === "ok" ? "ok, says leader" : tag(publisher.state),
        ),
        publisher.type === "dns" ? "" : age(publisher.verifiedMs),
        {
          text: [publisher.error || "", rehearsal, ...behind].filter((text) => text).join("; "),
          className: "long bad",
        },
      ],
    };
  });
  return table("Published", ["Name", "By", "Shows", "State", "Verified", "Problem"], rows, "stack");
}

function notes(service) {
  const lines = [];
  if (service.waitingFor) lines.push("Waiting for " + service.waitingFor + ".");
  for (const held of service.heldBack || []) {
    lines.push(
      held.target + " is held back" + (held.forMs === null ? "" : " for " + duration(held.forMs)) +
        ": it fell " + held.falls + " times.",
    );
  }
  const byHand = service.pinnedBy;
  if (byHand) lines.push("Pinned by " + byHand.who + ", " + age(byHand.atMs) + ".");
  for (const target of service.targets) {
    if (target.drainedBy) {
      lines.push(
        target.name + " drained by " + target.drainedBy.who + ", " + age(target.drainedBy.atMs) + ".",
      );
    }
  }
  const last = service.lastSwitch;
  if (last) {
    const took = [["detect", last.detectMs], ["decide", last.decideMs], ["publish", last.publishMs]]
      .filter(([, ms]) => ms !== null && ms !== undefined).map(([what, ms]) => what + " " + duration(ms));
    lines.push(
      "Last switch " + age(last.atMs) + ": " + (last.from || "nothing") + " → " + (last.to || "nothing") +
        ", " +
        last.reason + (took.length ? "; " + took.join(", ") : "") + ".",
    );
  }
  return lines;
}

/** Kept on one line. */
const whole = (text) => text.replaceAll(" ", "\u00a0");
