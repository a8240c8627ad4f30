/** The status page and the policy that lets it do what it does and nothing else. */
import { createHash } from "node:crypto";
import { assemblePage } from "../../view/page/page.ts";

/** One self-contained HTML page. */
export const PAGE: string = assemblePage();

/** Headers that go with the page: only its own script and style, only requests to this node, in no frame. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    `script-src ${hashes("script")}`,
    `style-src ${hashes("style")}`,
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "x-frame-options": "DENY",
};

function hashes(tag: "script" | "style"): string {
  const blocks = [...PAGE.matchAll(new RegExp(`<${tag}>(.*?)</${tag}>`, "gs"))];
  return blocks.map(([, text]) => {
    return `'sha256-${createHash("sha256").update(text ?? "").digest("base64")}'`;
  }).join(" ");
}
