// `scripts/e2e`: from mails to recovered accounts, with real proofs, a real chain and relayers as processes.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Failure, main, readJson, UsageError } from "../../../verifier-sol/script/lib/command.mjs";
import { program } from "./program.mjs";
import { faults } from "./faults.mjs";
import { mailboxAlone, oneMail, privately } from "./journeys.mjs";
import { SaltNodes } from "./nodes.mjs";
import { startPostgres } from "./postgres.mjs";
import { Service } from "./service.mjs";
import { World } from "./world.mjs";

const usage = `\
usage: scripts/e2e mail [--json] [--database sqlite|postgres]
       scripts/e2e trial FOLDER
       scripts/e2e faults [--kills N] [--seed S] [--mails M] [--database sqlite|postgres] [--json]

mail     all journeys, on every database that the machine has, or on the one that is named
trial    the first journey in the world of a running \`zkdkim-relayer serve --dev\`, which names FOLDER
faults   M mails (100) to two relayers on one database, of which one after the other is killed N times (200)

Needs \`npm ci && npm run build\` in verifier-sol; cargo builds the programs unless ZKDKIM_BIN_DIR names them.

Exit codes: 0 everything went as it must, 1 something did not, 2 usage or environment.`;

const journeys = { "one-mail": oneMail, "mailbox-alone": mailboxAlone, private: privately };

await main(async () => {
  const { command, options } = read(process.argv.slice(2));
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
  const tell = (text) => console.error(`  ${text}`);
  const print = (result) => console.log(options.json ? JSON.stringify(result) : lines(result));
  for (const name of ["zkdkim", "signer"]) program(name);
  if (command === "trial") return trial(options.folder, tell, print);
  for (const name of ["relayer", "salt-node"]) program(name);
  if (command === "faults") {
    await withDatabase(options.database ?? "sqlite", tell, async (database) => {
      const result = await inWorld(database, { relayers: 2 }, (world, services) => faults(world, services, options, tell));
      print(result);
      if (result.lost || result.doubled || result.effects + result.refusals !== result.mails) {
        throw new Failure("some mails have not exactly one outcome");
      }
    });
    return;
  }
  for (const name of options.database ? [options.database] : ["sqlite", "postgres"]) {
    await withDatabase(name, tell, async (database) => {
      for (const [journey, run] of Object.entries(journeys)) {
        console.error(`${journey}, ${name}`);
        const started = performance.now();
        const nodes = run === mailboxAlone;
        const recovered = await inWorld(database, { relayers: 1, nodes }, (world, [service], nodes) =>
          run(world, service, tell, nodes),
        );
        const seconds = Number(((performance.now() - started) / 1000).toFixed(1));
        print({ journey, mail_stack: "lmtp", database: name, recovered, seconds });
      }
    });
  }
});

/// The account of a stranger is recovered by a relayer that another terminal runs.
async function trial(folder, tell, print) {
  const started = performance.now();
  const world = World.attach(folder);
  const recovered = await oneMail(world, Service.at(readJson(join(folder, "world.json")).ports), tell);
  const seconds = Number(((performance.now() - started) / 1000).toFixed(1));
  print({ journey: "one-mail", mail_stack: "lmtp", database: "sqlite", recovered, seconds });
  world.stop();
}

/// Runs something in a world of its own with so many relayers, and sees that no log has an address.
async function inWorld(database, { relayers, nodes: withNodes }, run) {
  const folder = mkdtempSync(join(tmpdir(), "zkdkim-e2e-"));
  const world = await World.start(folder);
  let nodes;
  try {
    const place = { url: world.chain.url, recovery: world.recovery.address };
    nodes = withNodes ? await SaltNodes.start(folder, place) : undefined;
    const config = world.configuration({ database, nodes });
    const services = [];
    for (let i = 0; i < relayers; i++) {
      services.push(new Service(program("relayer"), config));
      await services[i].start();
    }
    const result = await run(world, services, nodes);
    for (const service of services) await service.stop();
    for (const line of services.flatMap(({ log }) => log)) {
      if (/@|guardian-|example\.(com|net|org)/.test(line)) throw new Failure(`a log shows an address: ${line}`);
    }
    return result;
  } finally {
    nodes?.stop();
    world.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function withDatabase(name, tell, run) {
  if (name === "sqlite") return run("sqlite:jobs.db");
  const server = await startPostgres();
  if (!server) return console.error("not run: Postgres is not installed");
  tell("a Postgres server was started");
  try {
    return await run(server.url);
  } finally {
    server.stop();
  }
}

function read(args) {
  let values;
  let positionals;
  try {
    ({ values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        json: { type: "boolean", default: false },
        kills: { type: "string", default: "200" },
        seed: { type: "string", default: "1" },
        mails: { type: "string", default: "100" },
        database: { type: "string" },
      },
    }));
  } catch (error) {
    throw new UsageError(`${error.message}\n${usage}`);
  }
  const [command, ...rest] = positionals;
  if (!["mail", "trial", "faults"].includes(command)) throw new UsageError(usage);
  if (rest.length !== (command === "trial" ? 1 : 0)) throw new UsageError(usage);
  if (![undefined, "sqlite", "postgres"].includes(values.database)) throw new UsageError(usage);
  const number = (name) => {
    if (!/^\d{1,6}$/.test(values[name])) throw new UsageError(`--${name} is no number\n${usage}`);
    return Number(values[name]);
  };
  const [kills, seed, mails] = ["kills", "seed", "mails"].map(number);
  const [folder] = rest;
  return { command, options: { folder, json: values.json, database: values.database, kills, seed, mails } };
}

function lines(result) {
  return Object.entries(result).map(([name, value]) => `${name.padEnd(12)} ${value}`).join("\n") + "\n";
}
