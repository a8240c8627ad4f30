import { isInstalled } from "../support/name_server.ts";
import { execRig, memoryRig, powerdnsRig, rfc2136Rig, webhookRig } from "./rigs.ts";
import { conform } from "./suite.ts";

conform("memory", () => Promise.resolve(memoryRig()));
conform("exec", () => Promise.resolve(execRig()));
conform("webhook", () => Promise.resolve(webhookRig()));
for (const kind of ["bind", "knot", "powerdns"] as const) {
  conform(`rfc2136 to ${kind}`, () => rfc2136Rig(kind), !isInstalled(kind));
}
conform("powerdns HTTP API", () => powerdnsRig(), !isInstalled("powerdns"));
