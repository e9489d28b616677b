// DNS over HTTPS (RFC 8484), without the S, for this machine alone; and what it needs of DNS (RFC 1035).

import { createServer } from "node:http";
import { createConnection } from "node:net";

/// A resolver that gives each question to `answer`; its URL.
export function startResolver(answer) {
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", async () => {
      const said = await Promise.resolve(answer(Buffer.concat(chunks))).catch(() => undefined);
      if (!said) response.statusCode = 502;
      response.setHeader("content-type", "application/dns-message");
      response.end(said);
    });
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const url = `http://127.0.0.1:${server.address().port}/dns-query`;
      resolve({ url, stop: () => server.close() });
    });
  });
}

/// Asks a server by TCP: a whole question, or the TXT records of a name, with the wish to hear whether they are authentic.
export function ask(port, question) {
  const message = typeof question === "string" ? textQuestion(question) : question;
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, "127.0.0.1");
    let got = Buffer.alloc(0);
    socket.setTimeout(10_000, () => socket.destroy(new Error("no answer")));
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("no answer")));
    socket.on("data", (data) => {
      got = Buffer.concat([got, data]);
      if (got.length < 2 || got.length < 2 + got.readUInt16BE()) return;
      resolve(got.subarray(2, 2 + got.readUInt16BE()));
      socket.end();
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(message.length);
    socket.write(Buffer.concat([length, message]));
  });
}

function textQuestion(name) {
  // RD, and AD (RFC 6840, section 5.7).
  const head = Buffer.from([0, 1, 0x01, 0x20, 0, 1, 0, 0, 0, 0, 0, 0]);
  const labels = name.split(".").map((label) => Buffer.from([label.length, ...Buffer.from(label)]));
  return Buffer.concat([head, ...labels, Buffer.from([0, 0, 16, 0, 1])]);
}

/// The answer to a question from records by name: its records, or that there is no such name.
export function answerFrom(records, question) {
  const labels = [];
  let at = 12;
  while (question[at]) {
    labels.push(question.subarray(at + 1, at + 1 + question[at]).toString("latin1"));
    at += question[at] + 1;
  }
  const asked = question.subarray(12, at + 5);
  const found = [records[labels.join(".").toLowerCase()] ?? []].flat();
  const head = Buffer.alloc(12);
  question.copy(head, 0, 0, 2);
  head.writeUInt16BE(found.length ? 0x8180 : 0x8183, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(found.length, 6);
  return Buffer.concat([head, asked, ...found.map(textRecord)]);
}

function textRecord(text) {
  const bytes = Buffer.from(text, "latin1");
  const strings = [];
  for (let at = 0; at < bytes.length; at += 255) {
    const piece = bytes.subarray(at, at + 255);
    strings.push(Buffer.from([piece.length]), piece);
  }
  const data = Buffer.concat(strings);
  const head = Buffer.from([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, 0]);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}
