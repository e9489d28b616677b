//! SHA-256 witnesses in which the prover replaces any intermediate word and goes on from there.

use zkdkim_circuits::{
    columns::Lane,
    field::pow2,
    sha256::{Message, BLOCK_SLOTS, INITIAL_SLOTS, INITIAL_STATE, ROUND_CONSTANTS, SLOT_ROWS},
    spread::{even_bits, odd_bits, spread, triple},
    statement::StatementConfig,
};
use zkdkim_grid::Grid;
use zkdkim_plonk::halo2curves::{bn256::Fr, ff::Field as _};

use crate::small;

/// A word that a slot computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// The word a after the step of the slot (row 0).
    A,
    /// The word e after the step of the slot (row 1).
    E,
    /// The word of the message schedule that the round adds (row 3).
    W,
    /// Σ0 of the slot's own a (row 5); the next slot adds it.
    BigSigma0,
    /// Σ1 of the slot's own e (row 7); the next slot adds it.
    BigSigma1,
    /// Maj of the words a of the three slots before (row 6).
    Maj,
    /// e AND f: of the words e of the two slots before (row 8).
    EAndF,
    /// NOT e AND g.
    NotEAndG,
    /// σ0 of the slot's own W (row 10), added 15 rounds later.
    SmallSigma0,
    /// σ1 of the slot's own W (row 11), added two rounds later.
    SmallSigma1,
    /// The word of which A's pieces are; its spread form and rotations follow.
    PiecesOfA,
    /// The word whose spread form stands beside A.
    SpreadOfA,
    /// The word whose rotations Σ0 adds.
    RotatedA,
    /// The same for E.
    PiecesOfE,
    /// The same for E.
    SpreadOfE,
    /// The same for E and Σ1.
    RotatedE,
    /// The word of which W's pieces are.
    PiecesOfW,
    /// The word whose rotations σ0 adds.
    RotatedForSigma0,
    /// The word whose rotations σ1 adds.
    RotatedForSigma1,
    /// The word that Maj adds for a.
    InMaj,
    /// The word that the conjunction with f adds for e.
    InEAndF,
    /// The word that the conjunction with g adds for NOT e.
    InNotEAndG,
    /// Bit 17 of W, which stands alone. A lie of 2 takes the place of bit 18.
    Bit17,
    /// Bit 18 of W. A lie of 2 takes from the piece above it.
    Bit18,
    /// Both reset flags of one feed-forward slot.
    Reset,
    /// The flag that its A has (row 2).
    ResetOfA,
    /// The flag that its E has (row 3).
    ResetOfE,
}

impl Word {
    /// Every word of a round.
    pub const ROUND: [Self; 24] = [
        Self::A,
        Self::E,
        Self::W,
        Self::BigSigma0,
        Self::BigSigma1,
        Self::Maj,
        Self::EAndF,
        Self::NotEAndG,
        Self::SmallSigma0,
        Self::SmallSigma1,
        Self::PiecesOfA,
        Self::SpreadOfA,
        Self::RotatedA,
        Self::PiecesOfE,
        Self::SpreadOfE,
        Self::RotatedE,
        Self::PiecesOfW,
        Self::RotatedForSigma0,
        Self::RotatedForSigma1,
        Self::InMaj,
        Self::InEAndF,
        Self::InNotEAndG,
        Self::Bit17,
        Self::Bit18,
    ];

    /// Every word of a slot that feeds forward.
    pub const FEED_FORWARD: [Self; 13] = [
        Self::A,
        Self::E,
        Self::BigSigma0,
        Self::BigSigma1,
        Self::PiecesOfA,
        Self::SpreadOfA,
        Self::RotatedA,
        Self::PiecesOfE,
        Self::SpreadOfE,
        Self::RotatedE,
        Self::Reset,
        Self::ResetOfA,
        Self::ResetOfE,
    ];
}

/// What a prover writes where a claimed word is not the sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Carries {
    /// The field element that closes the sum: the sum's gate holds, and the carry is out of range.
    #[default]
    Close,
    /// The carry of the true sum, so that everything is in range but the sum's gate.
    InRange,
}

/// (offset, bits, column, column and row of the multiplied copy and its exponent)
type Piece = (u32, u32, usize, Option<(usize, usize, u32)>);

const A: [Piece; 4] =
    [(0, 2, 5, Some((1, 0, 9))), (2, 11, 0, None), (13, 9, 3, Some((4, 0, 2))), (22, 10, 2, None)];
const E: [Piece; 5] = [
    (0, 6, 1, Some((0, 1, 5))),
    (6, 5, 3, Some((1, 1, 6))),
    (11, 11, 0, None),
    (22, 3, 5, Some((4, 0, 8))),
    (25, 7, 2, Some((3, 1, 4))),
];
const W: [Piece; 6] = [
    (0, 3, 1, Some((0, 1, 8))),
    (3, 4, 3, Some((1, 1, 7))),
    (7, 3, 2, Some((4, 1, 8))),
    (10, 7, 4, Some((3, 1, 4))),
    (19, 11, 0, None),
    (30, 2, 5, Some((2, 1, 8))),
];

/// The lane and the first row of a slot.
pub fn place(config: &StatementConfig, slot: usize) -> (&Lane, usize) {
    let lanes = &config.columns.lanes;
    let row = config.rows.sha256 + slot / lanes.len() * SLOT_ROWS;
    (&lanes[slot % lanes.len()], row)
}

/// The slot of a step (of 68) of a message block.
pub fn slot_of(block: usize, step: usize) -> usize {
    INITIAL_SLOTS + block * BLOCK_SLOTS + step
}

/// Writes the whole computation; `lie` maps (block, step of 68, word, true value) to the value that
/// the prover claims.
pub fn forge_sha256(
    config: &StatementConfig,
    grid: &mut Grid<Fr>,
    message: &Message,
    carries: Carries,
    lie: &dyn Fn(usize, usize, Word, u32) -> u32,
) {
    let (a, e, spread) = (Vec::new(), Vec::new(), Vec::new());
    let mut forger = Forger { config, grid, carries, a, e, spread, slot: 0 };
    for j in 0..INITIAL_SLOTS {
        let (a, e) = (INITIAL_STATE[3 - j], INITIAL_STATE[7 - j]);
        let lie = |word, truth| lie(usize::MAX, j, word, truth);
        // These slots have no sum, so they need no carry.
        forger.state([a.into(), e.into()], None, &lie);
    }
    for (block, (words, reset)) in message.iter().enumerate() {
        let mut w = Vec::new();
        for step in 0..64 {
            forger.round(step, words, &mut w, &|word, truth| lie(block, step, word, truth));
        }
        for j in 0..4 {
            let lie = |word, truth| lie(block, 64 + j, word, truth);
            forger.feed_forward(j, *reset, &lie);
        }
    }
}

type Lie<'a> = dyn Fn(Word, u32) -> u32 + 'a;

/// Range column and row of the carries of A and of E.
type CarryPlaces = Option<[(usize, usize); 2]>;
const ROUND: CarryPlaces = Some([(2, 2), (4, 2)]);
const FED_FORWARD: CarryPlaces = Some([(2, 2), (2, 3)]);

struct Forger<'a> {
    config: &'a StatementConfig,
    grid: &'a mut Grid<Fr>,
    carries: Carries,
    a: Vec<u32>,
    e: Vec<u32>,
    /// The words whose spread forms stand beside a and e.
    spread: Vec<[u32; 2]>,
    /// The slot in hand.
    slot: usize,
}

impl Forger<'_> {
    /// The lane of the slot whose words come next, and its row.
    fn here(&self) -> (Lane, usize) {
        let (lane, row) = place(self.config, self.slot);
        (lane.clone(), row)
    }

    fn range(&mut self, column: usize, offset: usize, value: impl Into<Fr>) {
        let (lane, first) = self.here();
        self.grid.forge(lane.range[column], first + offset, value.into());
    }

    fn x(&mut self, offset: usize, x: u64) {
        let (lane, first) = self.here();
        self.grid.forge(lane.x, first + offset, small(x));
    }

    fn y(&mut self, offset: usize, y: u32) {
        let (lane, first) = self.here();
        self.grid.forge(lane.y, first + offset, small(y.into()));
    }

    fn xy(&mut self, offset: usize, x: u64, y: u32) {
        self.x(offset, x);
        self.y(offset, y);
    }

    fn pieces(&mut self, at: usize, word: u32, pieces: &[Piece]) {
        for (offset, bits, column, copy) in pieces {
            let piece = u64::from(word >> offset) & ((1 << bits) - 1);
            self.range(*column, at, piece);
            if let Some((column, down, scale)) = copy {
                self.range(*column, at + down, piece << scale);
            }
        }
    }

    /// The carry of a sum whose low word is claimed to be something.
    fn reduce(&mut self, sum: u64, claimed: u32) -> Fr {
        if self.carries == Carries::InRange {
            return small(sum >> 32);
        }
        (small(sum) - small(claimed.into())) * pow2(32).invert().expect("not zero")
    }

    /// The two new words of the next slot from their sums.
    fn state(&mut self, [sum_a, sum_e]: [u64; 2], places: CarryPlaces, lie: &Lie<'_>) {
        let (a, e) = (lie(Word::A, sum_a as u32), lie(Word::E, sum_e as u32));
        let carries = [self.reduce(sum_a, a), self.reduce(sum_e, e)];
        for ((column, offset), carry) in places.into_iter().flatten().zip(carries) {
            self.range(column, offset, carry);
        }
        let [of_a, of_e] = [lie(Word::PiecesOfA, a), lie(Word::PiecesOfE, e)];
        self.pieces(0, of_a, &A);
        self.pieces(1, of_e, &E);
        let beside = [lie(Word::SpreadOfA, of_a), lie(Word::SpreadOfE, of_e)];
        self.xy(0, spread(beside[0]), a);
        self.xy(1, spread(beside[1]), e);
        self.a.push(a);
        self.e.push(e);
        self.spread.push(beside);
        let (a, e) = (lie(Word::RotatedA, of_a), lie(Word::RotatedE, of_e));
        self.sums(5, &[2, 13, 22].map(|by| a.rotate_right(by)), Word::BigSigma0, lie);
        self.sums(7, &[6, 11, 25].map(|by| e.rotate_right(by)), Word::BigSigma1, lie);
        self.slot += 1;
    }

    /// A row of spread sums; the claimed half replaces the true one. Returns the claim.
    fn sums(&mut self, offset: usize, words: &[u32], word: Word, lie: &Lie<'_>) -> u32 {
        self.halves(offset, words.iter().map(|w| spread(*w)).sum(), word, lie)
    }

    fn halves(&mut self, offset: usize, sum: u64, word: Word, lie: &Lie<'_>) -> u32 {
        let mut halves = [even_bits(sum), odd_bits(sum)];
        let odd = usize::from(matches!(word, Word::Maj | Word::EAndF | Word::NotEAndG));
        halves[odd] = lie(word, halves[odd]);
        for (first, half) in [0, 3].into_iter().zip(halves) {
            for (i, piece) in triple(half).into_iter().enumerate() {
                self.range(first + i, offset, u64::from(piece));
            }
        }
        self.xy(offset, sum, halves[odd]);
        halves[odd]
    }

    fn claimed(&self, slot: usize, offset: usize) -> u64 {
        let (lane, first) = place(self.config, slot);
        let value = crate::get(self.grid, lane.y, first + offset);
        u64::from_le_bytes(value.to_bytes()[..8].try_into().expect("eight bytes"))
    }

    fn round(&mut self, step: usize, words: &[u32; 16], w: &mut Vec<u32>, lie: &Lie<'_>) {
        let s = self.a.len();
        let sum = match words.get(step) {
            Some(word) => u64::from(*word),
            None => {
                u64::from(w[step - 16])
                    + self.claimed(s - 15, 10)
                    + u64::from(w[step - 7])
                    + self.claimed(s - 2, 11)
            }
        };
        let word = lie(Word::W, sum as u32);
        let carry = self.reduce(sum, word);
        self.range(5, 2, if step < 16 { Fr::ZERO } else { carry });
        w.push(word);
        let of = lie(Word::PiecesOfW, word);
        // What a bit holds too much is taken from the bits above it.
        let mut rest = of;
        let claims = [(17, Word::Bit17), (18, Word::Bit18)].map(|(offset, word)| {
            let truth = of >> offset & 1;
            let claimed = lie(word, truth);
            rest = rest.wrapping_sub(claimed.wrapping_sub(truth) << offset);
            (claimed != truth).then_some(claimed)
        });
        let of = rest;
        let bits = [0, 1].map(|i| claims[i].unwrap_or(of >> (17 + i) & 1));
        self.pieces(3, of, &W);
        self.xy(3, bits[0].into(), word);
        self.x(4, bits[1].into());
        // The spread form of a bit is what its cell holds.
        let moved = |word: u32, by: u32, shift: bool| {
            let others = word & !(0b11 << 17);
            let others = if shift { others >> by } else { others.rotate_right(by) };
            let at = |offset: u32| 1u64 << (2 * ((offset + 32 - by) % 32));
            let held = |i: usize| if word == of { bits[i] } else { word >> (17 + i) & 1 };
            let moved = [17, 18].map(at).into_iter().zip([0, 1].map(held));
            moved.fold(spread(others), |sum, (at, held)| {
                sum.wrapping_add(at.wrapping_mul(held.into()))
            })
        };
        let sum = |parts: [u64; 3]| parts.into_iter().fold(0, u64::wrapping_add);
        let v = lie(Word::RotatedForSigma0, of);
        let sigma0 = [moved(v, 7, false), moved(v, 18, false), moved(v, 3, true)];
        let v = lie(Word::RotatedForSigma1, of);
        let sigma1 = [moved(v, 17, false), moved(v, 19, false), moved(v, 10, true)];
        self.halves(10, sum(sigma0), Word::SmallSigma0, lie);
        self.halves(11, sum(sigma1), Word::SmallSigma1, lie);

        let (d, h) = (self.a[s - 4], self.e[s - 4]);
        let [a, b, c] = [1, 2, 3].map(|i| self.spread[s - i][0]);
        let [e, f, g] = [1, 2, 3].map(|i| self.spread[s - i][1]);
        let maj = self.sums(6, &[lie(Word::InMaj, a), b, c], Word::Maj, lie);
        let e_and_f = self.sums(8, &[lie(Word::InEAndF, e), f], Word::EAndF, lie);
        let not_e = lie(Word::InNotEAndG, !e);
        let not_e_and_g = self.sums(9, &[not_e, g], Word::NotEAndG, lie);
        let t1 = u64::from(h)
            + self.claimed(s - 1, 7)
            + u64::from(e_and_f)
            + u64::from(not_e_and_g)
            + u64::from(ROUND_CONSTANTS[step])
            + u64::from(word);
        let t2 = self.claimed(s - 1, 5) + u64::from(maj);
        self.state([t1 + t2, t1 + u64::from(d)], ROUND, lie);
    }

    fn feed_forward(&mut self, j: usize, reset: bool, lie: &Lie<'_>) {
        let s = self.a.len();
        let reset = lie(Word::Reset, reset.into());
        // A reset of -1, which no gate of this chip refuses, takes the initial value off twice the
        // sum.
        let next = |words: &[u32], reset: u32, initial: u32| {
            let sum = u64::from(words[s - 4]) + u64::from(words[s - BLOCK_SLOTS]);
            match reset {
                0 => sum,
                u32::MAX => (2 * sum).wrapping_sub(initial.into()),
                _ => u64::from(initial),
            }
        };
        let resets = [lie(Word::ResetOfA, reset), lie(Word::ResetOfE, reset)];
        let sums = [
            next(&self.a, resets[0], INITIAL_STATE[3 - j]),
            next(&self.e, resets[1], INITIAL_STATE[7 - j]),
        ];
        let (lane, first) = self.here();
        for (offset, reset) in [2, 3].into_iter().zip(resets) {
            let reset = if reset == u32::MAX { -Fr::ONE } else { small(reset.into()) };
            self.grid.forge(lane.y, first + offset, reset);
        }
        self.state(sums, FED_FORWARD, lie);
    }
}
