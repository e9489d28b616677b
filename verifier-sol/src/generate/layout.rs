//! Where everything lies in the memory of a folded key's verifier.
//!
//! ```text
//! 0x80  ┌ key block, copied from the key contract ───────────────────────────────┐
//!       │ pairing input │ accumulators │ commitments │ constants │ key's digest  │
//!       ├ inputs, copied from calldata ──────────────────────────────────────────┤
//!       │ public inputs │ first message │ gap │ second message │ gap │ …         │
//!       ├ computed ──────────────────────────────────────────────────────────────┤
//!       │ challenges │ curve scratch │ denominators │ products │ slots           │
//!       ├ of a batch ────────────────────────────────────────────────────────────┤
//!       │ a hash for each proof │ challenges for each proof                      │
//!       └────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! The digest, the public inputs and the first message lie side by side in the order in which the transcript absorbs
//! them. Before each later message there is room for the transcript's state, so hashing needs no copies. The
//! accumulators start as zeros because the key's data has zeros there.

use std::collections::{BTreeMap, BTreeSet};

use zkdkim_plonk::folded::{
    protocol::{Column, Group, Leaf, Protocol},
    VerifyingKey,
};

use crate::error::{Error, Result};

/// First byte that Solidity leaves to its programs.
const START: usize = 0x80;
pub(super) const WORD: usize = 0x20;
pub(super) const POINT: usize = 0x40;
/// Room for the transcript's state before a message: a hash and one byte more.
const GAP: usize = 0x40;

/// What only the printed program knows of its needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sizes {
    /// Constants too long to stand in the code.
    pub constants: usize,
    /// Words for shared subexpressions.
    pub slots: usize,
}

/// A challenge, by its place in the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Drawn {
    Circuit(u32),
    Beta,
    Gamma,
    Y,
    Z,
    V,
    U,
}

/// Bytes of the proof that are absorbed together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message {
    /// First byte in the proof.
    pub at: usize,
    pub bytes: usize,
    /// Address of the copy.
    pub place: usize,
}

/// A challenge, and what is absorbed since the one before it.
#[derive(Clone, Debug)]
pub(super) struct Draw {
    pub message: Option<Message>,
    /// None: the hash that binds the whole proof.
    pub challenge: Option<Drawn>,
}

/// A factor u^fold − z·ω^rotation of some Z_g.
pub(super) type Factor = (usize, i32);

/// What is divided by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Divisor {
    Z,
    /// z^n − 1
    Vanishing,
    /// z − ω^row
    Row(i64),
    /// Π (z·ω^(rotation − row) − 1) over the rows of an instance column's public inputs.
    Inputs(u32, i32),
    /// Π (u^fold − z·ω^rotation) over the rotations of a group.
    Group(usize, Vec<i32>),
}

/// The quotient's: u − z.
pub(super) fn quotient_divisor() -> Divisor {
    Divisor::Group(1, vec![0])
}

/// A group's.
pub(super) fn divisor(group: &Group) -> Divisor {
    Divisor::Group(group.fold, group.rotations.clone())
}

/// Addresses, all in bytes.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub key_bytes: usize,
    pub pairing: usize,
    /// Σ over proofs of what multiplies the generator, then of each key commitment's scalar.
    pub accumulators: usize,
    pub commitments: usize,
    pub key_groups: usize,
    pub constants: usize,
    pub digest: usize,
    pub public_inputs: usize,
    pub inputs: usize,
    pub draws: Vec<Draw>,
    pub proof_bytes: usize,
    pub challenges: usize,
    pub left: usize,
    pub right: usize,
    pub modexp: usize,
    pub divisors_at: usize,
    /// Products of the divisors before each.
    pub products: usize,
    /// Each factor u^fold − z·ω^rotation.
    pub factors_at: usize,
    /// For each group, R_g(u)·Z_g(u)⁻¹ but for the division.
    pub numerators: usize,
    /// z^n − 1.
    pub vanishing: usize,
    pub quotient: usize,
    columns: usize,
    pub slots: usize,
    pub end: usize,
    drawn: Vec<Drawn>,
    evaluations: BTreeMap<(Column, i32), usize>,
    /// Address of each group's commitment; the key's come last.
    pub groups: Vec<usize>,
    pub quotient_point: usize,
    pub w: usize,
    pub w_second: usize,
    /// In the order of their inversion.
    pub divisors: Vec<Divisor>,
    pub factors: Vec<Factor>,
    /// For each pair of instance column and rotation that an identity reads.
    pub instance_cells: Vec<(u32, i32)>,
}

/// Adds up a proof's parts.
struct Script {
    draws: Vec<Draw>,
    from: usize,
    at: usize,
}

impl Script {
    fn draw(&mut self, challenge: Option<Drawn>) {
        let bytes = self.at - self.from;
        let message = (bytes > 0).then_some(Message { at: self.from, bytes, place: 0 });
        self.draws.push(Draw { message, challenge });
        self.from = self.at;
    }

    fn point(&mut self) -> usize {
        self.at += POINT;
        self.at - POINT
    }
}

impl Layout {
    pub fn new(vk: &VerifyingKey, sizes: Sizes) -> Result<Self> {
        let protocol = vk.protocol();
        let shape = protocol.shape();
        let mut script = Script { draws: vec![], from: 0, at: 0 };
        let mut group_bytes = vec![];
        for (i, round) in protocol.rounds().iter().enumerate() {
            if i == shape.phases() && protocol.permutes() {
                script.draw(Some(Drawn::Beta));
                script.draw(Some(Drawn::Gamma));
            }
            group_bytes.extend(round.groups.iter().map(|_| script.point()));
            for challenge in &round.challenges {
                script.draw(Some(Drawn::Circuit(*challenge)));
            }
        }
        script.draw(Some(Drawn::Y));
        let quotient_bytes = script.point();
        script.draw(Some(Drawn::Z));
        let mut evaluation_bytes = BTreeMap::new();
        for group in protocol.groups() {
            for rotation in &group.rotations {
                for column in &group.columns {
                    evaluation_bytes.insert((*column, *rotation), script.at);
                    script.at += WORD;
                }
            }
        }
        script.draw(Some(Drawn::V));
        let w_bytes = script.point();
        script.draw(Some(Drawn::U));
        let w_second_bytes = script.point();
        script.draw(None);
        let proof_bytes = script.at;
        let mut draws = script.draws;

        let public_inputs: usize = shape.public_inputs.iter().sum();
        let key_groups = protocol.key_groups().len();
        let factors = factors(protocol);
        let instance_cells = instance_cells(protocol);
        let divisors = divisors(protocol, &instance_cells);
        let mut next = START;
        let mut take = |words: usize| {
            let at = next;
            next += words * WORD;
            at
        };
        let pairing = take(12);
        let accumulators = take(1 + key_groups);
        let commitments = take(2 * key_groups);
        let constants = take(sizes.constants);
        let digest = take(1);
        let inputs = take(public_inputs);
        for (i, draw) in draws.iter_mut().enumerate() {
            if let Some(message) = &mut draw.message {
                // What the first hash covers follows the inputs at once.
                take(if i == 0 { 0 } else { GAP / WORD });
                message.place = take(message.bytes / WORD);
            }
        }
        let drawn: Vec<Drawn> = draws.iter().filter_map(|d| d.challenge).collect();
        let challenges = take(drawn.len());
        let left = take(5);
        let right = take(5);
        let modexp = take(6);
        let divisors_at = take(divisors.len());
        let products = take(divisors.len());
        let factors_at = take(factors.len());
        let numerators = take(group_bytes.len() + key_groups);
        let vanishing = take(1);
        let quotient = take(1);
        let columns = take(3 + instance_cells.len());
        let slots = take(sizes.slots);
        let end = take(0);

        let place = |byte: usize| {
            let found = draws
                .iter()
                .filter_map(|d| d.message)
                .find(|m| (m.at..m.at + m.bytes).contains(&byte));
            found.map(|m| m.place + byte - m.at).ok_or(Error::Limit {
                what: "a place in the proof",
                got: byte,
                limit: proof_bytes,
            })
        };
        let mut groups = group_bytes.into_iter().map(place).collect::<Result<Vec<_>>>()?;
        groups.extend((0..key_groups).map(|i| commitments + POINT * i));
        let evaluations = evaluation_bytes
            .into_iter()
            .map(|(cell, byte)| Ok((cell, place(byte)?)))
            .collect::<Result<_>>()?;
        let (quotient_point, w, w_second) =
            (place(quotient_bytes)?, place(w_bytes)?, place(w_second_bytes)?);
        Ok(Self {
            key_bytes: inputs - START,
            pairing,
            accumulators,
            commitments,
            key_groups,
            constants,
            digest,
            public_inputs,
            inputs,
            draws,
            proof_bytes,
            challenges,
            left,
            right,
            modexp,
            divisors_at,
            products,
            factors_at,
            numerators,
            vanishing,
            quotient,
            columns,
            slots,
            end,
            drawn,
            evaluations,
            groups,
            quotient_point,
            w,
            w_second,
            divisors,
            factors,
            instance_cells,
        })
    }

    /// First byte of the key block.
    pub fn start(&self) -> usize {
        START
    }

    /// Address of a challenge.
    pub fn challenge(&self, which: Drawn) -> usize {
        let place = self.drawn.iter().position(|d| *d == which);
        self.challenges + WORD * place.expect("only what the protocol draws is asked for")
    }

    pub fn challenge_bytes(&self) -> usize {
        WORD * self.drawn.len()
    }

    /// Address of an evaluation that the proof sends.
    pub fn evaluation(&self, column: Column, rotation: i32) -> usize {
        self.evaluations[&(column, rotation)]
    }

    /// All evaluations, in the order of the proof.
    pub fn all_evaluations(&self) -> Vec<usize> {
        let mut all: Vec<usize> = self.evaluations.values().copied().collect();
        all.sort_unstable();
        all
    }

    /// Addresses of the points of a proof, in order.
    pub fn points(&self) -> Vec<usize> {
        let sent = self.groups.len() - self.key_groups;
        let own = [self.quotient_point, self.w, self.w_second];
        self.groups[..sent].iter().copied().chain(own).collect()
    }

    /// Address of a divisor, later of its inverse.
    pub fn divisor(&self, divisor: &Divisor) -> usize {
        let place = self.divisors.iter().position(|d| d == divisor);
        self.divisors_at + WORD * place.expect("a divisor of the layout")
    }

    /// Where a group's one evaluation lies, if it has no other: that is its numerator.
    pub fn sent_numerator(&self, group: &Group) -> Option<usize> {
        match (&group.columns[..], &group.rotations[..]) {
            ([column], [rotation]) => Some(self.evaluation(*column, *rotation)),
            _ => None,
        }
    }

    /// Address of a factor.
    pub fn factor(&self, factor: Factor) -> usize {
        let place = self.factors.iter().position(|f| *f == factor);
        self.factors_at + WORD * place.expect("a factor of the layout")
    }

    /// l_0, l_last and the product over the rows that are not active, at z.
    pub fn line(&self, leaf: Leaf) -> usize {
        self.columns
            + WORD
                * match leaf {
                    Leaf::First => 0,
                    Leaf::Last => 1,
                    _ => 2,
                }
    }

    /// Address of an instance column's value.
    pub fn instance(&self, column: u32, rotation: i32) -> usize {
        let place = self.instance_cells.iter().position(|c| *c == (column, rotation));
        self.columns + WORD * (3 + place.expect("a cell of the layout"))
    }
}

fn factors(protocol: &Protocol) -> Vec<Factor> {
    let all = protocol.groups().flat_map(|g| g.rotations.iter().map(|r| (g.fold, *r)));
    all.collect::<BTreeSet<Factor>>().into_iter().collect()
}

fn instance_cells(protocol: &Protocol) -> Vec<(u32, i32)> {
    let cells = protocol.identities().leaves().filter_map(|leaf| match leaf {
        Leaf::Cell(Column::Instance(i), rotation) => Some((i, rotation)),
        _ => None,
    });
    cells.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The row of l_last.
pub(super) fn last_row(protocol: &Protocol) -> i64 {
    (1i64 << protocol.shape().k) - protocol.shape().blinding as i64 - 1
}

fn divisors(protocol: &Protocol, instance_cells: &[(u32, i32)]) -> Vec<Divisor> {
    let rows = protocol.identities().leaves().filter_map(|leaf| match leaf {
        Leaf::First => Some(Divisor::Row(0)),
        Leaf::Last => Some(Divisor::Row(last_row(protocol))),
        _ => None,
    });
    let inputs =
        instance_cells.iter().map(|(column, rotation)| Divisor::Inputs(*column, *rotation));
    let groups = protocol.groups().map(divisor);
    let all = [Divisor::Z, Divisor::Vanishing, quotient_divisor()].into_iter();
    all.chain(rows).chain(inputs).chain(groups).collect::<BTreeSet<_>>().into_iter().collect()
}
