import assert from "node:assert/strict";
import { startDnsServer } from "../../src/adapters/dns_server.ts";
import { askAddress, askStatus } from "../../src/drill/ask.ts";
import { Client, type Sample } from "../../src/drill/client.ts";
import { freePorts } from "../../src/drill/ports.ts";
import { TargetService } from "../../src/drill/target_service.ts";
import { buildZone } from "../../src/dns/build_zone.ts";

Deno.test("the client follows DNS, passes over a silent server, and says why a request failed", async () => {
  const [port, silent] = freePorts(2) as [number, number];
  const service = new TargetService("web-a", { host: "127.0.0.1", port });
  const zone = buildZone({
    origin: "drill.test",
    nameservers: ["ns1.drill.test"],
    serial: 1,
    records: [{ name: "web.drill.test", ttlSeconds: 1, value: { kind: "address", text: "127.0.0.1" } }],
    glue: [{ name: "ns1.drill.test", address: "127.0.0.1" }],
  });
  assert(zone.ok);
  const dns = await startDnsServer({
    listen: [{ host: "127.0.0.1", port: 0 }],
    current: () => ({ zones: [zone.value], transfer: null, copyable: true }),
    wallMs: () => Date.now(),
    nowMs: () => performance.now(),
  });
  assert(dns.ok);
  const server = dns.value.addresses[0]!;
  const samples: Sample[] = [];
  const client = new Client({
    name: "web.drill.test",
    servers: [{ host: "127.0.0.1", port: silent }, server],
    endpoints: new Map([["127.0.0.1", service.address]]),
    pauseMs: 5,
    onSample: (sample): void => void samples.push(sample),
  });
  const seen = async (check: () => boolean): Promise<void> => {
    const end = performance.now() + 10_000;
    while (!check()) {
      assert(performance.now() < end, `never: ${check}\n${JSON.stringify(samples.at(-1))}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  try {
    service.start();
    client.start();
    await seen(() => samples.some(({ by }) => by === "web-a"));
    await service.stop();
    await seen(() => samples.at(-1)?.problem === "connection refused");
    service.start();
    await seen(() => samples.at(-1)?.by === "web-a");
    assert.equal(await askAddress(server, "other.drill.test", 1000), null);
    assert.equal(await askAddress({ host: "127.0.0.1", port: silent }, "web.drill.test", 50), null);
    assert.equal(await askStatus({ host: "127.0.0.1", port: silent }, 1000), null);
  } finally {
    await client.stop();
    await service.stop();
    await dns.value.close();
  }
});
