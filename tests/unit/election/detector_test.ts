import assert from "node:assert/strict";
import { isAlive } from "../../../src/election/detector.ts";
import type { Header } from "../../../src/election/messages.ts";
import { Lab } from "../../support/election_lab.ts";

/** What node 3 says to node 1 when its own clock shows `stamp`. */
function hello(
  lab: Lab,
  stamp: number,
): { readonly kind: "received"; readonly header: Header; message: null } {
  const header = {
    from: 3,
    incarnation: lab.node(3).incarnation,
    to: lab.node(1).incarnation,
    stamp,
    echo: null,
    count: 0,
    heard: [],
    joining: false,
  };
  return { kind: "received", header, message: null };
}

Deno.test("a peer whose clock stood still (a frozen virtual machine) is heard again within seconds, not hours", () => {
  const lab = new Lab();
  lab.until(() => lab.leader() !== null);
  lab.run(1000);
  lab.lose = (from, to) => from === 3 || to === 3;
  const frozenMs = 600_000;
  lab.run(5000);
  const peer = lab.node(1).peers.get(3)!;
  assert.ok(!isAlive(lab.node(1), peer, lab.now));
  lab.now += frozenMs;
  const from = lab.now;
  while (!isAlive(lab.node(1), peer, lab.now)) {
    assert.ok(lab.now - from < 10_000, "it is not heard within 10 s");
    lab.now += 100;
    lab.give(1, hello(lab, lab.now - frozenMs));
  }
});

Deno.test("datagrams that a dead peer sent long ago do not make it live, while others of it come on time", () => {
  const lab = new Lab();
  lab.until(() => lab.leader() !== null);
  lab.run(1000);
  const peer = lab.node(1).peers.get(3)!;
  lab.lose = (from, to) => from === 3 || to === 3;
  for (let n = 0; n < 100; n++) {
    lab.now += 100;
    lab.give(1, hello(lab, lab.now - 30_000));
    if (n < 60 && n % 10 === 0) lab.give(1, hello(lab, lab.now));
    if (n === 75) assert.ok(!isAlive(lab.node(1), peer, lab.now), "the late ones count for nothing");
  }
});
