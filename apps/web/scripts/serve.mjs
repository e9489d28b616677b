/**
 * Serves dist on 127.0.0.1 with the headers that docs/web.md asks for.
 *
 *   node scripts/serve.mjs [PORT [RELAYER]]
 *
 * RELAYER is the URL of a relayer's door, which then answers below /relayer/.
 */

import { createServer, request as ask } from "node:http";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { fileURLToPath } from "node:url";

const DIST = new URL("../dist/", import.meta.url);
const TYPES = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  svg: "image/svg+xml",
  wasm: "application/wasm",
};

/** Sent with everything; those of isolation give threads. */
export const HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self'; " +
    "img-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};
export const ISOLATION = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

/**
 * What a path names below a folder. It stays as the URL has it, without dots: behind the "." it can be no other folder, site or
 * scheme, and a slash that hides in a `%2f` is none.
 */
const below = (folder, path) => new URL(`.${path}`, folder);

/** Passes a request on to the relayer, so that the page's policy names no other site. */
function passOn(url, request, response) {
  const headers = { "content-type": request.headers["content-type"] ?? "application/json" };
  const onward = ask(url, { method: request.method, headers }, (answer) => {
    response.writeHead(answer.statusCode, { ...HEADERS, "content-type": answer.headers["content-type"] ?? "application/json", "cache-control": "no-store" });
    answer.pipe(response);
  });
  onward.on("error", () => response.writeHead(502, HEADERS).end());
  request.pipe(onward);
}

/**
 * A server of dist; `change` may alter what is sent for a path, or send what is not there, for tests.
 * @param {{isolated?: boolean, relayer?: string, change?: (path: string, body: Buffer | undefined) => Buffer | undefined}} [how]
 */
export function server({ isolated = true, relayer, change } = {}) {
  return createServer(async (request, response) => {
    const headers = { ...HEADERS, ...(isolated ? ISOLATION : {}) };
    try {
      const { pathname, search } = new URL(request.url ?? "/", "http://localhost");
      if (relayer !== undefined && pathname.startsWith("/relayer/")) {
        return passOn(below(relayer, pathname.slice("/relayer".length) + search), request, response);
      }
      const path = pathname.slice(1) || "index.html";
      const brotli = String(request.headers["accept-encoding"]).includes("br");
      const read = (name) => readFile(below(DIST, `/${name}`));
      const compressed = brotli && !change ? await read(`${path}.br`).catch(() => undefined) : undefined;
      const body = compressed ?? change?.(path, await read(path).catch(() => undefined)) ?? (await read(path));
      const lasting = path.startsWith("zkdkim/assets/");
      response.writeHead(200, {
        ...headers,
        "content-type": TYPES[path.split(".").pop()] ?? "application/octet-stream",
        "content-length": body.length,
        "cache-control": lasting ? "public, max-age=31536000, immutable" : "no-cache",
        ...(compressed === undefined ? {} : { "content-encoding": "br" }),
      });
      response.end(body);
    } catch {
      response.writeHead(404, headers).end("not found\n");
    }
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const port = Number(process.argv[2] ?? 8080);
  server({ relayer: process.argv[3] }).listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}/`));
}
