// `scripts/e2e`: from mails to recovered accounts, with real proofs, a real chain and relayers as processes.

import { join } from "node:path";
import { parseArgs } from "node:util";
import { Failure, main, readJson, UsageError } from "../../../verifier-sol/script/lib/command.mjs";
import { program } from "./program.mjs";
import { figures, parts } from "./figures.mjs";
import { faults } from "./faults.mjs";
import { MailStack } from "./mail-stack.mjs";
import { mailboxAlone, oneMail, privately } from "./journeys.mjs";
import { SaltNodes } from "./nodes.mjs";
import { ByMailServer, Lmtp } from "./post.mjs";
import { Service } from "./service.mjs";
import { inWorld, withDatabase } from "./stage.mjs";
import { troubles } from "./trouble.mjs";
import { World } from "./world.mjs";

const usage = `\
usage: scripts/e2e mail [--database sqlite|postgres] [--mail-stack postfix|lmtp] [--json]
       scripts/e2e trouble [--only NAME] [--json]
       scripts/e2e figures [--only mails|relayers|salts] [--json]
       scripts/e2e trial FOLDER [--journey one-mail|mailbox-alone]
       scripts/e2e faults [--kills N] [--seed S] [--mails M] [--database sqlite|postgres] [--json]

mail     all journeys, on every database and through every mail stack that the machine has, or those that are named; what
         it has not is said to be "not run"
trial    a journey, the first or the one that is named, in the world of a running \`zkdkim-relayer serve --dev\`, which names
         FOLDER
faults   M mails (100) to two relayers on one database, of which one after the other is killed N times (200)
trouble  what goes wrong around a relayer, one after the other: ${Object.keys(troubles).join(", ")}
figures  what mails, salts and scans cost on this machine

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
  if (command === "trial") return trial(options.folder, options.journey, tell, print);
  for (const name of ["relayer", "salt-node"]) program(name);
  if (command === "figures") return figures(options.only, tell, print);
  if (command === "trouble") return trouble(options.only, tell, print);
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

/// One kind of trouble after the other.
async function trouble(only, tell, print) {
  for (const [name, { database = "sqlite", cannot, run, ...wanted }] of Object.entries(troubles)) {
    if (only && only !== name) continue;
    if (cannot?.()) {
      console.error(`not run: ${name}: ${cannot()}`);
      continue;
    }
    console.error(name);
    const started = performance.now();
    await withDatabase(database, tell, async (url, server) => {
      const outcome = await inWorld(wanted.url ?? url, { relayers: 1, ...wanted }, (world, [service]) => run(world, service, tell, server));
      const seconds = Number(((performance.now() - started) / 1000).toFixed(1));
      print({ trouble: name, database, ...outcome, seconds });
    });
  }
}

/// The account of a stranger is recovered by a relayer that another terminal runs.
async function trial(folder, journey, tell, print) {
  const started = performance.now();
  const world = World.attach(folder);
  const service = Service.at(readJson(join(folder, "world.json")).ports);
  const recovered = await journeys[journey](world, service, new Lmtp(world, service), tell, SaltNodes.attach(folder));
  const seconds = Number(((performance.now() - started) / 1000).toFixed(1));
  print({ journey, mail_stack: "lmtp", database: "sqlite", recovered, seconds });
  world.stop();
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
        only: { type: "string" },
        journey: { type: "string", default: "one-mail" },
        "mail-stack": { type: "string" },
      },
    }));
  } catch (error) {
    throw new UsageError(`${error.message}\n${usage}`);
  }
  const [command, ...rest] = positionals;
  if (!["mail", "trial", "faults", "trouble", "figures"].includes(command)) throw new UsageError(usage);
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
  const { only, journey } = values;
  if (!["one-mail", "mailbox-alone"].includes(journey)) throw new UsageError(usage);
  if (only && !{ trouble: troubles, figures: parts }[command]?.[only]) throw new UsageError(usage);
  return { command, options: { folder, journey, json: values.json, database: values.database, stack, only, kills, seed, mails } };
}

function lines(result) {
  return Object.entries(result).map(([name, value]) => `${name.padEnd(12)} ${value}`).join("\n") + "\n";
}
