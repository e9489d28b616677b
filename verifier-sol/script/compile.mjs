// Standard-JSON in on stdin, standard-JSON out on stdout, with the compiler's version added.
import { readFileSync, writeSync } from "node:fs";
import solc from "solc";

const output = JSON.parse(solc.compile(readFileSync(0, "utf8")));
output.zkdkimCompiler = solc.version();

// A pipe may take less than was offered, and refuse for a moment when it is full.
const bytes = Buffer.from(JSON.stringify(output));
for (let written = 0; written < bytes.length; ) {
  try {
    written += writeSync(1, bytes, written);
  } catch (error) {
    if (error.code !== "EAGAIN") throw error;
  }
}
