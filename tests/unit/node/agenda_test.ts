import assert from "node:assert/strict";
import fc from "fast-check";
import { Agenda } from "../../../src/node/agenda.ts";

Deno.test("an agenda gives each target at the time it was last put under, as a plain list would", () => {
  const put = fc.record({ index: fc.nat(5), at: fc.nat(50) });
  fc.assert(fc.property(fc.array(fc.array(put, { maxLength: 6 }), { maxLength: 30 }), (rounds) => {
    const agenda = new Agenda();
    const plain = new Map<number, number>();
    rounds.forEach((round, now) => {
      for (const { index, at } of round) {
        agenda.put(index, at);
        plain.set(index, at);
      }
      const taken: number[] = [];
      for (let index = agenda.takeDue(now); index !== null; index = agenda.takeDue(now)) taken.push(index);
      const due = [...plain].filter(([, at]) => at <= now).map(([index]) => index);
      for (const index of due) plain.delete(index);
      assert.deepEqual(taken.sort(), due.sort());
    });
  }));
});

Deno.test("a target that is put again and again leaves nothing behind once its times are over", () => {
  const agenda = new Agenda();
  for (let i = 0; i < 1000; i++) agenda.put(0, i);
  assert.equal(agenda.takeDue(2000), 0);
  assert.equal(agenda.takeDue(2000), null);
  assert.equal(agenda.next(), Infinity);
});
