/** Octets at the API's port: from anyone who can reach it. */
import { createApi } from "../../../src/adapters/api/api.ts";
import { startApiServer } from "../../../src/adapters/api/server.ts";
import { FakeHost } from "../../unit/api/fake_host.ts";
import { mutateLines } from "../mutate.ts";
import { must, octets, type Subject, textOf } from "../subject.ts";
import { readAll } from "./dns.ts";

const TOKEN = "correct-horse-battery-staple";

/** One connection per input. Without the token nothing is changed; what is answered is HTTP; the server goes on. */
export async function api(): Promise<Subject> {
  const host = new FakeHost();
  host.secret = TOKEN;
  const failures: string[] = [];
  const server = await startApiServer({
    listen: { host: "127.0.0.1", port: 0 },
    socket: null,
    api: createApi(host, { hostNames: [] }),
    onFailure: (detail) => void failures.push(detail),
  });
  must(server.ok, "a server");
  const { port } = server.value;
  const head = "Host: 127.0.0.1\r\nConnection: close\r\n";
  const bearer = `Authorization: Bearer ${TOKEN}\r\n`;
  const post = (path: string, body: string, more = bearer): string =>
    `POST ${path} HTTP/1.1\r\n${head}${more}Content-Length: ${body.length}\r\n\r\n${body}`;
  const corpus = [
    ...[
      "/",
      "/v1/status",
      "/v1/services/web",
      "/leader",
      "/healthz",
      "/metrics",
      "/v1/events",
      "/v1/events?since=1",
      "/v1/record?minutes=2",
    ]
      .map((path) => `GET ${path} HTTP/1.1\r\n${head}\r\n`),
    post("/v1/services/web/switch", '{"target":"sfo2","dryRun":true}'),
    post("/v1/services/web/targets/nyc1/drain", ""),
    post("/v1/step-down", "{}"),
    post("/v1/step-down", "{}", "Authorization: Bearer wrong\r\n"),
    `GET /v1/record HTTP/1.1\r\n${head}${bearer}\r\n`,
    `POST /v1/step-down HTTP/1.1\r\n${head}${bearer}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    `GET /leader HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /healthz HTTP/1.1\r\n${head}\r\n`,
    `HEAD / HTTP/1.0\r\n${head}Origin: http://evil.example\r\n\r\n`,
  ];
  return {
    name: "api",
    about: "requests to the API, octet by octet: from anyone who can reach it",
    corpus: corpus.map(octets),
    maxOctets: 40_000,
    cpuMs: 400,
    words: [
      "\r\n",
      "\r\n\r\n",
      "Host: ",
      "Content-Length: ",
      "Transfer-Encoding: chunked\r\n",
      "%2f",
      "%00",
      "../",
      "\0",
      "Expect: 100-continue\r\n",
      "Upgrade: x\r\n",
      "Connection: keep-alive\r\n",
      TOKEN,
    ],
    mutate: mutateLines,
    check: async (input): Promise<void> => {
      host.commands.length = 0;
      const connection = await Deno.connect({ hostname: "127.0.0.1", port });
      const read = readAll(connection);
      try {
        for (let sent = 0; sent < input.length;) sent += await connection.write(input.subarray(sent));
        await connection.closeWrite();
      } catch {
        // It has had enough.
      }
      const said = textOf(await read);
      must(
        said === "" || /^HTTP\/1\.1 [1-5][0-9]{2} /.test(said),
        `no HTTP: ${JSON.stringify(said.slice(0, 80))}`,
      );
      must(
        !/^HTTP\/1\.1 500 /.test(said) && failures.length === 0,
        `the API threw: ${failures.splice(0).join()}`,
      );
      must(!said.includes(TOKEN) || textOf(input).includes(TOKEN), "the token was told");
      if (!textOf(input).includes(TOKEN)) must(host.commands.length === 0, "a command without the token");
      for (const { command } of host.commands) {
        if ("target" in command) {
          must(typeof command.target === "string" && command.target.length < 1100, "a target");
        }
      }
    },
    close: () => server.value.close(),
  };
}
