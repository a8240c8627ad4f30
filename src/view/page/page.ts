/**
 * The status page: one self-contained document, put together from its parts when it is first asked for.
 *
 *     page.html    the frame             dom.js      elements, and what updates them in place
 *     style.css    how it looks          words.js    as in the terminal     cluster.js   verdict, nodes
 *     services.js  targets, publishers   timeline.js who was in charge      happened.js  events
 *     act.js       commands, after a question        live.js  the stream; runs last
 *
 * To the tools the scripts are modules that import each other; in the page they are one script, in this order.
 */
import act from "./act.js" with { type: "text" };
import cluster from "./cluster.js" with { type: "text" };
import dom from "./dom.js" with { type: "text" };
import frame from "./page.html" with { type: "text" };
import happened from "./happened.js" with { type: "text" };
import live from "./live.js" with { type: "text" };
import services from "./services.js" with { type: "text" };
import style from "./style.css" with { type: "text" };
import timeline from "./timeline.js" with { type: "text" };
import words from "./words.js" with { type: "text" };

/** The whole page. */
export function assemblePage(): string {
  const scripts = [dom, words, cluster, services, timeline, happened, act, live].map(withoutModules);
  return frame
    .replace("/*STYLE*/", () => style)
    .replace("/*SCRIPT*/", () => `"use strict";\n(() => {\n${scripts.join("\n")}})();\n`);
}

function withoutModules(script: string): string {
  return script.replace(/^import [^;]*;\n/gm, "").replace(/^export /gm, "");
}
