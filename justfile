# The same as scripts/test and the commands of the README, by name. `just` itself is optional.

# The whole path on a sample message
demo:
    cargo run --release -p zkdkim -- demo

# Everything that has to hold
test:
    scripts/test

# One or more of: format npm deny lint doc book vectors wasm test releases package contracts web
step +names:
    scripts/test {{names}}

# Plants bugs in the circuit, one at a time, and says which attack notices each; `just mutate --help` says more. A run
# that was killed goes on where it was. --write replaces the result that is checked in
mutate *options:
    cargo run -p zkdkim-attacks --bin mutate -- {{options}}

# Mutation testing of the native code: relation, srs, store; a sample with `just mutants relation --shard 0/50`
mutants *options:
    scripts/mutants {{options}}

# All benchmarks; criterion's reports lie in target/criterion
bench:
    cargo bench -p zkdkim-benches

# A column of the README's table of figures: on-chain or quick
figures layout="on-chain":
    cargo run --release -p zkdkim-benches --bin figures -- {{layout}}

# Regenerate the golden cost report; put "verifying key changed" and the digests into CHANGELOG.md
golden:
    cargo run -p zkdkim-benches --bin cost-report -- --write

# Ten minutes of coverage-guided fuzzing; without a target, their names
fuzz target="" seconds="600":
    scripts/fuzz {{target}} {{ if target == "" { "" } else { seconds } }}

# Licences, sources and advisories of all dependencies
deny:
    scripts/test deny

# The book, to read while it is written; needs mdbook with its server
book:
    mdbook serve docs
