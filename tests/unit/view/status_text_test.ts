import assert from "node:assert/strict";
import { opinionMarks, switchSentence } from "../../../src/view/service_text.ts";
import { renderStatus } from "../../../src/view/status_text.ts";
import type { Status } from "../../../src/view/status_type.ts";
import { displayWidth } from "../../../src/view/text.ts";
import { allWell, drift, noLeader, quorumLost, serviceDown, web } from "./sample_status.ts";

const samples = { allWell, noLeader, quorumLost, serviceDown, drift };

function text(status: Status, width = 110): string {
  return renderStatus(status, { width, colour: false });
}

Deno.test("the first line says what is going on", () => {
  const first = (status: Status): string => text(status, 200).split("\n")[0] ?? "";
  assert.match(
    first(allWell),
    /^prod OK: all well \(leader 1 \(nyc1\) for 2 h 7 m, quorum: 3 of 3 nodes alive/,
  );
  assert.match(first(noLeader), /^prod BAD: no leader \(quorum: 3 of 3/);
  assert.match(first(quorumLost), /^prod BAD: no leader \(NO QUORUM: 1 of 3 nodes alive, 2 needed\)/);
  assert.match(first(serviceDown), /^prod BAD: web is down on nyc1/);
  assert.match(first(drift), /^prod BAD: web: drift at digitalocean-dns web\.example\.com/);
  assert.match(first({ ...allWell, problems: ["x"] }), /^prod WARNING: serving, with 1 problem \(/);
});

Deno.test("problems follow the verdict, before any table, and in full", () => {
  const lines = text(quorumLost, 60).split("\n");
  const until = lines.indexOf("");
  const problems = lines.slice(1, until).join(" ").replace(/ +/g, " ");
  for (const problem of quorumLost.problems) assert.ok(problems.includes(problem), problem);
});

Deno.test("services in trouble come first; where rows are few, those that are well take one line each", () => {
  const well = Array.from({ length: 100 }, (_, i) => ({ ...web, name: `s${i}` }));
  const [broken] = serviceDown.services;
  assert.ok(broken !== undefined);
  const status: Status = { ...serviceDown, services: [...well, { ...broken, name: "broken" }] };
  const order = (text: string): string[] =>
    text.split("\n").map((line) => /^(s\d+|broken) /.exec(line)?.[1] ?? "").filter((name) => name !== "");
  const whole = renderStatus(status, { width: 80, colour: false });
  assert.deepEqual(order(whole), ["broken", ...well.map(({ name }) => name)]);
  assert.equal(whole.match(/^ +target /gm)?.length, 101);
  const brief = renderStatus(status, { width: 80, colour: false, rows: 50 });
  assert.deepEqual(order(brief), order(whole));
  assert.equal(brief.match(/^ +target /gm)?.length, 1, "only the one in trouble has its tables");
  assert.ok(brief.split("\n").findIndex((line) => line.startsWith("broken DOWN")) < 20);
  assert.equal(
    renderStatus(allWell, { width: 80, colour: false, rows: 50 }),
    text(allWell, 80),
    "what fits is whole",
  );
});

Deno.test("all is well in one screen", () => {
  assert.equal(
    text(allWell),
    `prod OK: all well (leader 1 (nyc1) for 2 h 7 m, quorum: 3 of 3 nodes alive, 2 needed)

Asked node 1 (nyc1), leader, lease for 812 ms more, epoch 1763881200123.1, up 2 h 7 m, abfail 0.1.0, at
  2026-11-25T03:00:00.000Z

node  zone    is      address                last heard    rtt  loss
  *1  nyc1    leader  10.0.1.10:7420         itself          -     -
   2  sfo2    alive   10.0.2.10:7420         12 ms ago   71 ms   0 %
   3  laptop  alive   home.example.net:7420  43 ms ago   19 ms   2 %

web ok: nyc1 in charge for 2 h 5 m
  target  health  by node   last probe from here    took  when
  > nyc1  up      1+ 2+ 3+  HTTP 200              3.1 ms  400 ms ago
    sfo2  up      1+ 2+ 3?  HTTP 200               71 ms  620 ms ago
  publisher         name             shows                 state  fence       verified
  digitalocean-dns  web.example.com  web-nyc1.example.com  ok     lease-only  20 s ago
  Last switch 2 h 5 m ago: sfo2 -> nyc1, failback; detect 2.1 s + decide 3 ms + publish 140 ms = 2.2 s
`,
  );
});

Deno.test("without colour the words alone say who is silent, down, drained, pinned and drifted", () => {
  assert.match(text(quorumLost), /2 +sfo2 +SILENT .* 1 m 35 s ago/);
  assert.match(text(serviceDown), /> nyc1 +DOWN +1- 2- 3- +no answer within 800 ms/);
  assert.match(text(serviceDown), /sfo2 +DOWN +1- 2- 3\+ +drained +connection refused/);
  assert.match(text(drift), /> nyc1 .* pinned/);
  assert.match(text(drift), /web\.example\.com +parking\.example\.org +DRIFT/);
});

Deno.test("the reason of a publisher is never cut", () => {
  const error = drift.services[0]?.publishers[0]?.error ?? "";
  for (const width of [40, 60, 120]) {
    assert.ok(text(drift, width).replace(/\s+/g, " ").includes(error), `${width} columns`);
  }
});

Deno.test("no line is wider than the terminal, from 40 to 200 columns", () => {
  for (const [name, status] of Object.entries(samples)) {
    for (let width = 40; width <= 200; width++) {
      for (const line of text(status, width).split("\n")) {
        assert.ok(displayWidth(line) <= width, `${name} at ${width}: ${line}`);
      }
    }
  }
});

Deno.test("a narrow terminal keeps node, state, target and health", () => {
  const narrow = text(serviceDown, 40);
  assert.match(narrow, /^ {3}2 +sfo2 +alive/m);
  assert.match(narrow, /^ {2}> nyc1 +DOWN +1- 2- 3-/m);
});

Deno.test("colour adds nothing but colour", () => {
  const coloured = renderStatus(drift, { width: 90, colour: true });
  assert.notEqual(coloured, text(drift, 90));
  // deno-lint-ignore no-control-regex
  assert.equal(coloured.replace(/\x1b\[[0-9;]*m/g, ""), text(drift, 90));
});

Deno.test("what a target answered cannot move the cursor or forge a line", () => {
  const detail = "HTTP 200\x1b[2J\r\nprod OK: all well";
  const target = { ...web.targets[0]!, lastProbe: { ok: true, latencyMs: 1, detail, ageMs: 1 } };
  const shown = text({ ...serviceDown, services: [{ ...web, targets: [target] }] }, 160);
  assert.ok(!shown.includes("\x1b") && !shown.includes("\r"));
  assert.ok(!shown.split("\n").some((line, index) => index > 0 && line.startsWith("prod OK")));
});

Deno.test("opinions are marks in the order of the nodes", () => {
  assert.equal(opinionMarks({ "10": "unknown", "2": "down", "1": "up" }), "1+ 2- 10?");
  assert.equal(opinionMarks({}), "");
});

Deno.test("the last switch leaves out times that are not known", () => {
  const last = { from: null, to: "nyc1", reason: "initial", atMs: 1000 } as const;
  assert.equal(
    switchSentence({ ...last, detectMs: null, decideMs: null, publishMs: null }),
    "Last switch 1 s ago: nothing -> nyc1, initial",
  );
  assert.equal(
    switchSentence({ ...last, detectMs: null, decideMs: 3, publishMs: null }),
    "Last switch 1 s ago: nothing -> nyc1, initial; decide 3 ms",
  );
});
