// A mail system on loopback, of Debian's packages, for one run: Postfix takes mails of the guardians, OpenDKIM signs them as
// their provider does, Postfix hands them to the relayer and everybody else's to Dovecot; Knot has the providers' key records,
// signed, and Unbound validates them. `scripts/mail-stack` installs it.

import { spawn } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../../verifier-sol/script/lib/command.mjs";
import { deliver, freePort } from "./doors.mjs";
import { ask, startResolver } from "./resolver.mjs";
import { files, programs, relayerAddress, selector } from "./mail-stack-files.mjs";
import { zkdkim } from "./program.mjs";
import { until } from "./service.mjs";

export class MailStack {
  kind = "postfix";
  /// The domains that people have mailboxes at.
  domains = ["postbox.example", "mailbox.example"];
  #children = [];
  #resolver;

  /// Whether this machine has all of it, and may run it.
  static isThere() {
    return process.getuid() === 0 && programs.every((path) => existsSync(path));
  }

  static async start() {
    const stack = new MailStack();
    // Others than root read some of it.
    stack.folder = mkdtempSync(join(tmpdir(), "zkdkim-mail-"));
    chmodSync(stack.folder, 0o755);
    process.once("exit", () => stack.stop());
    try {
      await stack.#start();
    } catch (error) {
      stack.stop();
      throw error;
    }
    return stack;
  }

  async #start() {
    const names = ["knot", "unbound", "opendkim", "dovecot", "smtp", "lmtp"];
    this.ports = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await freePort()])));
    this.#makeKey();
    for (const [name, text] of Object.entries(files(this.folder, this.ports, this.domains, this.record))) {
      mkdirSync(join(this.folder, name, ".."), { recursive: true });
      writeFileSync(join(this.folder, name), text);
    }
    await this.#startDns();
    this.#run("opendkim", "/usr/sbin/opendkim", ["-f", "-x", join(this.folder, "opendkim.conf")]);
    this.#run("dovecot", "/usr/sbin/dovecot", ["-F", "-c", join(this.folder, "dovecot.conf")]);
    const uid = (user) => Number(run("id", ["-u", user]));
    mkdirSync(join(this.folder, "mailboxes"));
    chownSync(join(this.folder, "mailboxes"), uid("mail"), 8);
    for (const name of ["queue", "data"]) mkdirSync(join(this.folder, "postfix", name), { mode: 0o755 });
    chownSync(join(this.folder, "postfix/data"), uid("postfix"), 0);
    this.#run("postfix", "/usr/sbin/postfix", ["-c", join(this.folder, "postfix"), "start-fg"]);
    await until("Postfix", 60, () => deliver(this.ports.smtp, ["EHLO test", "QUIT"]));
    await this.#registry();
  }

  /// A provider's key, and its record.
  #makeKey() {
    const file = join(this.folder, "dkim.key");
    run("openssl", ["genrsa", "-traditional", "-out", file, "2048"]);
    chmodSync(file, 0o600);
    const pem = run("openssl", ["rsa", "-in", file, "-pubout"]);
    this.record = `v=DKIM1; k=rsa; p=${pem.replace(/-----[A-Z ]+-----|\s/g, "")}`;
  }

  /// Knot, Unbound over its trust anchors, and a door to Unbound by HTTP.
  async #startDns() {
    const conf = join(this.folder, "knot.conf");
    mkdirSync(join(this.folder, "knot"));
    this.#run("knot", "/usr/sbin/knotd", ["-c", conf]);
    const zones = [...this.domains, "relayer.example"];
    const anchors = await until("zones signed by Knot", 60, async () => {
      const found = zones.map((zone) => run("/usr/sbin/keymgr", ["-c", conf, zone, "ds"]));
      return found.every((anchor) => anchor) && found;
    });
    writeFileSync(join(this.folder, "anchors"), anchors.join(""));
    this.#run("unbound", "/usr/sbin/unbound", ["-d", "-c", join(this.folder, "unbound.conf")]);
    const name = `${selector}._domainkey.${this.domains[0]}`;
    const validated = async () => {
      const answer = await ask(this.ports.unbound, name);
      return answer.includes("v=DKIM1") && (answer[3] & 0x20) !== 0;
    };
    await until("a validated answer of Unbound", 60, validated);
    this.#resolver = await startResolver((question) => ask(this.ports.unbound, question));
    this.resolver = this.#resolver.url;
  }

  /// The registry, from DNS.
  async #registry() {
    const [file, providers, resolvers] = ["registry.json", "providers.tsv", "resolvers.toml"].map((name) => join(this.folder, name));
    await zkdkim("registry", "init", "--file", file);
    const live = ["--resolvers", resolvers, "--allow-plain-http"];
    writeFileSync(resolvers, `quorum = 1\n[[resolver]]\nname = "unbound"\nurl = "${this.resolver}"\n`);
    await zkdkim("registry", "sync", "--providers", providers, ...live, "--file", file);
    const { root } = await zkdkim("registry", "root", "--file", file);
    this.registry = { file, root };
  }

  #run(name, path, args) {
    const child = spawn(path, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
    child.said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (child.said += data));
    child.once("exit", (code) => {
      if (!this.stopped) console.error(`${name} ended (${code}): ${child.said.slice(-2000)}${this.#log(name)}`);
    });
    this.#children.push(child);
  }

  /// What a program wrote to its own log.
  #log(name) {
    const file = join(this.folder, { postfix: "postfix/data/log", dovecot: "dovecot.log" }[name] ?? "none");
    return existsSync(file) ? readFileSync(file, "latin1").slice(-2000) : "";
  }

  /// A mail by a person at one of the domains: to the relayer, or to themselves.
  async send(address, subject, to = relayerAddress) {
    const id = `${Date.now()}.${Math.random().toString(36).slice(2)}@${address.split("@")[1]}`;
    const fields = [`From: <${address}>`, `To: <${to}>`, `Subject: ${subject}`, `Message-ID: <${id}>`];
    const mail = [...fields, `Date: ${new Date().toUTCString().replace("GMT", "+0000")}`, "", "Please.", ""].join("\r\n");
    await deliver(this.ports.smtp, ["EHLO test", `MAIL FROM:<${address}>`, `RCPT TO:<${to}>`, "DATA", `${mail}\r\n.`, "QUIT"]);
  }

  /// The mails in somebody's mailbox.
  mailbox(address) {
    const folder = join(this.folder, "mailboxes", address, "new");
    if (!existsSync(folder)) return [];
    return readdirSync(folder).map((name) => readFileSync(join(folder, name), "latin1"));
  }

  stop() {
    if (this.stopped) return;
    this.stopped = true;
    this.#resolver?.stop();
    for (const child of this.#children) {
      try {
        process.kill(-child.pid, "SIGTERM");
      } catch {
        // It has ended already.
      }
    }
    // Postfix's and Dovecot's own processes are in groups of their own.
    for (const name of ["postfix/queue/pid/master.pid", "dovecot/master.pid"]) {
      const file = join(this.folder, name);
      if (existsSync(file)) run("sh", ["-c", `kill ${Number(readFileSync(file, "utf8"))} 2>/dev/null || true`]);
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}
