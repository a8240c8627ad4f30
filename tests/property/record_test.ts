import assert from "node:assert/strict";
import fc from "fast-check";
import type { NodeId } from "../../src/base/id.ts";
import type { Effect, NodeEvent } from "../../src/node/events.ts";
import type { NodeState } from "../../src/node/state.ts";
import { Recorder } from "../../src/record/recorder.ts";
import { parseRecording, recordingHeader } from "../../src/record/recording.ts";
import { replay } from "../../src/record/replay.ts";
import { NodeLab, testConfig } from "../support/node_lab.ts";

const CONFIG = testConfig(
  `failback_delay = "1s"\nmin_hold = "500ms"\n[[services.publish]]\ntype = "exec"\ncommand = ["/bin/true"]`,
);

/** Every node is recorded. */
class RecordedLab extends NodeLab {
  readonly recorders = new Map<NodeId, Recorder>();

  protected override step(id: NodeId, state: NodeState, event: NodeEvent): Effect[] {
    const recorder = this.recorders.get(id) ?? new Recorder({ snapshotMs: 1300 });
    this.recorders.set(id, recorder);
    return recorder.step(state, event, this.env());
  }
}

const node = fc.integer({ min: 1, max: 3 });
const target = fc.constantFrom("one", "two");
const happening = fc.oneof(
  fc.record({ kind: fc.constant("cut" as const), node }),
  fc.record({ kind: fc.constant("heal" as const) }),
  fc.record({ kind: fc.constant("down" as const), node: fc.option(node), target }),
  fc.record({ kind: fc.constant("up" as const) }),
  fc.record({ kind: fc.constant("drain" as const), node, target }),
  fc.record({ kind: fc.constant("step-down" as const), node }),
  fc.record({ kind: fc.constant("woke" as const), node }),
  fc.record({ kind: fc.constant("answer" as const), ok: fc.boolean() }),
  fc.record({ kind: fc.constant("reload" as const), node }),
);
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

function happen(lab: RecordedLab, what: Happening, i: number): void {
  switch (what.kind) {
    case "cut":
      lab.cut.add(what.node);
      return;
    case "heal":
      lab.cut.clear();
      return;
    case "down":
      lab.healthy = (by, name) => name !== what.target || (what.node !== null && by !== what.node);
      return;
    case "up":
      lab.healthy = () => true;
      return;
    case "drain": {
      const command = { kind: "drain", service: "web", target: what.target } as const;
      return lab.give(what.node, { kind: "command", request: `r${i}`, command, who: "test" });
    }
    case "step-down":
      return lab.give(what.node, {
        kind: "command",
        request: `r${i}`,
        command: { kind: "step-down" },
        who: "test",
      });
    case "woke":
      return lab.give(what.node, { kind: "woke", gapMs: 700 });
    case "answer":
      for (const { node: id, effect } of lab.publishes.splice(0)) {
        const result = what.ok
          ? { kind: "ok", shows: undefined } as const
          : { kind: "failed", detail: "no", retryAfterMs: null } as const;
        const { publisher, operation } = effect;
        lab.give(id, { kind: "published", publisher, operation, result });
      }
      return;
    case "reload":
      return lab.give(what.node, { kind: "reload", config: CONFIG });
  }
}

Deno.test("whatever happens, a recording of any node replays without a difference, segment by segment", () => {
  let steps = 0;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(happening, fc.integer({ min: 1, max: 2500 })), { maxLength: 12 }),
      (story) => {
        const lab = new RecordedLab(CONFIG);
        lab.run(3000);
        story.forEach(([what, ms], i) => {
          happen(lab, what, i);
          lab.run(ms);
        });
        for (const [id, recorder] of lab.recorders) {
          assert.equal(recorder.problem, null);
          const parsed = parseRecording(recorder.text(recordingHeader("test", id, "lab", 0), lab.now, 60));
          assert(parsed.ok, JSON.stringify(parsed));
          const replayed = replay(parsed.value);
          assert.deepEqual(replayed.divergences, []);
          steps += replayed.steps;
        }
      },
    ),
    { numRuns: 40 },
  );
  assert(steps > 10_000, `${steps} steps`);
});
