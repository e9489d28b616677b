// A world with relayers in it, for one run; and what is looked at when it ends: logs, figures, files.

import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "../../../verifier-sol/script/lib/command.mjs";
import { SaltNodes } from "./nodes.mjs";
import { startPostgres } from "./postgres.mjs";
import { program } from "./program.mjs";
import { Service } from "./service.mjs";
import { World } from "./world.mjs";

const shown = /@|guardian-|(^|[^\w.])(postbox|mailbox)\.example|example\.(com|net|org)/;

/// Runs something in a world of its own with so many relayers. No log and no metric may have an address, and nobody else may
/// read the database. `prepare` gets the folder before a relayer starts, and returns what has to be done at the end; `settings`
/// go to the configuration.
export async function inWorld(database, { relayers, nodes: withNodes, stack, prepare, settings }, run) {
  const folder = mkdtempSync(join(tmpdir(), "zkdkim-e2e-"));
  const world = await World.start(folder, stack?.registry);
  let nodes;
  let cleanUp;
  const services = [];
  try {
    cleanUp = prepare?.(folder);
    const place = { url: world.chain.url, recovery: world.recovery.address, resolver: stack?.resolver };
    nodes = withNodes ? await SaltNodes.start(folder, place) : undefined;
    const doors = { ports: { lmtp: stack?.ports.lmtp ?? 0 }, answers: stack?.ports.smtp };
    const config = world.configuration({ database, nodes, ...doors, ...(await settings?.(world)) });
    for (let i = 0; i < relayers; i++) {
      services.push(new Service(program("relayer"), config));
      await services[i].start();
    }
    const result = await run(world, services, nodes);
    for (const service of services) await keepsSecrets(service);
    othersReadNothing(folder);
    return result;
  } finally {
    await Promise.all(services.map((service) => service.kill().catch(() => {})));
    nodes?.stop();
    world.stop();
    cleanUp?.();
    rmSync(folder, { recursive: true, force: true });
  }
}

/// Stops a relayer and looks at what it wrote and showed.
async function keepsSecrets(service) {
  const figures = await service.metrics();
  await service.stop();
  for (const line of [...service.log, ...figures.split("\n")]) {
    if (shown.test(line)) throw new Failure(`an address is shown: ${line}`);
  }
}

/// What a relayer keeps is its own.
function othersReadNothing(folder) {
  for (const name of readdirSync(folder).filter((name) => name.startsWith("jobs.db"))) {
    const { mode } = statSync(join(folder, name));
    if (mode & 0o077) throw new Failure(`others may read ${name}: ${(mode & 0o777).toString(8)}`);
  }
}

/// Gives `run` the URL of a database of this kind, and the server that it is on, if there is one.
export async function withDatabase(name, tell, run) {
  if (name === "sqlite") return run("sqlite:jobs.db");
  const server = await startPostgres();
  if (!server) return console.error("not run: Postgres is not installed");
  tell("a Postgres server was started");
  try {
    return await run(server.url, server);
  } finally {
    server.stop();
  }
}
