//! Columns lent to chips, and the wires between them.

use halo2_rsa::{RsaColumns, RsaConfig, RsaWitness};
use zkdkim_grid::{CellRef, Grid};
use zkdkim_plonk::{
    circuit::Layouter,
    halo2curves::{bn256::Fr, ff::Field},
    plonk::{ConstraintSystem, Error},
};

use super::{constants::Constants, PUBLIC_INPUTS};
use crate::{
    columns::Columns,
    field::pow2,
    header::{
        bytes::{BytesAssigned, BytesColumns, BytesConfig},
        extract::{ExtractColumns, ExtractConfig, Extracted},
        reading::{ReadingColumns, ReadingConfig},
    },
    layout::{CircuitParams, Rows},
    logup::{LogUpConfig, LookupTable, TableLayout},
    pack::{PackColumns, PackConfig},
    poseidon::{Permutation, PoseidonColumns, PoseidonConfig, PERMUTATION_ROWS},
    registry::MerkleConfig,
    sha256::{Sha256Assigned, Sha256Config, Sha256Lane},
};
use zkdkim_relation::{
    commitment,
    sealed::Reading,
    statement::{place, StatementInput},
};

/// Every chip of the statement.
#[derive(Clone, Debug)]
pub struct StatementConfig {
    /// Every column of the circuit; each chip below holds those that it is lent.
    pub columns: Columns,
    /// The first row of each chip.
    pub rows: Rows,
    /// SHA-256 of the header block, in all lanes.
    pub sha256: Sha256Config,
    /// Poseidon permutations, in the wide columns.
    pub poseidon: PoseidonConfig,
    /// The gate between the permutations of a Merkle path.
    pub merkle: MerkleConfig,
    /// Packing of the digest into halves; `extract` packs with it too.
    pub pack: PackConfig,
    /// One row for each byte: automaton, padding, message words.
    pub bytes: BytesConfig,
    /// The output rows: address, domain, signer, Subject, time.
    pub extract: ExtractConfig,
    /// What of time and Subject is public.
    pub reading: ReadingConfig,
    /// The RSA-2048 check of the digest.
    pub rsa: RsaConfig,
    /// The one argument for lookups and extraction.
    pub logup: LogUpConfig,
    /// Rows at the end that no witness may use: the blinding rows and the last row of the running sums.
    blinding_rows: usize,
}

impl StatementConfig {
    /// Creates the columns and adds every gate.
    ///
    /// # Panics
    /// If there is no layout with so many lookups a row, see [`CircuitParams::min_k`].
    pub fn configure(meta: &mut ConstraintSystem<Fr>, params: CircuitParams) -> Self {
        assert!(params.min_k().is_some(), "no layout with {} lookups a row", params.lookups);
        let columns = Columns::configure(meta, params.lanes());
        let lanes = columns.lanes.iter().map(|lane| Sha256Lane {
            range: lane.range,
            spread: lane.spread,
            x: lane.x,
            y: lane.y,
            constant: lane.constant,
        });
        let sha256 = Sha256Config::configure(meta, lanes.collect());
        let poseidon = PoseidonConfig::configure(
            meta,
            PoseidonColumns { wide: columns.wide, k: columns.multipliers },
        );
        let merkle = MerkleConfig::configure(meta, columns.wide, &poseidon);
        let pack = PackConfig::configure(
            meta,
            PackColumns {
                packed: columns.wide[0],
                value: columns.wide[1],
                factor: columns.multipliers[2],
            },
        );
        let bytes = BytesConfig::configure(
            meta,
            BytesColumns {
                wide: columns.wide,
                count: columns.first().x,
                word: columns.first().y,
                step: columns.step,
                goes_on: columns.multipliers[0],
                position: columns.multipliers[1],
            },
        );
        let extract = ExtractConfig::configure(
            meta,
            ExtractColumns {
                wide: columns.wide,
                lower: columns.lower,
                output: columns.output,
                weight: columns.weight,
                field: columns.multipliers[0],
                factor: columns.multipliers[2],
            },
            &pack,
        );
        let reading = ReadingConfig::configure(
            meta,
            ReadingColumns {
                wide: columns.wide,
                lower: columns.lower,
                output: columns.output,
                shift: columns.multipliers[1],
            },
            &pack,
            &extract,
        );
        let rsa = RsaConfig::configure(
            meta,
            RsaColumns {
                range: columns.first().range,
                carry_range: std::array::from_fn(|i| columns.last().range[i]),
                carry: if params.lanes() == 1 { columns.wide[1] } else { columns.last().y },
                value: columns.wide[1],
                pack: columns.wide[0],
                acc: columns.acc,
                factor: columns.multipliers[2],
                constant: columns.first().constant,
                lowest: columns.multipliers[0],
                x: columns.rsa_point,
            },
        );
        let logup = LogUpConfig::configure(meta, columns.clone());
        let blinding_rows = meta.blinding_factors() + 1;
        let rows = Rows::new(params.lanes());
        Self {
            columns,
            rows,
            sha256,
            poseidon,
            merkle,
            pack,
            bytes,
            extract,
            reading,
            rsa,
            logup,
            blinding_rows,
        }
    }

    /// The lookup table of this layout.
    pub fn table(&self) -> LookupTable {
        LookupTable::new(match self.columns.narrow {
            Some(_) => TableLayout::Shared,
            None => TableLayout::Stacked,
        })
    }

    /// Rows that a witness may use, of `2^k`.
    pub fn usable_rows(&self, k: u32) -> usize {
        (1usize << k) - self.blinding_rows
    }

    /// Writes everything that is committed before the challenges are drawn, except what [`Self::assign_lookups`] adds.
    pub fn assign(&self, grid: &mut Grid<Fr>, k: u32, table: &LookupTable, input: &StatementInput) {
        let usable = self.usable_rows(k);
        assert!(self.rows.end < usable && table.len() < usable, "k = {k} is too small");
        let constants = Constants::assign(grid, &self.columns, self.rows.constants);
        self.logup.assign_fixed(grid, table, usable);

        let (bytes, sha256) = self.assign_digest(grid, &input.header, &constants);
        let extracted = self.extract.assign(grid, self.rows.outputs, &bytes.run);
        for (domain, signer) in extracted.domain.iter().zip(&extracted.signer) {
            grid.copy(*domain, *signer);
        }

        let witness =
            RsaWitness { signature: input.signature.clone(), modulus: input.modulus.clone() };
        let rsa = self.rsa.assign(grid, &self.rows.rsa, &witness, &sha256.digest);
        let halves = self.digest_halves(grid, &sha256.digest);
        self.assign_hashes(grid, &constants, input, &extracted, &rsa.modulus_words, halves);
    }

    /// The bytes of a header block, SHA-256 of it, and the wires between the two.
    pub fn assign_digest(
        &self,
        grid: &mut Grid<Fr>,
        block: &[u8],
        constants: &Constants,
    ) -> (BytesAssigned, Sha256Assigned) {
        let bytes = self.bytes.assign(grid, self.rows.header, block, constants);
        let sha256 = self.sha256.assign(grid, self.rows.sha256, &bytes.message);
        for (absorbed, word) in sha256.message.iter().zip(&bytes.words) {
            grid.copy(*absorbed, *word);
        }
        for (slots, reset) in sha256.resets.iter().zip(&bytes.resets) {
            for slot in slots {
                grid.copy(*slot, *reset);
            }
        }
        (bytes, sha256)
    }

    /// The digest as two 128-bit halves, high first.
    fn digest_halves(&self, grid: &mut Grid<Fr>, digest: &[CellRef; 8]) -> [CellRef; 2] {
        [0, 4].map(|first| {
            self.pack.assign(grid, self.rows.digest + first, pow2(32), &digest[first..first + 4])
        })
    }

    /// Poseidon: commitment, key and leaf, nullifier, path, seal; and the public inputs.
    fn assign_hashes(
        &self,
        grid: &mut Grid<Fr>,
        constants: &Constants,
        input: &StatementInput,
        extracted: &Extracted,
        modulus_words: &[CellRef; 10],
        halves: [CellRef; 2],
    ) {
        let zero = constants.cell(Fr::ZERO);
        let mut hasher = PermutationChain { config: self, row: self.rows.poseidon, zero };

        // The salt is the one free input of the commitment; the nullifier copies it from there.
        let salt = grid.advice(self.columns.wide[0], hasher.row, input.salt.expose());
        let first = hasher.step(grid, constants.tag(commitment::EMAIL_TAG), None);
        let commitment = hasher.fold(grid, first.output, &extracted.address);

        let nullifier_tag = constants.tag(commitment::NULLIFIER_TAG);
        let nullifier = hasher.fold(grid, nullifier_tag, &[salt, halves[0], halves[1]]);

        let key_tag = constants.tag(commitment::KEY_TAG);
        let key = hasher.fold(grid, key_tag, modulus_words);
        let [domain0, domain1] = extracted.domain;
        let leaf_tag = constants.tag(commitment::LEAF_TAG);
        let leaf = hasher.fold(grid, leaf_tag, &[domain0, domain1, key.output]);
        let root = self.merkle.assign(grid, leaf, &input.path, zero);

        hasher.row = root.output_row + 1;
        let command = self.reading.assign_command(grid, self.rows.reading, &input.reading);
        let sealed = hasher.step(grid, constants.tag(commitment::SEAL_TAG), Some(command));
        let blinding = match &input.reading {
            Reading::Clear => Fr::ZERO,
            Reading::Sealed { blinding, .. } => blinding.expose(),
        };
        grid.advice(self.columns.wide[0], hasher.row, blinding);
        let seal = hasher.step(grid, sealed.output, None);
        let revealed = self.reading.assign_choices(
            grid,
            self.rows.reading,
            extracted,
            [command, seal.output],
            input,
            constants,
        );

        let mut public = [zero; PUBLIC_INPUTS];
        public[place::REGISTRY_ROOT] = root.output;
        public[place::EMAIL_COMMITMENT] = commitment.output;
        public[place::NOT_BEFORE] = revealed.not_before;
        public[place::NULLIFIER] = nullifier.output;
        public[place::SUBJECT..].copy_from_slice(&revealed.words);
        for (i, cell) in public.into_iter().enumerate() {
            grid.copy(cell, CellRef::new(self.columns.instance, i));
        }
    }

    /// Spread cells and multiplicities: the rest of the first phase.
    pub fn assign_lookups(&self, grid: &mut Grid<Fr>, k: u32, table: &LookupTable) {
        self.logup.assign_multiplicities(grid, table, self.usable_rows(k));
    }

    /// The second phase, computed from what stands in `grid`.
    pub fn assign_second_phase(
        &self,
        grid: &Grid<Fr>,
        k: u32,
        table: &LookupTable,
        [rsa_point, theta, gamma]: [Fr; 3],
    ) -> Grid<Fr> {
        let mut out = Grid::new();
        self.rsa.assign_accumulators(grid, &mut out, &self.rows.rsa, rsa_point);
        self.logup.assign_sums(grid, &mut out, table, self.usable_rows(k), theta, gamma);
        out
    }

    /// Hands both phases to Halo2. `second` gives the cells that are committed once the challenges (RSA's point, θ, γ)
    /// are drawn; it is asked only where they are known.
    ///
    /// # Errors
    ///
    /// What the layouter refuses.
    pub fn synthesize(
        &self,
        layouter: &mut impl Layouter<Fr>,
        name: &'static str,
        first: &Grid<Fr>,
        second: impl Fn([Fr; 3]) -> Grid<Fr>,
    ) -> Result<(), Error> {
        let columns = &self.columns;
        layouter.assign_region(
            || name,
            |mut region| {
                first.assign(&mut region)?;
                // Commits to the first phase, so that one synthesis serves both.
                region.next_phase();
                let [point, theta, gamma] = [columns.rsa_point, columns.theta, columns.gamma]
                    .map(|challenge| region.get_challenge(challenge));
                let mut result = Ok(());
                point.zip(theta).zip(gamma).map(|((point, theta), gamma)| {
                    result = second([point, theta, gamma]).assign(&mut region);
                });
                result
            },
        )
    }
}

/// Lays permutations one below the other.
struct PermutationChain<'a> {
    config: &'a StatementConfig,
    row: usize,
    zero: CellRef,
}

impl PermutationChain<'_> {
    /// `P(left, right)`; the right input is already written where it is `None`.
    fn step(&mut self, grid: &mut Grid<Fr>, left: CellRef, right: Option<CellRef>) -> Permutation {
        let wide = self.config.columns.wide;
        grid.copy_advice(left, wide[1], self.row);
        if let Some(right) = right {
            grid.copy_advice(right, wide[0], self.row);
        }
        let permutation = self.config.poseidon.assign(grid, self.row, self.zero);
        self.row += PERMUTATION_ROWS;
        permutation
    }

    /// `P(… P(P(start, x1), x2) …, xn)`.
    fn fold(&mut self, grid: &mut Grid<Fr>, start: CellRef, items: &[CellRef]) -> Permutation {
        let mut left = start;
        let mut last = None;
        for item in items {
            let permutation = self.step(grid, left, Some(*item));
            left = permutation.output;
            last = Some(permutation);
        }
        last.expect("at least one item to fold")
    }
}
