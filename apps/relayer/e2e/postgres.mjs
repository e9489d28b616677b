// A Postgres server for one run, where the machine has one, on a socket in a folder of its own.

import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const versions = "/usr/lib/postgresql";
/// How many were started: one that ends still removes its folder when the next begins.
let started = 0;

/// The URL of a server, how to let it crash and start again, and how to end it; none where there is no Postgres.
export async function startPostgres() {
  const found = existsSync(versions) ? readdirSync(versions).sort() : [];
  const bin = found.map((version) => join(versions, version, "bin")).filter((bin) => existsSync(join(bin, "initdb"))).at(-1);
  if (!bin) return undefined;
  const folder = join(tmpdir(), `zkdkim-e2e-postgres-${process.pid}-${++started}`);
  // It ends when this process does, however that is.
  const script =
    `set -e; mkdir -m 700 ${folder}; trap 'kill $server; wait $server; rm -rf ${folder}' EXIT; ` +
    `${bin}/initdb -D ${folder}/data -U relayer --auth=trust >/dev/null; ` +
    `start() { ${bin}/postgres -D ${folder}/data -k ${folder} -c listen_addresses= 2>>${folder}/log & server=$!; }; start; ` +
    // As after a loss of power: nobody is waited for, and what was committed is read from the log.
    "while read word; do kill -QUIT $server; wait $server || true; sleep 3; start; done";
  // Postgres refuses to run as root.
  const [program, args] = process.getuid() === 0 ? ["runuser", ["-u", "postgres", "--", "sh"]] : ["sh", []];
  const shell = spawn(program, [...args, "-c", script], { stdio: ["pipe", "ignore", "ignore"] });
  const socket = join(folder, ".s.PGSQL.5432");
  for (let tries = 0; tries < 300 && !existsSync(socket); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const url = `postgres://relayer@${encodeURIComponent(folder)}/postgres?sslmode=disable`;
  return existsSync(socket) ? { url, restart: () => shell.stdin.write("restart\n"), stop: () => shell.stdin.end() } : undefined;
}
