// The storage layout of every contract that keeps state, against the one that is checked in: where
// something lies is part of what is deployed, and a proxy or a tool that reads slots depends on it.
//
//   npm run storage-layout              compare; needs `npm run build`
//   npm run storage-layout -- --write   write the layout anew
//
// Exit codes: 0 as checked in, 1 changed, 2 usage or environment.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Failure, main, readJson, UsageError } from "./lib/command.mjs";

const contracts = [
  "EmailRecovery",
  "EmailRecoveryChanges",
  "KeyRegistryRoots",
  "RecoveryProofVerifier",
  "ERC7947EmailRecovery",
  "RecoverableAccount",
  "RecoverableAccountFactory",
  "ERC7579EmailRecovery",
  "OwnerValidator",
  "SafeEmailRecovery",
  "SignerValidator",
];
const path = fileURLToPath(new URL("../snapshots/storage-layout.json", import.meta.url));

/// The compiler's numbers of declarations change with any edit anywhere; names do not.
const withoutNumbers = (type) => type.replace(/\)\d+/g, ")");

function layout(name) {
  const { storageLayout } = readArtifact(name);
  const entry = ({ label, slot, offset, type }) => ({ label, slot, offset, type: withoutNumbers(type) });
  const structs = Object.entries(storageLayout.types ?? {})
    .filter(([, type]) => type.members)
    .map(([id, type]) => [withoutNumbers(id), type.members.map(entry)]);
  return { storage: storageLayout.storage.map(entry), structs: Object.fromEntries(structs) };
}

function readArtifact(name) {
  const file = fileURLToPath(new URL(`../out/${name}.sol/${name}.json`, import.meta.url));
  if (!existsSync(file)) throw new UsageError(`${file} is missing; \`npm run build\` makes it`);
  return readJson(file);
}

await main(() => {
  const args = process.argv.slice(2);
  if (args.some((arg) => arg !== "--write")) {
    throw new UsageError("usage: npm run storage-layout [-- --write]");
  }
  const layouts = Object.fromEntries(contracts.map((name) => [name, layout(name)]));
  const text = `${JSON.stringify(layouts, null, 2)}\n`;
  if (args.includes("--write")) {
    writeFileSync(path, text);
    return;
  }
  const known = readJson(path);
  const changed = contracts.filter((name) => JSON.stringify(known[name]) !== JSON.stringify(layouts[name]));
  if (changed.length !== 0 || readFileSync(path, "utf8") !== text) {
    throw new Failure(`the storage layout of ${changed.join(", ") || "a contract that is gone"} is not the one in ${path}`);
  }
});
