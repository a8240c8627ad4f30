import assert from "node:assert/strict";
import { extraText } from "../../src/cli/init.ts";
import { makeCertificates } from "../integration/certificates.ts";
import { PATIENCE_MS, pause, TestCluster } from "../support/cluster.ts";
import { ignoreWithout, promtool } from "../support/promtool.ts";

Deno.test({
  name: "a real Prometheus scrapes three nodes over TLS and answers what one asks it at night",
  ignore: ignoreWithout(),
  fn: async () => {
    const certificates = await makeCertificates();
    await using cluster = new TestCluster({
      api: () =>
        `cert_file = "${certificates.folder}/good.pem"\nkey_file = "${certificates.folder}/good.key"\n`,
      publish: () =>
        `[[services.publish]]\ntype = "exec"\nname = "mover"\ncommand = ["true"]\ntimeout = "5s"\n`,
    });
    cluster.startServices();
    cluster.start(1, 2, 3);
    await using prometheus = new Prometheus(
      cluster.plan.nodes.map(({ api }) => `127.0.0.1:${api.port}`),
      certificates.caFile,
    );
    await prometheus.until("all three are scraped", "sum(up)", 3);
    await prometheus.until("one of them leads", 'sum(abfail_role{role="leader"})', 1);
    await prometheus.until("all see all", "min(abfail_quorum_alive)", 3);
    await prometheus.until("web-a is active everywhere", 'sum(abfail_service_active{target="web-a"})', 3);
    await prometheus.until("it is published", 'sum(abfail_publisher_state{state="ok",type="exec"})', 3);
    await cluster.service("web-a").stop();
    await prometheus.until(
      "a switch because it was down",
      'max by (service) (abfail_switches_total{reason="down"})',
      1,
    );
    await prometheus.until("web-b is active everywhere", 'sum(abfail_service_active{target="web-b"})', 3);
    for (const phase of ["detect", "decide", "publish"]) {
      await prometheus.until(
        `how long it took to ${phase}`,
        `sum(abfail_failover_duration_seconds_count{phase="${phase}"}) > bool 0`,
        1,
      );
    }
    const p99 = "histogram_quantile(0.99, sum by (le) (abfail_probe_duration_seconds_bucket)) < bool 10";
    await prometheus.until("how long probes take", p99, 1);
    await prometheus.until("processor time", "count(process_cpu_seconds_total > 0)", 3);
    const { data } = await prometheus.get("/api/v1/rules");
    const rules = data.groups.flatMap((group) => group.rules);
    assert.equal(rules.length, extraText("alerts").match(/- alert:/g)?.length);
    for (const expression of dashboardExpressions()) {
      const path = `/api/v1/query?query=${
        encodeURIComponent(expression.replaceAll("$__rate_interval", "10s"))
      }`;
      assert.equal((await prometheus.get(path)).status, "success", expression);
    }
    const client = Deno.createHttpClient({ caCerts: [Deno.readTextFileSync(certificates.caFile)] });
    const page = await (await fetch(`${cluster.apiOf(1).replace("http:", "https:")}/metrics`, { client }))
      .text();
    client.close();
    const judged = await promtool(["check", "metrics"], page);
    assert.equal(judged.code, 0, judged.text);
    assert.equal(judged.text, "");
    await Deno.remove(certificates.folder, { recursive: true });
  },
});

/** What the panels of the dashboard ask. */
function dashboardExpressions(): string[] {
  const { panels }: { panels: readonly { targets: readonly { expr: string }[] }[] } = JSON.parse(
    extraText("dashboard"),
  );
  return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
}

interface Answer {
  readonly status: string;
  readonly data: {
    readonly result: readonly { readonly value: readonly [number, string] }[];
    readonly groups: readonly { readonly rules: readonly unknown[] }[];
  };
}

/** Debian's Prometheus on a port of its own, its data in a temporary folder. */
class Prometheus implements AsyncDisposable {
  readonly #folder = Deno.makeTempDirSync({ prefix: "abfail-prometheus-" });
  readonly #port = freePort();
  readonly #child: Deno.ChildProcess;

  constructor(targets: readonly string[], caFile: string) {
    Deno.writeTextFileSync(`${this.#folder}/alerts.yml`, extraText("alerts"));
    Deno.writeTextFileSync(
      `${this.#folder}/prometheus.yml`,
      JSON.stringify({
        global: { scrape_interval: "500ms", scrape_timeout: "450ms", evaluation_interval: "1s" },
        rule_files: ["alerts.yml"],
        scrape_configs: [{
          job_name: "abfail",
          scheme: "https",
          tls_config: { ca_file: caFile },
          static_configs: [{ targets }],
        }],
      }),
    );
    this.#child = new Deno.Command("prometheus", {
      args: [
        `--config.file=${this.#folder}/prometheus.yml`,
        `--storage.tsdb.path=${this.#folder}/data`,
        `--web.listen-address=127.0.0.1:${this.#port}`,
        "--log.level=error",
      ],
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  async get(path: string): Promise<Answer> {
    const answer = await fetch(`http://127.0.0.1:${this.#port}${path}`);
    return await answer.json();
  }

  /** Waits until an expression has this one value. */
  async until(what: string, expression: string, value: number): Promise<void> {
    const end = performance.now() + 2 * PATIENCE_MS;
    for (let last = "no answer";; await pause(100)) {
      try {
        const { data } = await this.get(`/api/v1/query?query=${encodeURIComponent(expression)}`);
        last = JSON.stringify(data.result);
        if (data.result.length === 1 && Number(data.result[0]?.value[1]) === value) return;
      } catch (problem) {
        last = String(problem);
      }
      assert.ok(performance.now() < end, `it never came: ${what}: ${expression} is ${last}, not ${value}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
    await Deno.remove(this.#folder, { recursive: true });
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
