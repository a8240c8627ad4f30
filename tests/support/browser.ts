/** Debian's Chromium, driven by playwright-core: the one place that imports it. */
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

export type { Browser, BrowserContext, Page };

/** Where Debian's package puts it. */
const CHROMIUM = "/usr/bin/chromium";

/** Flags that keep it from the network and let root start it. */
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Why the browser tests cannot run here; null when they can. */
export function whyNoBrowser(): string | null {
  try {
    Deno.statSync(CHROMIUM);
    return null;
  } catch {
    return `there is no ${CHROMIUM} (Debian package chromium)`;
  }
}

/** Starts it; the caller closes it. */
export async function openBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}
