/** Mails made and signed for a test. */

import { createHash, createSign, generateKeyPairSync } from "node:crypto";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048, publicExponent: 65537 });

/** The key's record, by its name. */
export const dns = JSON.stringify({
  "test._domainkey.example.org": `v=DKIM1; k=rsa; p=${publicKey.export({ type: "spki", format: "der" }).toString("base64")}`,
});

/** A signed mail with a body of so many bytes. */
export function signed(bodyBytes, subject = "Guard 0x00112233445566778899aabbccddeeff00112233 on 1 nonce 5") {
  const line = `${"a".repeat(76)}\r\n`;
  const body = Buffer.from(line.repeat(Math.max(1, Math.floor(bodyBytes / line.length))));
  const bodyHash = createHash("sha256").update(body).digest("base64");
  const fields = { from: "ann@example.org", subject };
  const tags = `v=1; a=rsa-sha256; c=relaxed/simple; d=example.org; s=test; t=1700000000; h=from:subject; bh=${bodyHash}; b=`;
  const block = `from:${fields.from}\r\nsubject:${fields.subject}\r\ndkim-signature:${tags}`;
  const signature = createSign("RSA-SHA256").update(block).sign(privateKey, "base64");
  const head = `DKIM-Signature: ${tags}${signature}\r\nFrom: ${fields.from}\r\nSubject: ${fields.subject}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}
