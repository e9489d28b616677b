// Plants bugs in the contracts and says which of them no test notices.
//
//   npm run mutate -- EmailRecovery.sol KeyRegistryRoots.sol   bugs in these contracts
//   npm run mutate -- --only 3,17 EmailRecovery.sol            only these of them
//   npm run mutate -- --match 'glob of tests' EmailRecovery.sol
//   npm run mutate -- --list EmailRecovery.sol                 says where they would be, and ends
//
// Each bug leaves out one refusal (`if (…) revert`, `require`) or one statement, or has another operator in a condition or an
// answer: the other side of a boundary, the contrary, `||` for `&&`. All are compiled at once, in a copy of this folder: the block's
// coinbase says which is there, so a bug costs one run of the tests and no compilation. Gas and code sizes are not
// compared. A bug meets the unit tests first, with few fuzzed inputs; what they miss meets all tests.
//
// Exit codes: 0 every bug was noticed, 1 some were not, 2 usage or environment.

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Failure, main, UsageError } from "./lib/command.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const forge = join(root, "script/forge.mjs");
/// What stands in the place of an operator.
const operators = {
  "<=": "<",
  ">=": ">",
  "<": "<=",
  ">": ">=",
  "&&": "||",
  "||": "&&",
};
const statement = /^\s*(?:delete |emit |\+\+|_[a-z]\w*\(|this\.|(?:[\w.]+(?:\[[^\]]*\])*) (?:=|\+=|\|=) )[^;{]*;$/;

await main(() => {
  const { values, positionals } = options();
  if (positionals.length === 0) throw new UsageError("usage: npm run mutate -- [--list] [--only N,…] FILE…");
  const folder = mkdtempSync(join(tmpdir(), "zkdkim-mutate-"));
  try {
    run(folder, values, positionals);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

function options() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { only: { type: "string" }, match: { type: "string" }, list: { type: "boolean" } },
    });
  } catch (error) {
    throw new UsageError(error.message);
  }
}

function run(folder, { only, match, list }, files) {
  const copy = join(folder, "verifier-sol");
  for (const name of ["contracts", "test", "script", "checked-in", "foundry.toml", "package.json"]) {
    cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  for (const name of ["test-vectors", "docs"]) symlinkSync(join(root, "..", name), join(folder, name));

  const bugs = [];
  for (const file of files) plant(join(copy, "contracts"), file, bugs);
  for (const path of sources(copy)) {
    // What asks for the block is not pure, nor is who calls it.
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace(/^(\s+|.*\) (?:internal|private|external|public) )pure\b/gm, "$1view"));
  }
  if (list) return bugs.forEach((bug) => console.log(describe(bug)));

  const test = (id, more, fewer = {}) => {
    const env = {
      ...process.env,
      ...fewer,
      FOUNDRY_BLOCK_COINBASE: `0x${id.toString(16).padStart(40, "0")}`,
      FOUNDRY_DENY: "never",
      FOUNDRY_GAS_SNAPSHOT_CHECK: "false",
    };
    const args = ["test", "--fail-fast", "--match-path", match ?? "test/**/*.t.sol", ...more];
    return spawnSync(process.execPath, [forge, ...args], { cwd: copy, env, encoding: "utf8" });
  };
  mkdirSync(join(copy, "cache"), { recursive: true });
  const sound = test(0, []);
  if (sound.status !== 0) throw new Failure(`the tests fail without a bug:\n${tail(sound)}`);

  const chosen = only ? only.split(",").map(Number) : bugs.map((bug) => bug.id);
  const missed = [];
  for (const bug of bugs.filter(({ id }) => chosen.includes(id))) {
    const quick = test(bug.id, ["--no-match-path", "test/invariant/*"], { FOUNDRY_FUZZ_RUNS: "16" });
    const outcome = quick.status !== 0 ? quick : test(bug.id, []);
    const noticed = outcome.status !== 0;
    const by = /\[FAIL[^\]]*\] (\w+)/.exec(outcome.stdout)?.[1] ?? "";
    console.log(`${noticed ? "noticed" : "MISSED "}  ${describe(bug)}  ${by}`);
    if (!noticed) missed.push(bug);
  }
  console.log(`${chosen.length - missed.length} of ${chosen.length} bugs were noticed`);
  if (missed.length > 0) throw new Failure(`no test notices\n  ${missed.map(describe).join("\n  ")}`);
}

/// All contracts and tests but the interfaces, whose functions and operators stay as they are, and what documents quote.
function sources(copy) {
  return ["contracts", "test"].flatMap((folder) =>
    readdirSync(join(copy, folder), { recursive: true })
      .filter((name) => name.endsWith(".sol") && !/^interfaces|InstallExamples.sol$/.test(name))
      .map((name) => join(copy, folder, name)),
  );
}

function describe({ id, file, line, text }) {
  return `${String(id).padStart(3)} ${file}:${line}  ${text}`;
}

function tail({ stdout, stderr }) {
  return (stdout + stderr).split("\n").slice(-40).join("\n");
}

/// Puts every bug of a file behind the question whether it is its turn.
function plant(contracts, file, bugs) {
  const path = join(contracts, file);
  let text = readFileSync(path, "utf8");
  const turn = (at, what) => {
    const line = text.slice(0, at).split("\n").length;
    bugs.push({ id: bugs.length + 1, file: basename(file), line, text: what.replace(/\s+/g, " ").slice(0, 90) });
    return `(block.coinbase == address(${bugs.length}))`;
  };
  const edits = [];
  /// The expression, with each of its operators changed in turn.
  const altered = (at, expression, what) =>
    alterations(expression).reduceRight(
      (rest, other) => `(${turn(at, `${what} ${other}`)} ? (${other}) : ${rest})`,
      `(${expression})`,
    );
  for (const found of text.matchAll(/\bif \(/g)) {
    const open = found.index + found[0].length;
    const close = closing(text, open);
    const condition = text.slice(open, close);
    const refuses = /^\)\s*\{?\s*revert /.test(text.slice(close));
    edits.push([
      open,
      close,
      (at) => {
        const left = refuses ? ` && !${turn(at, `if (${condition}) revert`)}` : "";
        return altered(at, condition, "if") + left;
      },
    ]);
  }
  for (const found of text.matchAll(/\brequire\(/g)) {
    const open = found.index + found[0].length;
    const comma = firstComma(text, open);
    const condition = text.slice(open, comma);
    edits.push([
      open,
      comma,
      (at) => `${altered(at, condition, "require")} || ${turn(at, `require(${condition})`)}`,
    ]);
  }
  for (const found of text.matchAll(/\breturn ([^;({\[][^;{]*);/g)) {
    const open = found.index + "return ".length;
    const answer = found[1];
    if (alterations(answer).length === 0) continue;
    edits.push([open, open + answer.length, (at) => altered(at, answer, "return")]);
  }
  let offset = 0;
  for (const line of text.split("\n")) {
    // Neither an immutable nor a reference to storage can be set under a condition.
    if (statement.test(line) && !/^\s*(?:[A-Z][A-Z_]* =|guardian = state)/.test(line)) {
      const from = offset + line.length - line.trimStart().length;
      edits.push([from, offset + line.length, (at) => `if (!${turn(at, line.trim())}) { ${line.trim()} }`]);
    }
    offset += line.length + 1;
  }
  edits.sort(([a], [b]) => a - b);
  let mutated = "";
  let done = 0;
  for (const [from, to, make] of edits) {
    mutated += text.slice(done, from) + make(from);
    done = to;
  }
  mutated += text.slice(done);
  writeFileSync(path, mutated);
}

/// The expression with one operator changed, for each operator; or with one comparison for equality denied.
function alterations(expression) {
  const changed = [...expression.matchAll(/ (<=|>=|<|>|&&|\|\|)(?=\s)/g)].map(({ 0: whole, 1: operator, index }) => {
    const before = expression.slice(0, index + whole.length - operator.length);
    return before + operators[operator] + expression.slice(index + whole.length);
  });
  let at = 0;
  for (const clause of expression.split(/(\s(?:&&|\|\|)\s)/)) {
    if (/ [=!]= /.test(clause) && isBalanced(clause)) {
      changed.push(`${expression.slice(0, at)}!(${clause})${expression.slice(at + clause.length)}`);
    }
    at += clause.length;
  }
  return changed;
}

function isBalanced(text) {
  let depth = 0;
  for (const character of text) {
    if (character === "(") ++depth;
    if (character === ")" && --depth < 0) return false;
  }
  return depth === 0 && !/[?:]/.test(text);
}

function closing(text, at) {
  for (let depth = 1; ; ++at) {
    if (text[at] === "(") ++depth;
    if (text[at] === ")" && --depth === 0) return at;
  }
}

function firstComma(text, at) {
  for (let depth = 0; ; ++at) {
    if ("([{".includes(text[at])) ++depth;
    if (")]}".includes(text[at])) --depth;
    if (text[at] === "," && depth === 0) return at;
  }
}
