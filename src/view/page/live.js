import { act, ask } from "./act.js";
import { showNodes, showVerdict } from "./cluster.js";
import { byId, drawWith, reachable } from "./dom.js";
import { known, learn, showEvents } from "./happened.js";
import { showServices } from "./services.js";
import { showTimeline } from "./timeline.js";
import { duration } from "./words.js";

/** One stream brings events and, once a second and after each event, the whole status. */
const STALE_MS = 4000;
const RETRY_MS = [1000, 2000, 4000, 8000, 15000];
let status = null;
let heardAt = 0;
let source = null;
let failures = 0;
let triedAt = 0;
let retryTimer;
let frame = 0;

/** Draws once for all that came since the last time. */
function render() {
  if (frame) return;
  frame = requestAnimationFrame(() => {
    frame = 0;
    if (status === null) return;
    const words = byId("words").value.trim();
    const onlyTroubled = byId("troubled").checked;
    const events = [...known.values()].sort((a, b) => a.id - b.id);
    showVerdict(status);
    showServices(status, words, onlyTroubled);
    showNodes(status);
    showTimeline(status, events);
    showEvents(words, onlyTroubled);
    reachable();
  });
}

function take(fresh) {
  status = fresh;
  heardAt = performance.now();
  failures = 0;
  showStale();
  render();
}

function showStale() {
  const silentMs = performance.now() - heardAt;
  const stale = silentMs > STALE_MS && !document.hidden;
  document.body.classList.toggle("stale", stale);
  const text = status === null
    ? "This node does not answer. Trying again."
    : "No word from node " + status.node.id + " for " + duration(silentMs) +
      ": what is below is old. Trying again.";
  if (stale) byId("stale").textContent = text;
  byId("stale").hidden = !stale;
  if (stale) document.title = "!! " + (status ? status.cluster + " - " : "") + "no word - abfail";
}

function listen() {
  clearTimeout(retryTimer);
  if (source !== null) source.close();
  source = new EventSource("/v1/events?status=1");
  source.onmessage = (message) => {
    learn(JSON.parse(message.data));
    render();
  };
  source.addEventListener("status", (message) => take(JSON.parse(message.data)));
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) retry();
  };
}

/** The stream was refused or broke for good: ask once by hand, so that something is seen, and try again. */
function retry() {
  triedAt = performance.now();
  const waitMs = RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)];
  clearTimeout(retryTimer);
  retryTimer = setTimeout(listen, waitMs * (0.8 + 0.4 * Math.random()));
  poll();
}

async function poll() {
  try {
    const answer = await fetch("/v1/status", { signal: AbortSignal.timeout(3000), cache: "no-store" });
    if (!answer.ok) return;
    const fails = failures;
    take(await answer.json());
    failures = fails;
  } catch {
    // The note about old data says it.
  }
}

drawWith(render);
byId("filter").addEventListener("submit", (event) => event.preventDefault());
byId("words").addEventListener("input", render);
byId("troubled").addEventListener("change", render);
byId("act-form").addEventListener("submit", act);
byId("act-no").addEventListener("click", () => byId("act").close());
byId("step-down").addEventListener("click", () => ask({ kind: "step-down" }));
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) return listen();
  clearTimeout(retryTimer);
  source.close();
});
setInterval(() => {
  if (document.hidden) return;
  showStale();
  // A stream that is open and silent: the machine slept, or a proxy lost it.
  const silentMs = performance.now() - Math.max(heardAt, triedAt);
  if (silentMs > 3 * STALE_MS && source.readyState !== EventSource.CLOSED) retry();
}, 1000);
heardAt = performance.now();
listen();
