// Free ports, and the talk that SMTP and LMTP share.

import { createConnection, createServer } from "node:net";
import { createInterface } from "node:readline";

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/// Says one thing after the other, each when the one before was agreed to; resolves when the last one but QUIT was.
export function deliver(port, steps) {
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, "127.0.0.1");
    let said = 0;
    socket.setTimeout(30_000, () => socket.destroy(new Error("no answer")));
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("the connection was closed")));
    const lines = createInterface(socket);
    // The socket's errors come here too.
    lines.on("error", () => {});
    lines.on("line", (line) => {
      if (line[3] === "-") return;
      if (!/^[23]/.test(line)) return socket.destroy(new Error(line));
      if (said === steps.length - 1) resolve(line);
      if (said < steps.length) socket.write(`${steps[said++]}\r\n`);
    });
  });
}
