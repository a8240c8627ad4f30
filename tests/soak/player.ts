/** Plays every target of the soak: HTTP and HTTPS on all loopback addresses; `/play/ADDRESS/down` makes one fail. */
const [plain, secure, folder] = Deno.args as [string, string, string];
const down = new Set<string>();

function answer(request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>): Response {
  const url = new URL(request.url);
  const play = /^\/play\/([0-9.]+)\/(up|down)$/.exec(url.pathname);
  if (play !== null && info.remoteAddr.hostname === "127.0.0.1") {
    if (play[2] === "down") down.add(play[1] as string);
    else down.delete(play[1] as string);
    return new Response("ok");
  }
  return down.has(url.hostname) ? new Response("down", { status: 503 }) : new Response("ok");
}

Deno.serve({ hostname: "0.0.0.0", port: Number(plain), onListen: (): void => {} }, answer);
Deno.serve({
  hostname: "0.0.0.0",
  port: Number(secure),
  key: Deno.readTextFileSync(`${folder}/key.pem`),
  cert: Deno.readTextFileSync(`${folder}/cert.pem`),
  onListen: (): void => {},
}, answer);
