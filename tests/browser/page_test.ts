/** The status page in Debian's Chromium, before real nodes and before one with a hundred services. */
import assert from "node:assert/strict";
import axe from "axe-core";
import type { ServiceStatus, Status } from "../../src/view/status_type.ts";
import { openBrowser, type Page, whyNoBrowser } from "../support/browser.ts";
import { TestCluster } from "../support/cluster.ts";
import { openPage, withApi } from "../support/page.ts";
import { FakeHost } from "../unit/api/fake_host.ts";
import { allWell, web } from "../unit/view/sample_status.ts";

const TOKEN = "open-sesame-0123456789abcdef";
const why = whyNoBrowser();
if (why !== null) console.log(`tests of the page cannot run: ${why}`);
const ignore = why !== null;
const WIDTHS = [360, 768, 1280];
const SCHEMES = ["light", "dark"] as const;

/** What axe finds wrong, one line each. */
async function faults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate("axe.run().then(({ violations }) => violations)") as readonly {
    id: string;
    nodes: readonly { html: string }[];
  }[];
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
}

/** Three nodes that take commands from who has the token, all well. */
async function startCluster(): Promise<TestCluster> {
  const cluster = new TestCluster({
    api: (folder) => {
      Deno.writeTextFileSync(`${folder}/token`, `${TOKEN}\n`, { mode: 0o600 });
      return `token_file = "${folder}/token"`;
    },
  });
  try {
    await cluster.startAll();
    return cluster;
  } catch (problem) {
    await cluster[Symbol.asyncDispose]();
    throw problem;
  }
}

Deno.test(
  { name: "the page of a follower shows a failover live, and asks its node alone", ignore },
  async () => {
    await using cluster = await startCluster();
    await using browser = await openBrowser();
    const { page, errors, asked } = await openPage(browser, cluster.apiOf(2));
    await page.getByRole("heading", { name: /e2e OK: all well/ }).waitFor();
    await page.getByText("web-a in charge for").waitFor();
    cluster.service("web-a").stop();
    await page.getByText("web-b in charge for").waitFor();
    await page.locator("#events").getByText("web: web-a -> web-b (down).").waitFor();
    assert.ok(await page.locator("#lanes .lane", { hasText: "web-b" }).count() > 0, "the timeline has it");
    assert.match(await page.locator("#verdict").innerText(), /node 1 \(/, "it names the leader");
    assert.equal(await page.locator(".matrix td.good").count(), 6, "each of three hears two");
    await page.waitForFunction(
      "[...document.querySelectorAll('.matrix td.good')].every((td) => / ms/.test(td.innerText))",
    );
    assert.deepEqual(errors, []);
    assert.ok(
      asked.every((url) => url.startsWith(cluster.apiOf(2)) || url.startsWith("data:")),
      asked.join("\n"),
    );
  },
);

Deno.test(
  { name: "commands need the token and a yes; the keyboard is enough for all of it", ignore },
  async () => {
    await using cluster = await startCluster();
    await using browser = await openBrowser();
    const { page } = await openPage(browser, cluster.apiOf(3));
    const button = page.getByRole("button", { name: "Switch web web-b" });
    await button.waitFor();
    await button.focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Switch web to web-b?" });
    await dialog.waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    await page.keyboard.press("Enter"); // the focus is back where it was
    await dialog.waitFor();
    await page.keyboard.type("wrong-token");
    await page.keyboard.press("Enter");
    await dialog.getByText(/Not done: .*token/i).waitFor();
    assert.equal((await cluster.status(3))?.services[0]?.pinned, null, "nothing was done");
    await page.getByLabel("API token").fill(TOKEN);
    await page.keyboard.press("Enter");
    await dialog.waitFor({ state: "hidden" });
    await page.getByText("pinned to web-b", { exact: true }).waitFor();
    await page.getByText("web-b in charge for").waitFor();
    await page.getByRole("button", { name: "Unpin web" }).click();
    await page.getByRole("button", { name: "Unpin web" }).last().click(); // the token is still known
    await page.getByText("web-a in charge for").waitFor();
    await page.getByRole("button", { name: "Drain web web-a" }).click();
    await page.getByRole("button", { name: "Drain web-a" }).last().click();
    await page.getByText("web-b in charge for").waitFor();
    await page.getByRole("button", { name: "Undrain web web-a" }).waitFor();
    await page.getByRole("button", { name: "Step down ..." }).click();
    await page.getByRole("button", { name: "Step down", exact: true }).click();
    await page.locator("#verdict").getByText(/node [23] \(/).waitFor();
  },
);

Deno.test(
  { name: "when its node is gone the page says so, and goes on by itself when it is back", ignore },
  async () => {
    await using cluster = await startCluster();
    await using browser = await openBrowser();
    const { page } = await openPage(browser, cluster.apiOf(3));
    await page.getByText("web-a in charge for").waitFor();
    cluster.node(3).kill("SIGKILL");
    await page.getByText(/No word from node 3/).waitFor();
    assert.match(await page.title(), /no word/);
    cluster.start(3);
    await page.locator("#stale").waitFor({ state: "hidden" });
    await page.getByRole("heading", { name: /e2e OK: all well/ }).waitFor();
  },
);

/** A hundred services, one down, one in drift, one with a name that wants to be markup. */
function crowded(): Status {
  const hostile = `<img src=x onerror="document.title='owned'">`;
  const services = Array.from({ length: 100 }, (_, i): ServiceStatus => {
    const name = `service-${String(i).padStart(3, "0")}`;
    if (i === 40) {
      const targets = web.targets.map((target) => ({ ...target, health: "down" as const }));
      return { ...web, name, state: "down", targets };
    }
    if (i === 41) {
      const publishers = web.publishers.map((one) => ({
        ...one,
        state: "drift" as const,
        error: `shows ${hostile}`,
      }));
      return { ...web, name, state: "degraded", publishers };
    }
    return { ...web, name: i === 42 ? hostile : name };
  });
  return {
    ...allWell,
    services,
    peers: allWell.peers.map((peer) => {
      const link = { id: peer.id === 2 ? 3 : 2, rttMs: 83.4, lossPercent: 0 };
      const toLeader = { id: 1, rttMs: peer.rttMs, lossPercent: 1.5 };
      // Node 3 does not hear node 2.
      return {
        ...peer,
        hears: peer.id === 2 ? [1, 3] : [1],
        links: peer.id === 2 ? [toLeader, link] : [toLeader],
      };
    }),
    problems: ["service-040 is down on nyc1", `service-041: drift to ${hostile}`],
  };
}

async function withCrowd(act: (url: string, host: FakeHost) => Promise<void>): Promise<void> {
  const host = new FakeHost();
  host.current = crowded();
  host.happen(`service-040: <b>nyc1</b> -> sfo2 (down).`);
  await withApi(host, (url) => act(url, host));
}

Deno.test(
  { name: "with a hundred services what is wrong comes first, is found, and names are text", ignore },
  async () => {
    await withCrowd(async (url, host) => {
      await using browser = await openBrowser();
      const { page, errors } = await openPage(browser, url);
      await page.getByText("100 services", { exact: true }).waitFor();
      const names = await page.locator(".service h3").allInnerTexts();
      assert.deepEqual(names.slice(0, 2), ["service-040", "service-041"]);
      assert.equal(await page.locator("details[open]").count(), 2, "those that are well are folded");
      const lanes = await page.locator("#lanes .who").allInnerTexts();
      assert.deepEqual(lanes.slice(0, 3), ["leader", "service-040", "service-041"]);
      assert.equal(await page.locator("img, #events b").count(), 0, "nothing became markup");
      assert.match(await page.title(), /^!! prod/);
      await page.getByLabel("only what is not well").check();
      await page.getByText("2 of 100 services").waitFor();
      await page.getByLabel("only what is not well").uncheck();
      await page.getByLabel("Filter").fill("SERVICE-077");
      await page.getByText("1 of 100 services").waitFor();
      await page.getByLabel("Filter").fill("");
      await page.locator("summary", { hasText: "service-077" }).click();
      await page.locator(`details[data-key="service-077"][open] table`).first().waitFor();
      host.current = { ...host.current, services: host.current.services.toReversed() };
      await page.waitForTimeout(1500);
      assert.equal(await page.locator("details[open]").count(), 3, "what was opened stays so");
      assert.equal((await page.locator(".service h3").allInnerTexts()).length, 100);
      assert.deepEqual(errors, []);
    });
  },
);

Deno.test(
  { name: "no fault in access at any width, light and dark; nothing wider than the screen", ignore },
  async () => {
    const shots = Deno.env.get("ABFAIL_SHOTS");
    await withCrowd(async (url) => {
      await using browser = await openBrowser();
      for (const width of WIDTHS) {
        for (const scheme of SCHEMES) {
          const { page } = await openPage(browser, url, width, scheme);
          await page.getByText("100 services", { exact: true }).waitFor();
          assert.deepEqual(await faults(page), [], `${width} ${scheme}`);
          const over = Number(await page.evaluate("document.documentElement.scrollWidth - innerWidth"));
          assert.ok(over <= 0, `${width}: ${over} px too wide`);
          if (shots !== undefined) await page.screenshot({ path: `${shots}/page-${width}-${scheme}.png` });
          if (shots !== undefined) {
            await page.locator("#nodes").screenshot({ path: `${shots}/nodes-${width}-${scheme}.png` });
          }
          await page.getByRole("button", { name: "Drain service-040 nyc1" }).click();
          assert.deepEqual(await faults(page), [], `the question, ${width} ${scheme}`);
          if (shots !== undefined) await page.screenshot({ path: `${shots}/ask-${width}-${scheme}.png` });
          await page.context().close();
        }
      }
    });
  },
);
