// Between a relayer and a chain's node: as it is, or a node that is down, that forgets transactions, or that refuses them.

import { createServer } from "node:http";
import { keccak256 } from "./viem.mjs";

export function startProxy(url) {
  const proxy = { mode: "open", dropped: 0 };
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", async () => {
      if (proxy.mode === "down") return request.socket.destroy();
      const body = Buffer.concat(chunks).toString();
      response.setHeader("content-type", "application/json");
      try {
        response.end(await answer(proxy, url, body));
      } catch {
        request.socket.destroy();
      }
    });
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      // Nothing waits for it at the end.
      server.unref();
      proxy.url = `http://127.0.0.1:${server.address().port}`;
      resolve(proxy);
    });
  });
}

async function answer(proxy, url, body) {
  const { id, method, params } = JSON.parse(body);
  if (method === "eth_sendRawTransaction" && proxy.mode !== "open") {
    proxy.dropped++;
    const refused = { error: { code: -32000, message: "txpool is full" } };
    const taken = { result: keccak256(params[0]) };
    return JSON.stringify({ jsonrpc: "2.0", id, ...(proxy.mode === "drops" ? taken : refused) });
  }
  const response = await fetch(url, { method: "POST", body, headers: { "content-type": "application/json" } });
  return response.text();
}
