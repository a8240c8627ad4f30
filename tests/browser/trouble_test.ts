/** The status page when its node, the stream or the quorum is gone; and with much to show. */
import assert from "node:assert/strict";
import { openBrowser, whyNoBrowser } from "../support/browser.ts";
import { TestCluster } from "../support/cluster.ts";
import { Between, openPage, withApi } from "../support/page.ts";
import { FakeHost } from "../unit/api/fake_host.ts";
import { allWell, web } from "../unit/view/sample_status.ts";

const why = whyNoBrowser();
if (why !== null) console.log(`tests of the page cannot run: ${why}`);
const ignore = why !== null;

/** Longest until a hundred services are seen, ms: many times what an idle machine takes. */
const FIRST_TABLE_MS = 10_000;
for (
  const [mode, what] of [["silent", "falls silent for good"], [
    "refused",
    "breaks and is refused (503)",
  ]] as const
) {
  Deno.test(
    { name: `a stream that ${what}: the page says how old it is, and goes on by itself`, ignore },
    async () => {
      await withApi(new FakeHost(), async (url) => {
        await using between = new Between(url);
        await using browser = await openBrowser();
        const { page } = await openPage(browser, between.url);
        await page.getByRole("heading", { name: /prod OK: all well/ }).waitFor();
        between.mode = mode;

        await page.getByText(/No word from node 1 for .*what is below is old/).waitFor();
        assert.match(await page.title(), /no word/);
        // It tries again and again in vain: the try after these must come all the same.
        const since = between.streams;
        while (between.streams < since + 2) await page.waitForTimeout(100);
        between.mode = "open";
        await page.locator("#stale").waitFor({ state: "hidden" });
        assert.doesNotMatch(await page.title(), /no word/);
      });
    },
  );
}

Deno.test({
  name: "a page that is opened before its node answers says so, and shows it when it does",
  ignore,
}, async () => {
  await withApi(new FakeHost(), async (url) => {
    await using between = new Between(url);
    between.mode = "refused";
    await using browser = await openBrowser();
    const { page } = await openPage(browser, between.url);
    await page.getByText("This node does not answer. Trying again.").waitFor();
    between.mode = "open";
    await page.getByRole("heading", { name: /prod OK: all well/ }).waitFor();
    await page.locator("#stale").waitFor({ state: "hidden" });
  });
});

Deno.test({ name: "without a quorum the page says so first, and what still stands", ignore }, async () => {
  await using cluster = new TestCluster();
  await cluster.startAll();
  await using browser = await openBrowser();
  const { page } = await openPage(browser, cluster.apiOf(3));
  await page.getByText("web-a in charge for").waitFor();
  cluster.node(1).kill("SIGKILL");
  cluster.node(2).kill("SIGKILL");
  await page.getByText(/Only 1 of 3 nodes are heard, 2 are needed: .* what was published last stays/)
    .waitFor();
  await page.getByRole("heading", { name: /e2e BAD: no leader/ }).waitFor();
  await page.getByText("NONE: 1 of 3 alive, 2 needed").waitFor();
  await page.getByText("web-a in charge for").waitFor();
  assert.equal(await page.getByRole("button", { name: "Step down ..." }).isDisabled(), true);
  assert.match(await page.title(), /^!! e2e/);
  cluster.start(1, 2);
  await page.getByRole("heading", { name: /e2e OK: all well/ }).waitFor();
});

Deno.test({ name: "a hundred services are seen soon after the page is opened", ignore }, async () => {
  const host = new FakeHost();
  const services = Array.from({ length: 100 }, (_, i) => ({ ...web, name: `service-${i}` }));
  host.current = { ...allWell, services };
  await withApi(host, async (url) => {
    await using browser = await openBrowser();
    const since = performance.now();
    const { page, errors } = await openPage(browser, url);
    await page.waitForFunction("document.querySelectorAll('.service h3').length === 100");
    const tookMs = Math.round(performance.now() - since);
    console.log(`    100 services seen after ${tookMs} ms, window and all`);
    assert.ok(tookMs < FIRST_TABLE_MS, `${tookMs} ms`);
    assert.deepEqual(errors, []);
  });
});
