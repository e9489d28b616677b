// How mails of people get to a relayer: signed here and handed over by LMTP, or through a mail system.

import { Failure } from "../../../verifier-sol/script/lib/command.mjs";
import { signedMessage } from "../../../verifier-sol/script/lib/mail.mjs";
import { until } from "./service.mjs";
import { providers } from "./world.mjs";

/// Mails of the test providers.
export class Lmtp {
  kind = "lmtp";
  domains = providers;

  constructor(world, service) {
    this.world = world;
    this.service = service;
  }

  async #signed(address, subject) {
    return signedMessage({ address, subject, timestamp: await this.world.now() });
  }

  async send(address, subject) {
    await this.service.lmtp(await this.#signed(address, subject), address);
  }

  /// A mail that its writer has back.
  toOneself(address, subject) {
    return this.#signed(address, subject);
  }
}

/// Mails through Postfix, OpenDKIM and Dovecot.
export class ByMailServer {
  kind = "postfix";

  constructor(stack) {
    this.stack = stack;
    this.domains = stack.domains;
  }

  send(address, subject) {
    return this.stack.send(address, subject);
  }

  async toOneself(address, subject) {
    await this.stack.send(address, subject, address);
    return until("a mail to oneself", 60, async () =>
      this.stack.mailbox(address).find((mail) => unfolded(mail).includes(`\nSubject: ${subject}\n`)),
    );
  }

  /// All that somebody got.
  mailbox(address) {
    return this.stack.mailbox(address);
  }

  /// What the relayer answered to somebody. Each answer is signed, names the mail that it answers, and says that no person
  /// wrote it.
  answers(address) {
    const answers = this.stack.mailbox(address).filter((mail) => /^From: Recovery </m.test(mail));
    for (const answer of answers) {
      if (!/^Auto-Submitted: auto-replied/m.test(answer)) throw new Failure("an answer that may be answered");
    }
    return answers;
  }
}

/// A mail with each header on one line.
export function unfolded(mail) {
  return mail.replace(/\r/g, "").replace(/\n[ \t]+/g, " ");
}
