/** The server that shows the page: its own folder, its relayer, and nothing else; and one policy wherever it is written. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { after, before, test } from "node:test";

import { HEADERS, server } from "../../scripts/serve.mjs";

const served = [];
let port;
let asked = [];

/** A server that listens; its port. */
async function listening(one) {
  served.push(one.listen(0, "127.0.0.1"));
  await once(one, "listening");
  return one.address().port;
}

/** Status and text of a path that is sent as it stands, which fetch would not do. */
function get(path) {
  return new Promise((resolve, reject) => {
    const ask = request({ port, host: "127.0.0.1", path }, async (answer) => {
      const text = (await answer.toArray()).join("");
      resolve({ status: answer.statusCode, text, headers: answer.headers });
    });
    ask.on("error", reject).end();
  });
}

before(async () => {
  const relayer = createServer((request, response) => (asked.push(request.url), response.end("{}")));
  port = await listening(server({ relayer: `http://127.0.0.1:${await listening(relayer)}/door/` }));
});
after(() => served.forEach((one) => (one.close(), one.closeAllConnections())));

test("what lies outside dist is not served, however its path is written", async () => {
  const here = new URL(import.meta.url).pathname;
  const up = "..%2f".repeat(12);
  for (const path of [`/${up}${here.slice(1)}`, `/file://${here}`, `/%2e%2e/package.json`, `/..%2fpackage.json`, "/%", "/%00", "//"]) {
    assert.equal((await get(path)).status, 404, path);
  }
  assert.equal((await get("/")).status, 200, "it goes on");
});

test("the relayer is asked, and nobody else", async () => {
  const other = createServer((_, response) => response.end("other"));
  const secret = await listening(other);
  for (const path of [`http://127.0.0.1:${secret}/`, `/127.0.0.1:${secret}/`, "v1/requests/1?a=b", "%2e%2e/metrics"]) {
    assert.notEqual((await get(`/relayer/${path}`)).text, "other", path);
  }
  assert.ok(asked.includes("/door/v1/requests/1?a=b"));
  assert.ok(asked.every((path) => path.startsWith("/door/")), String(asked));
});

test("server, page and book have the same policy", async () => {
  const policy = (await get("/")).headers["content-security-policy"];
  assert.equal(policy, HEADERS["content-security-policy"]);
  const read = (path) => readFileSync(new URL(path, import.meta.url), "utf8");
  assert.ok(read("../../../../docs/web.md").includes(`\`${policy}\``));
  // A page cannot say of itself who may frame it.
  const own = policy.replace("; frame-ancestors 'none'", "");
  assert.ok(read("../../page/index.html").includes(`content="${own}"`));
});
