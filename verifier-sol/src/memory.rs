//! Where everything lies in the verifier's memory.
//!
//! ```text
//! 0x80  ┌ key block, copied from the key contract ───────────────────────────┐
//!       │ pairing input │ constants │ commitments │ tables │ key's digest    │
//!       ├ inputs, copied from calldata ──────────────────────────────────────┤
//!       │ instances │ proof: points, evaluations, opening                    │
//!       ├ computed ──────────────────────────────────────────────────────────┤
//!       │ challenges │ curve scratch │ denominators │ inverses │ …           │
//!       └────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! The digest, the instances and the proof lie side by side in the order in which the transcript
//! absorbs them, so hashing needs no copies. The constants come before the tables, so that their
//! places do not depend on the tables' contents.

use crate::{
    error::{Error, Result},
    plan::{Eval, Plan, Poly},
};

/// First byte that Solidity leaves to its programs.
const START: usize = 0x80;
const WORD: usize = 0x20;

/// Addresses, all in bytes.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    /// Points and G2 elements of the final pairing, as the precompile takes them.
    pub pairing: usize,
    /// The group order, 1/n, ω, ω^first, δ.
    pub constants: usize,
    pub weights: usize,
    pub literals: usize,
    pub fixed: usize,
    pub sigma: usize,
    /// Powers of ω for the rotations of the opening.
    pub rotations: usize,
    pub permutation_table: usize,
    pub sets_table: usize,
    pub digest: usize,
    pub instances: usize,
    pub proof: usize,
    pub product_points: usize,
    pub random_point: usize,
    pub quotient_points: usize,
    pub evals: usize,
    pub fixed_evals: usize,
    pub random_eval: usize,
    pub sigma_evals: usize,
    pub product_evals: usize,
    pub opening: usize,
    pub proof_end: usize,
    pub challenges: usize,
    pub quotient_point: usize,
    pub quotient_eval: usize,
    pub curve: usize,
    /// For each point of each set, its evaluations combined.
    pub combined: usize,
    /// x − ω^i for the Lagrange polynomials in use, u − x·ω^rotation, x, xⁿ − 1.
    pub denominators: usize,
    pub rotation_denominators: usize,
    pub x_denominator: usize,
    pub inverses: usize,
    pub instance_evals: usize,
    pub slots: usize,
    pub end: usize,
    /// Indices of the Lagrange polynomials in use: first, last.
    pub lagrange: (i32, i32),
    /// Proof word of each advice column's commitment.
    advice_words: Vec<usize>,
    all_rotations: Vec<i32>,
}

/// Number of words at `Memory::constants`.
pub(crate) const CONSTANTS: usize = 5;

/// Sizes that only the compiled gates know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GateSizes {
    pub literals: usize,
    pub slots: usize,
}

impl Memory {
    pub fn new(plan: &Plan, gates: GateSizes) -> Result<Self> {
        let all_rotations = plan.rotations();
        let lagrange = lagrange_range(plan);
        let lagrange_len = (lagrange.1 - lagrange.0 + 1) as usize;
        let openings: usize = plan.sets.iter().map(|s| s.rotations.len()).sum();

        let mut next = START;
        let mut take = |words: usize| {
            let at = next;
            next += words * WORD;
            at
        };
        let pairing = take(12);
        let constants = take(CONSTANTS);
        let weights = take(openings);
        let literals = take(gates.literals);
        let rotations = take(all_rotations.len());
        let fixed = take(2 * plan.fixed.len());
        let sigma = take(2 * plan.sigma.len());
        let permutation_table = take(plan.permutation.len().div_ceil(16));
        let sets_table = take(table_len(plan).div_ceil(16));
        let digest = take(1);

        let instances = take(plan.instances);
        let proof = take(2 * plan.advice());
        let product_points = take(2 * plan.products);
        let random_point = take(2);
        let quotient_points = take(2 * plan.quotient_pieces);
        let evals = take(plan.advice_queries.len());
        let fixed_evals = take(plan.fixed_queries.len());
        let random_eval = take(1);
        let sigma_evals = take(plan.sigma.len());
        let product_evals = take(3 * plan.products - 1);
        let opening = take(4);
        let proof_end = take(0);

        let challenges = take(plan.challenges + 8);
        let quotient_point = take(2);
        let quotient_eval = take(1);
        let curve = take(6);
        let combined = take(openings);
        let denominators = take(lagrange_len);
        let rotation_denominators = take(all_rotations.len());
        let x_denominator = take(2);
        let inverses = take(lagrange_len + all_rotations.len() + 2);
        let instance_evals = take(plan.instance_queries.len());
        let slots = take(gates.slots);
        let end = take(0);
        // Table entries are 16-bit addresses.
        let limit = usize::from(u16::MAX);
        if end > limit {
            return Err(Error::Limit { what: "the verifier's memory", got: end, limit });
        }

        let mut advice_words = vec![0; plan.advice()];
        for (place, &column) in plan.phases.iter().flat_map(|p| &p.advice).enumerate() {
            advice_words[column] = 2 * place;
        }
        Ok(Self {
            pairing,
            constants,
            weights,
            literals,
            fixed,
            sigma,
            rotations,
            permutation_table,
            sets_table,
            digest,
            instances,
            proof,
            product_points,
            random_point,
            quotient_points,
            evals,
            fixed_evals,
            random_eval,
            sigma_evals,
            product_evals,
            opening,
            proof_end,
            challenges,
            quotient_point,
            quotient_eval,
            curve,
            combined,
            denominators,
            rotation_denominators,
            x_denominator,
            inverses,
            instance_evals,
            slots,
            end,
            lagrange,
            advice_words,
            all_rotations,
        })
    }

    /// Length of the key block.
    pub fn key_bytes(&self) -> usize {
        self.instances - START
    }

    /// Length of a proof.
    pub fn proof_bytes(&self) -> usize {
        self.proof_end - self.proof
    }

    /// First byte of the key block.
    pub fn start(&self) -> usize {
        START
    }

    /// Address of a commitment's two words.
    pub fn poly(&self, poly: Poly) -> usize {
        match poly {
            Poly::Advice(column) => self.proof + self.advice_words[column] * WORD,
            Poly::Fixed(column) => self.fixed + 2 * column * WORD,
            Poly::Sigma(i) => self.sigma + 2 * i * WORD,
            Poly::Product(i) => self.product_points + 2 * i * WORD,
            Poly::Quotient => self.quotient_point,
            Poly::Random => self.random_point,
        }
    }

    /// Address of an evaluation.
    pub fn eval(&self, eval: Eval) -> usize {
        match eval {
            Eval::Advice(i) => self.evals + i * WORD,
            Eval::Fixed(i) => self.fixed_evals + i * WORD,
            Eval::Instance(i) => self.instance_evals + i * WORD,
            Eval::Sigma(i) => self.sigma_evals + i * WORD,
            Eval::Product(i) => self.product_evals + 3 * i * WORD,
            Eval::ProductNext(i) => self.product_evals + (3 * i + 1) * WORD,
            Eval::ProductLast(i) => self.product_evals + (3 * i + 2) * WORD,
            Eval::Quotient => self.quotient_eval,
            Eval::Random => self.random_eval,
        }
    }

    /// Address of a user challenge.
    pub fn challenge(&self, index: usize) -> usize {
        self.challenges + index * WORD
    }

    /// Address of a denominator of the opening.
    pub fn rotation(&self, rotation: i32) -> usize {
        let place = self.all_rotations.iter().position(|r| *r == rotation);
        self.rotation_denominators + place.expect("a rotation of the plan") * WORD
    }

    /// Address of the Lagrange polynomial's inverse denominator, later of its value.
    pub fn lagrange(&self, index: i32) -> usize {
        self.inverses + (index - self.lagrange.0) as usize * WORD
    }
}

/// Entries of the openings' table: for each set its two lengths, the place of its weights, its
/// points and its commitments, without the first commitment of all.
pub(crate) fn table_len(plan: &Plan) -> usize {
    plan.sets.iter().map(|s| 3 + s.rotations.len() + s.polys.len()).sum::<usize>() - 1
}

/// The verifier needs l_last, the blinding rows, l_0 and one for each instance at each rotation.
fn lagrange_range(plan: &Plan) -> (i32, i32) {
    let (mut first, mut last) = (plan.last_rotation(), 0);
    if plan.instances > 0 {
        for rotation in &plan.instance_queries {
            first = first.min(-rotation);
            last = last.max(plan.instances as i32 - 1 - rotation);
        }
    }
    (first, last)
}
