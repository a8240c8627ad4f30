/**
 * The least that a DNS server on this runtime can do: `deno run ... fixed_answer.ts PORT` takes each datagram into the
 * same memory, puts one A record behind its question and sends it back; no name is read, no limit kept, nothing
 * counted. What abfail's server lacks to this is its own work, what this lacks to other servers is the runtime's.
 */

/** Octets of the header and the question `plain.example.com A`. */
const QUESTION_OCTETS = 35;
/** The name of the question again, A, IN, 60 s, 192.0.2.1. */
const ANSWER = Uint8Array.of(0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1);

if (import.meta.main) {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: Number(Deno.args[0]) });
  const buffer = new Uint8Array(4096);
  const answer = buffer.subarray(0, QUESTION_OCTETS + ANSWER.length);
  for (;;) {
    const [, from] = await socket.receive(buffer);
    answer[2] = 0x85; // an authoritative answer
    answer[7] = 1; // one record
    answer[11] = 0; // nothing behind it
    answer.set(ANSWER, QUESTION_OCTETS);
    // Handed to the kernel before this returns, unless its buffer is full.
    socket.send(answer, from).catch(() => {});
  }
}
