// A wallet's end of a webhook: takes calls, and checks that they are signed as Standard Webhooks are.

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { Failure } from "../../../verifier-sol/script/lib/command.mjs";

export class Receiver {
  #server;
  #calls = new Map();
  #problem;
  secret;

  static async start() {
    const receiver = new Receiver();
    receiver.#server = createServer((request, response) => {
      const chunks = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => {
        // The secret is in the answer to the request, which the first call may overtake.
        if (!receiver.secret) return response.writeHead(503).end();
        receiver.#take(request.headers, Buffer.concat(chunks).toString());
        response.writeHead(204).end();
      });
    });
    await new Promise((resolve) => receiver.#server.listen(0, "127.0.0.1", resolve));
    // It keeps no run from its end.
    receiver.#server.unref();
    return receiver;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}/hook`;
  }

  #take(headers, body) {
    const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature } = headers;
    const key = Buffer.from(this.secret.slice("whsec_".length), "base64");
    const expected = Buffer.from(`v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`);
    const got = Buffer.from(signature ?? "");
    if (got.length !== expected.length || !timingSafeEqual(got, expected)) this.#problem = "a call that is not signed";
    if (/@|0x/.test(body)) this.#problem = `a call that shows more than it may: ${body}`;
    this.#calls.set(id, JSON.parse(body).data);
  }

  /// How many jobs of this action were said to be in a state.
  count(action, state) {
    if (this.#problem) throw new Failure(this.#problem);
    return [...this.#calls.values()].filter((call) => call.action === action && call.state === state).length;
  }

  stop() {
    this.#server.close();
  }
}
