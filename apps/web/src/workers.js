/** Workers of browsers and of Node, behind one face. */

const isNode = typeof process === "object" && typeof process.versions?.node === "string";

/** How many threads a proof gets: more do not help, and phones end pages that ask for many. */
const MOST_THREADS = 8;

/** Whether memory can be shared between workers. */
export function canShare() {
  return isNode || globalThis.crossOriginIsolated === true;
}

export function defaultThreads() {
  if (!canShare()) return 1;
  return Math.max(1, Math.min(globalThis.navigator?.hardwareConcurrency ?? 2, MOST_THREADS));
}

/**
 * Starts a worker; resolves once it listens.
 * @param {(message: any) => void} onMessage
 * @param {(error: unknown) => void} onError
 * @returns {Promise<{post(message: unknown, transfer?: Transferable[]): void, end(): void, hold(yes: boolean): void}>}
 */
export async function startWorker(onMessage, onError) {
  const url = new URL("./worker.js", import.meta.url);
  const worker = isNode
    ? new (await import("node:worker_threads")).Worker(url)
    : new Worker(url, { type: "module", name: "zkdkim" });
  return new Promise((resolve) => {
    const face = {
      post: (message, transfer = []) => worker.postMessage(message, transfer),
      end: () => void worker.terminate(),
      // Node ends when nothing is to be waited for.
      hold: (/** @type {boolean} */ yes) => (yes ? worker.ref?.() : worker.unref?.()),
    };
    const listener = (message) => (message.type === "here" ? resolve(face) : onMessage(message));
    const failed = (event) => onError(event?.message ?? event);
    if (isNode) {
      worker.on("message", listener).on("error", failed);
    } else {
      worker.onmessage = (event) => listener(event.data);
      worker.onerror = failed;
      worker.onmessageerror = failed;
    }
  });
}
