// A chain for one run: anvil on loopback, at a port that the system chooses. It never outlives this
// process.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createTestClient, http, publicActions, walletActions } from "viem";
import { UsageError } from "./command.mjs";

const program = fileURLToPath(new URL("../../node_modules/.bin/anvil", import.meta.url));
const deadlineMs = 30_000;

/// Starts a chain with the rules of Ethereum's mainnet. Returns its URL, a viem client with all
/// actions, and `stop`.
export async function startChain(chainId) {
  const args = ["--port", "0", "--chain-id", String(chainId), "--hardfork", "osaka"];
  // npm's anvil is a wrapper that starts the real one, so a group of processes has to end.
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"], detached: true });
  let running = true;
  const stop = () => {
    if (running && child.pid) process.kill(-child.pid, "SIGKILL");
    running = false;
    child.stdout.destroy();
  };
  child.once("exit", () => (running = false));
  process.once("exit", stop);
  const url = await address(child).catch((error) => {
    stop();
    throw error;
  });
  const client = createTestClient({ mode: "anvil", transport: http(url), pollingInterval: 20 })
    .extend(publicActions)
    .extend(walletActions);
  return { url, chainId, client, stop };
}

function address(child) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new UsageError("anvil does not answer")), deadlineMs);
    const settle = (with_, value) => {
      clearTimeout(timer);
      with_(value);
    };
    child.once("error", (error) => settle(reject, new UsageError(`cannot run anvil: ${error.message}`)));
    child.once("exit", (code) => settle(reject, new UsageError(`anvil ended with exit code ${code}`)));
    // Reading on keeps the pipe empty.
    createInterface(child.stdout).on("line", (line) => {
      const found = /^Listening on (127\.0\.0\.1:\d+)$/.exec(line);
      if (found) settle(resolve, `http://${found[1]}`);
    });
  });
}
