/**
 * A real gRPC server with the standard health service, as a process of its own: @grpc/grpc-js stands on Deno's
 * `node:http2`, which may crash. Prints its port; ends with its standard input.
 *
 * Services: "" and "shop.Cart" SERVING, "shop.Stock" NOT_SERVING, "shop.Slow" never answers, else NOT_FOUND.
 */
import { Buffer } from "node:buffer";
import { type sendUnaryData, Server, ServerCredentials, type ServerUnaryCall, status } from "@grpc/grpc-js";

interface Asked {
  readonly service: string;
}

const server = new Server();
const definition = {
  Check: {
    path: "/grpc.health.v1.Health/Check",
    requestStream: false,
    responseStream: false,
    // One field, a string: tag, length, text.
    requestSerialize: ({ service }: Asked): Buffer => Buffer.from(service),
    requestDeserialize: (bytes: Buffer): Asked => ({ service: bytes.subarray(2).toString() }),
    responseSerialize: (serving: number): Buffer => Buffer.from([0x08, serving]),
    responseDeserialize: (bytes: Buffer): number => bytes[1] ?? 0,
  },
} as const;

server.addService(definition, {
  Check: (call: ServerUnaryCall<Asked, number>, callback: sendUnaryData<number>): void => {
    switch (call.request.service) {
      case "":
      case "shop.Cart":
        return callback(null, 1);
      case "shop.Stock":
        return callback(null, 2);
      case "shop.Slow":
        return;
      default:
        return callback({ code: status.NOT_FOUND, details: "unknown service" });
    }
  },
});

server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (problem, port) => {
  if (problem !== null) throw problem;
  console.log(port);
});
for await (const _ of Deno.stdin.readable);
Deno.exit(0);
