/**
 * Files by their digests: from the cache, or from where the caller says, and checked either way.
 *
 * A file that is not what its digest says is thrown away and fetched once more. Nothing else is ever fetched.
 */

import { environment } from "./errors.js";

const CACHE = "zkdkim-web";

async function digest(bytes) {
  const sum = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(sum), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The cache, where the browser has one and gives it: not in Node, not in some private windows. */
async function openCache() {
  try {
    return await globalThis.caches?.open(CACHE);
  } catch {
    return undefined;
  }
}

/** Gives the memory of bytes back now, where the browser can: they are large, and the sweep comes late. */
export function discard(bytes) {
  bytes.buffer.transfer?.(0);
}

/** A file of so many bytes, at most. @param {URL} url */
async function fetched(url, expected, onBytes) {
  if (url.protocol === "file:") {
    const { readFile } = await import("node:fs/promises");
    return new Uint8Array(await readFile(url));
  }
  // A wrong copy in the HTTP cache would come again.
  const response = await fetch(url, { cache: "no-cache", credentials: "same-origin" });
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  if (response.body === null) throw new Error("an empty answer");
  const bytes = new Uint8Array(expected);
  let length = 0;
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return bytes.subarray(0, length);
    if (length + value.length > expected) {
      await reader.cancel();
      throw new Error(`more than ${expected} bytes`);
    }
    bytes.set(value, length);
    length += value.length;
    onBytes?.(length);
  }
}

export class Assets {
  /** @param {URL} folder */
  constructor(folder) {
    this.folder = folder;
  }

  #url(asset) {
    return new URL(asset.name, this.folder);
  }

  /**
   * A file out of the cache as a stream, unchecked: whoever reads it compares the digest.
   * @param {import("./types.js").Asset} asset
   */
  async unchecked(asset) {
    const cache = await openCache();
    const found = await cache?.match(this.#url(asset)).catch(() => undefined);
    return found?.body ?? undefined;
  }

  /**
   * A file out of the cache, if it is there and right; a damaged one is thrown away.
   * @param {import("./types.js").Asset} asset
   */
  async cached(asset) {
    const stream = await this.unchecked(asset);
    if (stream === undefined) return undefined;
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    if (bytes.length === asset.bytes && (await digest(bytes)) === asset.sha256) return bytes;
    await this.forget(asset);
    return undefined;
  }

  /** @param {import("./types.js").Asset} asset */
  async forget(asset) {
    await (await openCache())?.delete(this.#url(asset)).catch(() => false);
  }

  /**
   * A file from the network, by its digest.
   * @param {import("./types.js").Asset} asset
   * @param {(bytes: number) => void} [onBytes]
   */
  async fetched(asset, onBytes) {
    let detail = "";
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        const bytes = await fetched(this.#url(asset), asset.bytes, onBytes);
        const got = await digest(bytes);
        if (got === asset.sha256) return bytes;
        detail = `its SHA-256 is ${got}, not ${asset.sha256}`;
      } catch (cause) {
        detail = String(cause);
      }
    }
    const hint = "check the connection; if it is damaged every time, the page and its files are of different builds";
    throw environment("download", `${this.#url(asset)}: ${detail}`, hint);
  }

  /**
   * Keeps a file; a full disk is no reason to fail.
   * @param {import("./types.js").Asset} asset
   * @param {Uint8Array | ReadableStream<Uint8Array>} content
   */
  async keep(asset, content) {
    const headers = { "content-type": "application/octet-stream", "content-length": String(asset.bytes) };
    const cache = await openCache();
    await cache?.put(this.#url(asset), new Response(content, { headers })).catch(() => undefined);
  }

  /** @param {import("./types.js").Asset} asset */
  async get(asset, onBytes) {
    const cached = await this.cached(asset);
    if (cached !== undefined) return cached;
    const bytes = await this.fetched(asset, onBytes);
    await this.keep(asset, bytes);
    return bytes;
  }

  /**
   * Throws away what is not of this build.
   * @param {import("./types.js").Asset[]} current
   */
  async prune(current) {
    const cache = await openCache();
    if (cache === undefined) return;
    const kept = new Set(current.map((asset) => this.#url(asset).href));
    for (const request of await cache.keys().catch(() => [])) {
      const ours = request.url.startsWith(this.folder.href);
      if (ours && !kept.has(request.url)) await cache.delete(request).catch(() => false);
    }
  }
}
