import { recordedText } from "./tests/support/recorded.ts";
import { replayWatched } from "./src/cli/replay_watch.ts";
const text = recordedText();
const keys = [...new Set([...text.matchAll(/\["([A-Za-z]+)",[0-9.]+\]/g)].map((m) => m[1]))];
for (const v of ["-1000", "1e15", "1e-9"]) {
  for (const k of keys) {
    const made = text.replaceAll(new RegExp(`\\["${k}",[0-9.]+\\]`, "g"), `["${k}",${v}]`);
    const o = await replayWatched(made, 1000);
    if (!o.ok) console.log(k, v, o.error.slice(0, 120));
  }
}
