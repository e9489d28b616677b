#!/usr/bin/env node
// npm's solc with as much of solc's command line as forge uses: the version, and standard-JSON from
// stdin to stdout. The sources stand in the JSON, so paths among the arguments mean nothing here.
import solc from "solc";

if (process.argv.includes("--version")) {
  console.log(`Version: ${solc.version()}`);
} else {
  await import("./compile.mjs");
}
