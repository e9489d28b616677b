// A relayer as a process, and how mails get to it.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Failure, UsageError } from "../../../verifier-sol/script/lib/command.mjs";
import { deliver } from "./doors.mjs";

const startMs = 120_000;

export class Service {
  #child;
  #program;
  #config;
  /// Everything that was logged, by all processes.
  log = [];
  ports = {};

  constructor(program, config) {
    this.#program = program;
    this.#config = config;
    process.once("exit", () => this.#child?.kill("SIGKILL"));
  }

  /// A relayer that another process runs.
  static at(ports) {
    const service = new Service();
    service.ports = ports;
    return service;
  }

  /// Starts a process and waits until its doors are open.
  async start() {
    const child = spawn(this.#program, ["serve", "--config", this.#config], { stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new UsageError("the relayer does not start")), startMs);
      child.once("error", (error) => reject(new UsageError(`cannot run ${this.#program}: ${error.message}`)));
      child.once("exit", (code, signal) => {
        clearTimeout(timer);
        reject(new Failure(`the relayer ended (${code ?? signal}): ${this.log.slice(-3).join("\n")}`));
      });
      createInterface(child.stderr).on("line", (line) => {
        this.log.push(line);
        const { fields } = parsed(line);
        if (fields?.message === "open") this.ports[fields.door] = Number(/:(\d+)$/.exec(fields.address)[1]);
        if (fields?.message === "ready") {
          clearTimeout(timer);
          resolve();
        }
      });
    });
  }

  /// As a loss of power would end it.
  async kill() {
    await this.#end("SIGKILL");
  }

  /// As its operator would; it must end by itself.
  async stop() {
    const code = await this.#end("SIGTERM");
    if (code !== 0) throw new Failure(`the relayer stopped with exit code ${code}: ${this.log.slice(-3).join("\n")}`);
  }

  #end(signal) {
    const child = this.#child;
    return new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve(child.exitCode);
      child.once("exit", (code) => resolve(code));
      child.kill(signal);
    });
  }

  async #http(method, path, body, type = "application/json") {
    const url = `http://127.0.0.1:${this.ports.http}${path}`;
    const ask = () => fetch(url, { method, body, headers: body ? { "content-type": type } : {} });
    // A connection that idled while this process was busy is closed, which is seen only when it is used: asked once more. What
    // comes twice is known.
    const response = await ask().catch((error) => (error.cause?.code === "UND_ERR_SOCKET" ? ask() : Promise.reject(error)));
    const answer = await response.json();
    if (!response.ok) throw new Failure(`${method} ${path.slice(0, 20)}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  }

  async metrics() {
    return (await fetch(`http://127.0.0.1:${this.ports.admin}/metrics`)).text();
  }

  /// Memory that the process has, in MiB.
  memory() {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${this.#child.pid}/status`, "utf8"))[1]) / 1024;
  }

  /// Seconds of processor time that the process used.
  processor() {
    return processorOf(this.#child.pid);
  }

  ask(wish) {
    return this.#http("POST", "/v1/requests", JSON.stringify(wish));
  }

  status(id) {
    return this.#http("GET", `/v1/requests/${id}`);
  }

  /// Tells the relayer whom to tell when a recovery of an account starts.
  async notify(world, account, addresses) {
    const at = Math.floor(Date.now() / 1000);
    const { send_to } = await this.#http("GET", "/v1");
    const to = addresses.map((address) => `to ${address}\n`).join("");
    const text = `zkdkim notices 1\nrelayer ${send_to}\nchain 31337\naccount ${account.toLowerCase()}\n${to}at ${at}`;
    const signature = await world.signFor(account, text);
    const url = `http://127.0.0.1:${this.ports.http}/v1/notices`;
    const body = JSON.stringify({ chain: 31337, account, addresses, at, signature });
    const response = await fetch(url, { method: "POST", body, headers: { "content-type": "application/json" } });
    if (!response.ok) throw new Failure(`whom to tell: ${response.status} ${await response.text()}`);
  }

  /// The new key's consent that salt nodes open the salt of a mail.
  async consent(id, wanted, signer) {
    const signature = await signer.account.signMessage({ message: wanted.text });
    const url = `http://127.0.0.1:${this.ports.http}/v1/requests/${id}/consents`;
    const body = JSON.stringify({ mail: wanted.mail, signature });
    const response = await fetch(url, { method: "POST", body, headers: { "content-type": "application/json" } });
    if (!response.ok) throw new Failure(`a consent: ${response.status} ${await response.text()}`);
  }

  postMail(mail) {
    return this.#http("POST", "/v1/mails", mail, "message/rfc822");
  }

  postProof(handedIn) {
    return this.#http("POST", "/v1/proofs", JSON.stringify(handedIn));
  }

  /// Hands a mail over as a mail server does; resolves when it was acknowledged.
  lmtp(mail, sender) {
    const stuffed = mail.replace(/^\./gm, "..").replace(/\r?\n/g, "\r\n");
    const steps = ["LHLO test", `MAIL FROM:<${sender}>`, "RCPT TO:<recovery@relayer.example>", "DATA", `${stuffed}.`, "QUIT"];
    return deliver(this.ports.lmtp, steps);
  }
}

/// Seconds of processor time that a process used.
export function processorOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return {};
  }
}

/// Asks until the answer is there.
export async function until(what, seconds, ask, pause = 200) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask().catch((error) => (Date.now() < deadline ? undefined : Promise.reject(error)));
    if (answer) return answer;
    if (Date.now() > deadline) throw new Failure(`${what}: not after ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
