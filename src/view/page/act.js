import { byId } from "./dom.js";

/** The token that was last typed; kept in this page's memory and nowhere else. */
let token = "";
let asked = null;

const PATHS = {
  switch: ({ service, target }) => ["services", service, "switch", { target }],
  unpin: ({ service }) => ["services", service, "unpin", {}],
  drain: ({ service, target }) => ["services", service, "targets", target, "drain", {}],
  undrain: ({ service, target }) => ["services", service, "targets", target, "undrain", {}],
  "step-down": () => ["step-down", {}],
};

const QUESTIONS = {
  switch: ({ service, target }) => [
    "Switch " + service + " to " + target + "?",
    target + " is put in charge and stays so, whatever its health, until it is unpinned.",
    "Switch to " + target,
  ],
  unpin: (
    { service },
  ) => ["Unpin " + service + "?", "The rules of the config decide again.", "Unpin " + service],
  drain: ({ service, target }) => [
    "Drain " + target + " of " + service + "?",
    "It is left as soon as another target is healthy, and not chosen again until it is undrained.",
    "Drain " + target,
  ],
  undrain: ({ service, target }) => [
    "Undrain " + target + " of " + service + "?",
    "It may be chosen again; with failback = auto it is gone back to when it is preferred.",
    "Undrain " + target,
  ],
  "step-down": () => [
    "Hand leadership over?",
    "The leader releases its lease to another node. What is published stays.",
    "Step down",
  ],
};

export function ask(command) {
  asked = command;
  const [title, text, yes] = QUESTIONS[command.kind](command);
  byId("act-title").textContent = title;
  byId("act-what").textContent = text;
  byId("act-yes").textContent = yes;
  byId("act-problem").textContent = "";
  byId("token").value = token;
  byId("act").showModal();
  byId(token === "" ? "token" : "act-yes").focus();
}

export async function act(event) {
  event.preventDefault();
  const command = asked;
  const parts = PATHS[command.kind](command);
  const body = parts.pop();
  const typed = byId("token").value.trim();
  const yes = byId("act-yes");
  if (yes.disabled) return;
  yes.disabled = true;
  byId("act-problem").textContent = "";
  try {
    const answer = await fetch("/v1/" + parts.map(encodeURIComponent).join("/"), {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer " + typed },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(15000),
    });
    const outcome = await answer.json().catch(() => ({}));
    if (answer.status === 401 || answer.status === 403) token = "";
    else token = typed;
    if (!answer.ok) throw new Error(outcome.error || "HTTP " + answer.status);
    byId("act").close();
    tell(outcome.message || "Done.");
  } catch (error) {
    byId("act-problem").textContent = "Not done: " + (error.message || error);
  } finally {
    yes.disabled = false;
  }
}

let toldTimer;
function tell(text) {
  byId("done").textContent = text;
  byId("done").hidden = false;
  clearTimeout(toldTimer);
  toldTimer = setTimeout(() => byId("done").hidden = true, 8000);
}
