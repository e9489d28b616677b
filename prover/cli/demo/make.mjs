// Generates the demo's message and its DNS record: node make.mjs
//
// Provenance: everything here is invented for this project. The RSA key is made for the purpose and
// forgotten afterwards, so the message cannot be changed, only replaced by another one.

import { createHash, createSign, generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";

const domain = "mail.example.org";
const selector = "demo2025";
const account = "0x" + "5afe".repeat(10);
const newKey = "0x" + "c0ffee11".repeat(5);

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const record = `v=DKIM1; k=rsa; p=${publicKey.export({ type: "spki", format: "der" }).toString("base64")}`;

const fields = [
  ["From", `Ada Example <ada@${domain}>`],
  ["To", `recovery@relayer.example`],
  ["Subject", `Recover ${account} on 1 nonce 0 to ${newKey}`],
  ["Date", "Wed, 15 Jan 2025 09:00:00 +0000"],
  ["Message-ID", `<recovery-1@${domain}>`],
  ["MIME-Version", "1.0"],
  ["Content-Type", "text/plain; charset=utf-8"],
];
const body = "This mail asks to recover my account. Everything that counts is in the Subject.\r\n";

const relaxed = (name, value) => `${name.toLowerCase()}:${value.replace(/[ \t]+/g, " ").trim()}`;
const bodyHash = createHash("sha256").update(body).digest("base64");
const tags =
  `v=1; a=rsa-sha256; c=relaxed/relaxed; d=${domain}; s=${selector};` +
  ` t=1736931600; h=${fields.map(([name]) => name.toLowerCase()).join(":")}; bh=${bodyHash}; b=`;
const signed =
  fields.map(([name, value]) => relaxed(name, value) + "\r\n").join("") +
  relaxed("DKIM-Signature", tags);
const signature = createSign("sha256").update(signed).sign(privateKey, "base64");

const folded = signature.match(/.{1,70}/g).join("\r\n\t");
const message =
  `DKIM-Signature: ${tags.replace(/; (t|h|bh)=/g, ";\r\n\t$1=").replace(/; b=$/, ";\r\n\tb=")}${folded}\r\n` +
  fields.map(([name, value]) => `${name}: ${value}\r\n`).join("") +
  `\r\n${body}`;

writeFileSync(new URL("recovery.eml", import.meta.url), message);
writeFileSync(
  new URL("recovery.dns.json", import.meta.url),
  JSON.stringify({ [`${selector}._domainkey.${domain}`]: record }, null, 2) + "\n",
);
