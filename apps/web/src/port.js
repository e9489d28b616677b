/** A worker's way to its page, in browsers and in Node. */

const inBrowser = typeof self !== "undefined" && typeof self.postMessage === "function";
const parent = inBrowser ? self : (await import("node:worker_threads")).parentPort;

export const port = {
  post(message) {
    parent.postMessage(message);
  },
  listen(handler) {
    if (inBrowser) self.onmessage = (event) => void handler(event.data);
    else parent.on("message", (message) => void handler(message));
  },
};
