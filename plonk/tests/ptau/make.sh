#!/bin/sh
# Makes the two fixtures anew with snarkjs. A contribution mixes in the system's randomness, so every
# run gives other files; the tests read their digests from the files themselves.
set -eu
cd "$(dirname "$0")"
snarkjs=node_modules/.bin/snarkjs
[ -x "$snarkjs" ] || npm ci --ignore-scripts
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Power 8, one contribution, not prepared: the sections 1 to 7.
$snarkjs powersoftau new bn128 8 "$work/a0.ptau"
$snarkjs powersoftau contribute "$work/a0.ptau" pot08_contributed.ptau --name=fixture -e=fixture

# Power 6, a contribution and a beacon, prepared for phase 2: the sections 12 to 15 as well, which is
# how the files of the large ceremonies are published.
$snarkjs powersoftau new bn128 6 "$work/b0.ptau"
$snarkjs powersoftau contribute "$work/b0.ptau" "$work/b1.ptau" --name=fixture -e=fixture
$snarkjs powersoftau beacon "$work/b1.ptau" "$work/b2.ptau" \
  0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 10 --name=beacon
$snarkjs powersoftau prepare phase2 "$work/b2.ptau" pot06_prepared.ptau

# Power 4 without any contribution: its secret is 1, and the import has to say so.
$snarkjs powersoftau new bn128 4 pot04_secret_is_one.ptau
