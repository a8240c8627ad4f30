/**
 * DigitalOcean on a host of its own: the fake of its API on port 8080, and a name server on port 53 that answers with
 * the records that stand there. Argument: the host's address.
 */
import { Buffer } from "node:buffer";
import packet from "dns-packet";
import { startDigitalocean } from "./digitalocean.ts";

const [hostname = "127.0.0.1"] = Deno.args;
const fake = startDigitalocean({ hostname, port: 8080 });
const socket = Deno.listenDatagram({ hostname, port: 53, transport: "udp" });
console.log("ready");
for await (const [bytes, from] of socket) {
  const query = packet.decode(Buffer.from(bytes));
  const [question] = query.questions ?? [];
  const shown = question === undefined ? null : fake.get(question.name, question.type);
  const answers = (shown?.values ?? []).map((data) => ({
    ...{ name: question?.name ?? "", type: "A" as const, ttl: shown?.ttl ?? 0, data },
  }));
  const reply = { ...query, type: "response" as const, flags: packet.AUTHORITATIVE_ANSWER, answers };
  await socket.send(packet.encode({ ...reply, additionals: [] }), from).catch(() => {});
}
