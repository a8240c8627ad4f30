/** A reconciler with a world of its own: actions are done when the test says so, on a virtual clock. */
import assert from "node:assert/strict";
import type { PublishResult } from "../../../src/publish/action.ts";
import {
  createReconciler,
  type Due,
  due,
  finished,
  nextAt,
  type Reconciler,
  type ReconcilerSettings,
  setDesired,
  setLeading,
} from "../../../src/publish/reconcile.ts";

export const TIMEOUT_MS = 5000;

export class Lab {
  readonly r: Reconciler;
  now = 1000;
  /** What the world shows. */
  world: string | null = null;
  /** What was told, as `event: detail`. */
  readonly told: string[] = [];
  /** What was performed, as `read`, `write b (was a)`. */
  readonly performed: string[] = [];

  constructor(settings: Partial<ReconcilerSettings> = {}) {
    this.r = createReconciler({
      canRead: true,
      timeoutMs: TIMEOUT_MS,
      onDrift: "repair",
      rehearseMs: null,
      ...settings,
    });
  }

  lead(epoch = "7.1"): void {
    setLeading(this.r, { epoch }, this.now);
  }

  wish(value: string | null): void {
    setDesired(this.r, { target: value, value, epoch: this.r.leading ?? "" }, this.now);
  }

  /** Begins what is due now. */
  begin(): Due {
    assert.ok(nextAt(this.r) <= this.now, `next at ${nextAt(this.r)}, now ${this.now}`);
    const action = due(this.r, this.now);
    assert.ok(action !== null);
    const { action: what } = action;
    const how = what.kind === "write" && what.rehearsal === true ? "rehearse" : what.kind;
    this.performed.push(what.kind === "read" ? "read" : `${how} ${what.value} (was ${what.previous})`);
    return action;
  }

  end(action: Due, result: PublishResult): void {
    const told = finished(this.r, action.operation, result, {
      now: this.now,
      wallMs: 0,
      random: { next: () => 0 },
    });
    if (told.event !== null) this.told.push(`${told.event}: ${told.detail}`);
  }

  /** Performs one action on the world, properly. */
  perform(): void {
    const action = this.begin();
    if (action.action.kind === "write") this.world = action.action.value;
    const shows = action.action.kind === "read" ? this.world : undefined;
    this.end(action, { kind: "ok", shows });
  }

  fail(detail = "boom", retryAfterMs: number | null = null): void {
    this.end(this.begin(), { kind: "failed", detail, retryAfterMs });
  }

  /** Goes to the next deadline. */
  wait(): number {
    const at = nextAt(this.r);
    assert.ok(at > this.now && at < Infinity, `next at ${at}, now ${this.now}`);
    const waited = at - this.now;
    this.now = at;
    return waited;
  }

  /** Performs whatever is due at this moment. */
  settle(): void {
    for (let i = 0; nextAt(this.r) <= this.now; i++) {
      assert.ok(i < 10, "it does not come to rest");
      this.perform();
    }
  }

  take(): string[] {
    return this.performed.splice(0);
  }
}

/** A lab in which `a` is published and seen, and the second look is over. */
export function settledLab(settings: Partial<ReconcilerSettings> = {}): Lab {
  const lab = new Lab(settings);
  lab.world = "a";
  lab.lead();
  lab.wish("a");
  lab.settle();
  lab.wait();
  lab.settle();
  assert.equal(lab.r.state, "ok");
  lab.told.length = 0;
  lab.performed.length = 0;
  return lab;
}
