// The package as a caller's compiler sees it; never run.

import { ZkdkimError, open, type Inspection, type Progress } from "../../src/index.js";

const zkdkim = await open({ layout: "on-chain", threads: 2 });
const mail = new Uint8Array();
const salt: string = await zkdkim.salt();

const report: Inspection = await zkdkim.inspect(mail, { registry: "{}" });
if (report.verdict === "provable") report.address satisfies string;
else report.clause satisfies string | undefined;

const abort = new AbortController();
const onProgress = ({ step, fraction }: Progress) => console.log(step, fraction);
const command = { account: "0x", chain: 1n, nonce: 3 };
const { file, calldata } = await zkdkim.prove(mail, salt, "{}", { command, onProgress, signal: abort.signal });
calldata satisfies string;

const committee = { record: new Uint8Array(), digest: "0x" };
const { escrow } = await zkdkim.escrow("ann@example.org", salt, committee);
escrow satisfies string;
const sign = async (text: string) => `0x${text.length}`;
const { salts } = await zkdkim.recoverSalt(mail, "{}", { committee, escrows: new Uint8Array(), sign, command, signal: abort.signal });
salts.map((one) => one.commitment) satisfies string[];

const { subject, key } = await zkdkim.findSubject({ committee, chain: 1, block: 20n, hash: "0x" });
subject satisfies string;
const found = await zkdkim.findAccounts(mail, "{}", { committee, key, escrows: [{ account: "0x", block: 1n, escrow }], onTried: console.log });
found.accounts.map(({ account, salt }) => [account, salt]) satisfies string[][];

try {
  await zkdkim.verify(file, { allowInsecureDev: true, notBefore: 1 });
} catch (error) {
  if (error instanceof ZkdkimError) error.hint satisfies string | undefined;
}

// @ts-expect-error keys have to be given
await zkdkim.inspect(mail);
// @ts-expect-error an account without its number
await zkdkim.subject({ command: { account: "0x", chain: 1 } });
// @ts-expect-error without anybody who signs
await zkdkim.recoverSalt(mail, "{}", { committee, escrows: new Uint8Array() });
