/** A node that says what it is told to, for the tests of the API. */
import type { ApiHost } from "../../../src/adapters/api/host.ts";
import { ok, type Result } from "../../../src/base/result.ts";
import type { Command, Outcome } from "../../../src/node/events.ts";
import { EventRing, type StoredEvent } from "../../../src/view/events.ts";
import type { Status } from "../../../src/view/status_type.ts";
import { allWell } from "../view/sample_status.ts";

export class FakeHost implements ApiHost {
  current: Status = allWell;
  secret: string | null = "correct horse";
  health = { ok: true, detail: "the loop is on time" };
  metricsPieces: Iterable<string> = ["# HELP abfail_up x\n"];
  outcome: Outcome = { ok: true, message: "done" };
  readonly commands: { readonly command: Command; readonly who: string }[] = [];
  readonly listeners = new Set<(event: StoredEvent) => void>();
  readonly ring = new EventRing(1);

  status(): Status {
    return this.current;
  }

  recentEvents(): readonly StoredEvent[] {
    return this.ring.recent();
  }

  subscribe(listener: (event: StoredEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  healthy(): { readonly ok: boolean; readonly detail: string } {
    return this.health;
  }

  command(command: Command, who: string): Promise<Outcome> {
    this.commands.push({ command, who });
    return Promise.resolve(this.outcome);
  }

  token(): string | null {
    return this.secret;
  }

  metrics(): Iterable<string> {
    return this.metricsPieces;
  }

  recording(minutes: number): Result<string, string> {
    return ok(`{"abfail":"recording","minutes":${minutes}}\n`);
  }

  /** One event happens. */
  happen(text: string): void {
    const event = this.ring.add(
      { level: "info", name: "switch", text, epoch: "5.1", service: "web", data: {} },
      Date.UTC(2026, 10, 25),
    );
    for (const listener of this.listeners) listener(event);
  }
}
