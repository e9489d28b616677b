// `scripts/e2e`: from mails to recovered accounts, with real proofs, a real chain and relayers as processes.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Failure, main, readJson, UsageError } from "../../../verifier-sol/script/lib/command.mjs";
import { program } from "./program.mjs";
import { faults } from "./faults.mjs";
import { MailStack } from "./mail-stack.mjs";
import { mailboxAlone, oneMail, privately } from "./journeys.mjs";
import { SaltNodes } from "./nodes.mjs";
import { ByMailServer, Lmtp } from "./post.mjs";
import { startPostgres } from "./postgres.mjs";
import { Service } from "./service.mjs";
import { World } from "./world.mjs";

const usage = `\
usage: scripts/e2e mail [--database sqlite|postgres] [--mail-stack postfix|lmtp] [--json]
       scripts/e2e trial FOLDER
       scripts/e2e faults [--kills N] [--seed S] [--mails M] [--database sqlite|postgres] [--json]

mail     all journeys, on every database and through every mail stack that the machine has, or those that are named; what
         it has not is said to be "not run"
trial    the first journey in the world of a running \`zkdkim-relayer serve --dev\`, which names FOLDER
faults   M mails (100) to two relayers on one database, of which one after the other is killed N times (200)

Needs \`npm ci && npm run build\` in verifier-sol; cargo builds the programs unless ZKDKIM_BIN_DIR names them.

Exit codes: 0 everything went as it must, 1 something did not, 2 usage or environment.`;

const journeys = { "one-mail": oneMail, "mailbox-alone": mailboxAlone, private: privately };

// Every process of a run ends with this one.
process.setMaxListeners(0);

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
  for (const database of options.database ? [options.database] : ["sqlite", "postgres"]) {
    await withDatabase(database, tell, async (url) => {
      for (const kind of options.stack ? [options.stack] : ["lmtp", "postfix"]) {
        for (const journey of Object.keys(journeys)) await travel(journey, kind, { database, url }, tell, print);
      }
    });
  }
});

/// One journey in a world of its own.
async function travel(journey, kind, { database, url }, tell, print) {
  if (kind === "postfix" && !MailStack.isThere()) {
    return console.error(`not run: ${journey} through Postfix; scripts/mail-stack installs what is missing, as root`);
  }
  console.error(`${journey}, ${kind}, ${database}`);
  const started = performance.now();
  const stack = kind === "postfix" ? await MailStack.start() : undefined;
  const run = journeys[journey];
  const wanted = { relayers: 1, nodes: run === mailboxAlone, stack };
  try {
    const recovered = await inWorld(url, wanted, (world, [service], nodes) =>
      run(world, service, stack ? new ByMailServer(stack) : new Lmtp(world, service), tell, nodes),
    );
    const seconds = Number(((performance.now() - started) / 1000).toFixed(1));
    print({ journey, mail_stack: kind, database, recovered, seconds });
  } finally {
    stack?.stop();
  }
}

/// The account of a stranger is recovered by a relayer that another terminal runs.
async function trial(folder, tell, print) {
  const started = performance.now();
  const world = World.attach(folder);
  const service = Service.at(readJson(join(folder, "world.json")).ports);
  const recovered = await oneMail(world, service, new Lmtp(world, service), tell);
  const seconds = Number(((performance.now() - started) / 1000).toFixed(1));
  print({ journey: "one-mail", mail_stack: "lmtp", database: "sqlite", recovered, seconds });
  world.stop();
}

/// Runs something in a world of its own with so many relayers, and sees that no log has an address.
async function inWorld(database, { relayers, nodes: withNodes, stack }, run) {
  const folder = mkdtempSync(join(tmpdir(), "zkdkim-e2e-"));
  const world = await World.start(folder, stack?.registry);
  let nodes;
  try {
    const place = { url: world.chain.url, recovery: world.recovery.address, resolver: stack?.resolver };
    nodes = withNodes ? await SaltNodes.start(folder, place) : undefined;
    const config = world.configuration({ database, nodes, ports: { lmtp: stack?.ports.lmtp ?? 0 }, answers: stack?.ports.smtp });
    const services = [];
    for (let i = 0; i < relayers; i++) {
      services.push(new Service(program("relayer"), config));
      await services[i].start();
    }
    const result = await run(world, services, nodes);
    for (const service of services) await service.stop();
    for (const line of services.flatMap(({ log }) => log)) {
      if (/@|guardian-|(example\.(com|net|org)|(postbox|mailbox)\.example)/.test(line)) throw new Failure(`a log shows an address: ${line}`);
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
        "mail-stack": { type: "string" },
      },
    }));
  } catch (error) {
    throw new UsageError(`${error.message}\n${usage}`);
  }
  const [command, ...rest] = positionals;
  if (!["mail", "trial", "faults"].includes(command)) throw new UsageError(usage);
  if (rest.length !== (command === "trial" ? 1 : 0)) throw new UsageError(usage);
  if (![undefined, "sqlite", "postgres"].includes(values.database)) throw new UsageError(usage);
  const stack = values["mail-stack"];
  if (![undefined, "postfix", "lmtp"].includes(stack)) throw new UsageError(usage);
  const number = (name) => {
    if (!/^\d{1,6}$/.test(values[name])) throw new UsageError(`--${name} is no number\n${usage}`);
    return Number(values[name]);
  };
  const [kills, seed, mails] = ["kills", "seed", "mails"].map(number);
  const [folder] = rest;
  return { command, options: { folder, json: values.json, database: values.database, stack, kills, seed, mails } };
}

function lines(result) {
  return Object.entries(result).map(([name, value]) => `${name.padEnd(12)} ${value}`).join("\n") + "\n";
}
