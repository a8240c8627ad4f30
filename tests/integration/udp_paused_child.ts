/**
 * A process to be stopped and continued: counts datagrams, and on waking says how many it had when its late
 * timer fired, when `drain` resolved, and a good while later.
 */
import { openUdp } from "../../src/adapters/udp.ts";

const udp = openUdp({ listen: { host: "127.0.0.1", port: 0 } });
if (!udp.ok) throw new Error(udp.error);
let received = 0;
udp.value.start(() => {
  received += 1;
});
// set before the parent may stop us, and below always from the one reading that was judged: no stop goes unseen
let expected = performance.now() + 20;
console.log(JSON.stringify({ port: udp.value.address.port }));
for (let turn = 0; turn < 1000; turn++) {
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, expected - performance.now())));
  const now = performance.now();
  const gap = now - expected;
  if (gap > 100) {
    const before = received;
    const started = performance.now();
    await udp.value.drain();
    const drained = received;
    const tookMs = performance.now() - started;
    await new Promise((resolve) => setTimeout(resolve, 100));
    console.log(JSON.stringify({ gap, before, drained, later: received, tookMs }));
    break;
  }
  expected = now + 20;
}
await udp.value.close();
