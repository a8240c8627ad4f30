/** What a node recorded, for tests of what reads it. */
import type { NodeId } from "../../src/base/id.ts";
import type { Effect, NodeEvent } from "../../src/node/events.ts";
import type { NodeState } from "../../src/node/state.ts";
import { Recorder } from "../../src/record/recorder.ts";
import { recordingHeader } from "../../src/record/recording.ts";
import { NodeLab, testConfig } from "./node_lab.ts";

class Recorded extends NodeLab {
  readonly recorder = new Recorder({ snapshotMs: 1500 });

  protected override step(id: NodeId, state: NodeState, event: NodeEvent): Effect[] {
    return id === 1 ? this.recorder.step(state, event, this.env()) : super.step(id, state, event);
  }
}

/** Node 1 through a start and a failover, as `abfail record` writes it. */
export function recordedText(): string {
  const lab = new Recorded(testConfig());
  lab.run(1800);
  lab.healthy = (_node, target): boolean => target !== "one";
  lab.run(900);
  return lab.recorder.text(recordingHeader("test", 1, "lab", 0), lab.now, 60);
}
