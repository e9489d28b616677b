// Messages of test providers, the ones of test-vectors/messages: everybody can make their keys.

import { createPublicKey } from "node:crypto";
import { join } from "node:path";
import { Failure, readJson, run } from "./command.mjs";
import { program, repository } from "./programs.mjs";

/// The Date of mails whose signature has no time.
const UNDATED = 1_700_000_000;

/// A signed message from `address`. The same arguments give the same bytes: keys are fixed and
/// PKCS#1 v1.5 signatures have no randomness. `timestamp` (seconds or null) becomes the
/// signature's t=.
export function signedMessage({ address, subject, timestamp }) {
  const domain = domainOf(address);
  const date = new Date((timestamp ?? UNDATED) * 1000).toUTCString().replace("GMT", "+0000");
  const unsigned = [
    `From: ${address}`,
    "To: recovery@relayer.example",
    `Subject: ${subject}`,
    `Date: ${date}`,
    `Message-ID: <recovery@${domain}>`,
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "",
    "Everything that counts is in the Subject.",
    "",
  ].join("\r\n");
  return run(program("signer"), ["--sign", domain, String(timestamp ?? "-")], { input: unsigned });
}

/// The key record of a test provider, as DNS would have it.
export function keyRecord(domain) {
  const dns = readJson(join(repository, "test-vectors/messages/dns.json"));
  const found = Object.entries(dns).find(
    ([name, record]) => name.endsWith(`._domainkey.${domain}`) && modulusBits(record) === 2048,
  );
  if (!found) throw new Failure(`no test provider signs for ${domain}; see test-vectors/messages/dns.json`);
  return found[1];
}

export function domainOf(address) {
  return address.slice(address.lastIndexOf("@") + 1);
}

function modulusBits(record) {
  const key = Buffer.from(/\bp=([^;]*)/.exec(record)[1], "base64");
  return createPublicKey({ key, format: "der", type: "spki" }).asymmetricKeyDetails.modulusLength;
}
