/** Words for what the election notes. */
import { unreachable } from "../base/assert.ts";
import { formatEpoch } from "../election/ballot.ts";
import type { ElectionNote } from "../election/turn.ts";
import type { NodeTurn } from "./turn.ts";

/**
 * Turns an election note into a log event. Those that begin and end a lease say when, on the node's own clock: by the
 * step that did it, which is earlier than the line.
 */
export function tellNote(turn: NodeTurn, note: ElectionNote): void {
  switch (note.name) {
    case "joined":
      return turn.log(note.how === "gave-up" ? "warning" : "info", "joined", JOINED[note.how]);
    case "leader": {
      const epoch = formatEpoch(note.ballot);
      return turn.log("info", "lease", `This node holds the lease, epoch ${epoch}.`, {
        epoch,
        data: at(turn),
      });
    }
    case "reballot": {
      const epoch = formatEpoch(note.ballot);
      const text = `This node goes on under epoch ${epoch}, after ${formatEpoch(note.from)}.`;
      return turn.log("info", "epoch", text, { epoch, data: at(turn) });
    }
    case "lease-lost": {
      const epoch = formatEpoch(note.ballot);
      const text = `Lost the lease of epoch ${epoch}: no majority renewed it in time.`;
      const data = { lateMs: Math.round(note.lateMs), ...at(turn) };
      return turn.log("warning", "lease-lost", text, { epoch, data });
    }
    case "handed-over": {
      const epoch = formatEpoch(note.ballot);
      const to = note.to === null ? "nobody in particular" : `node ${note.to}`;
      const text = `Released the lease of epoch ${epoch} (${WHY[note.why]}) to ${to}.`;
      return turn.log("info", "released", text, {
        epoch,
        data: { successor: note.to, why: note.why, ...at(turn) },
      });
    }
    case "claim-failed": {
      const epoch = formatEpoch(note.ballot);
      return turn.log("debug", "claim-failed", `A claim of epoch ${epoch} failed: ${note.why}.`, { epoch });
    }
    case "twin":
      return turn.log("error", "twin", `Two processes run as node ${note.id}: stop one of them.`, {
        data: { node: note.id },
      });
    case "superseded":
      return turn.log(
        "error",
        "twin",
        `Another process runs with this node's id: this one has stopped voting.`,
      );
    default:
      return unreachable(note);
  }
}

/** The moment of the step, ms since this node's start. */
function at({ state, now }: NodeTurn): { readonly uptimeMs: number } {
  return { uptimeMs: Math.round((now - state.startedAt) * 1000) / 1000 };
}

const JOINED = {
  "kept": "This node takes part in votes: it remembers its promises.",
  "learnt": "This node takes part in votes: the others told it what was decided.",
  "cleared": "This node takes part in votes: a majority started afresh, nothing was left to learn.",
  "gave-up":
    "This node takes part in votes although too few others answered: what the silent ones decided may be lost.",
} as const;

const WHY = {
  "yield": "a node with more authority takes over",
  "step-down": "told to step down",
  "stop": "stopping",
} as const;
