//! Runs the pinned Solidity compiler, a JavaScript program, through Node.
//!
//! Only tests and regeneration need it: compiled artefacts are checked in where they are used.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{json, Value};

use crate::{
    artifact::{from_hex, Artifacts, Contract, Sources, SOLC_VERSION},
    error::{Error, Result},
};

/// The compiler in a folder that holds `package.json`, `script/compile.mjs` and `node_modules`.
#[derive(Clone, Debug)]
pub struct Solc {
    package: PathBuf,
}

impl Solc {
    /// The compiler installed in this crate's own folder, as it was when the crate was built.
    pub fn in_crate() -> Result<Self> {
        Self::new(env!("CARGO_MANIFEST_DIR"))
    }

    /// The compiler installed in `package`.
    pub fn new(package: impl AsRef<Path>) -> Result<Self> {
        let package = package.as_ref().to_path_buf();
        let missing = package.join("node_modules").join("solc");
        if !missing.is_dir() {
            return Err(Error::SolcMissing { missing, package });
        }
        Ok(Self { package })
    }

    /// Compiles generated sources. Same sources, same bytes: no metadata hash, no paths.
    pub fn compile(&self, sources: &Sources) -> Result<Artifacts> {
        let output = self.run(&standard_input(sources))?;
        let verifier = contract(&output, &sources.contract, &sources.verifier_source)?;
        let key = contract(&output, &sources.key_contract, &sources.key_source)?;
        // The key contract's code is what its constructor returns, not what the compiler appends.
        let initcode = from_hex(&key.initcode)?;
        let key = Contract::new(&key.name, &key.source, key.abi, &initcode, &sources.key_runtime)?;
        Artifacts::new(sources, verifier, key)
    }

    /// Passes a standard-JSON document through the compiler.
    fn run(&self, input: &Value) -> Result<Value> {
        let failed = |e: std::io::Error| Error::SolcRun(e.to_string());
        let mut child = Command::new("node")
            .arg(self.package.join("script").join("compile.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| Error::SolcRun(format!("starting node: {e}")))?;
        let mut stdin = child.stdin.take().expect("piped");
        stdin.write_all(input.to_string().as_bytes()).map_err(failed)?;
        drop(stdin);
        let output = child.wait_with_output().map_err(failed)?;
        if !output.status.success() {
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(Error::SolcRun(stderr));
        }
        let answer: Value = serde_json::from_slice(&output.stdout)
            .map_err(|e| Error::SolcRun(format!("the answer is not JSON: {e}")))?;
        let version = answer["zkdkimCompiler"].as_str().unwrap_or_default();
        if !version.starts_with(&format!("{SOLC_VERSION}+")) {
            return Err(Error::SolcRun(format!("version {version}, pinned is {SOLC_VERSION}")));
        }
        let errors: Vec<&str> = answer["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|e| e["severity"] != "info")
            .filter_map(|e| e["formattedMessage"].as_str())
            .collect();
        // Warnings count: generated code that draws one is wrong.
        if !errors.is_empty() {
            return Err(Error::SolcRefused(errors.join("\n")));
        }
        Ok(answer)
    }
}

/// The compiler's input; public so that third parties can reproduce the bytecode.
pub fn standard_input(sources: &Sources) -> Value {
    let files: serde_json::Map<String, Value> = sources
        .files()
        .into_iter()
        .map(|(name, content)| (name, json!({ "content": content })))
        .collect();
    json!({
        "language": "Solidity",
        "sources": files,
        "settings": {
            "evmVersion": "cancun",
            "optimizer": { "enabled": true, "runs": 1_000_000 },
            "metadata": { "appendCBOR": false, "bytecodeHash": "none" },
            "outputSelection": {
                "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] }
            }
        }
    })
}

fn contract(output: &Value, name: &str, source: &str) -> Result<Contract> {
    let entry = &output["contracts"][format!("{name}.sol")][name];
    let code = |kind: &str| {
        let object = entry["evm"][kind]["object"].as_str();
        let object = object.ok_or_else(|| Error::SolcRun(format!("no {kind} of {name}")))?;
        from_hex(&format!("0x{object}"))
    };
    Contract::new(
        name,
        source,
        entry["abi"].clone(),
        &code("bytecode")?,
        &code("deployedBytecode")?,
    )
}
