//! Forged bytes, end flags, padding, lengths and resets.

use zkdkim_attacks::{bump, forge_sha256, get, names, small, Carries, Claim, Word, SAMPLE_HEADER};
use zkdkim_circuits::{
    header::{automaton::END_SYMBOL, BYTES, MAX_BLOCK},
    layout::CircuitParams,
    sha256::BLOCKS,
};
use zkdkim_plonk::halo2curves::{bn256::Fr, ff::Field as _};

fn block_of(length: usize) -> Vec<u8> {
    let pad = length - SAMPLE_HEADER.len() - "z:\r\n".len();
    format!("z:{}\r\n{SAMPLE_HEADER}", "x".repeat(pad)).into_bytes()
}

fn plan() -> Claim {
    Claim::honest(SAMPLE_HEADER.as_bytes())
}

/// The first padding position.
fn padding(plan: &Claim) -> usize {
    plan.symbols.iter().rposition(|s| *s != END_SYMBOL).expect("a byte") + 1
}

/// The number of filler blocks.
fn filler(plan: &Claim) -> usize {
    plan.message.iter().position(|(_, reset)| *reset).map_or(0, |block| block + 1)
}

/// Clauses: none; honest witnesses are accepted.
#[test]
fn accepts_honest_plans_of_many_lengths() {
    for length in [375, 376, 439, 440, 1015, 1016, 1024] {
        let block = block_of(length);
        assert_eq!(Claim::honest(&block).refusals(), names([]), "length {length}");
    }
}

/// Clauses: `header-length`.
#[test]
fn a_block_has_at_most_1024_bytes() {
    for (layout, length) in CircuitParams::LAYOUTS.into_iter().flat_map(|l| [(l, 1025), (l, 1079)])
    {
        let expected = names(["header block has at most 1024 bytes[0]"]);
        let plan = Claim::honest(&block_of(length)).in_layout(layout.1);
        assert_eq!(plan.refusals(), expected, "{} bytes, {}", length, layout.0);
    }
}

/// Clauses: `rsa-signature`.
#[test]
fn a_byte_is_not_padding_for_sha256_alone() {
    // The automaton reads the last byte, SHA-256 the padding in its place.
    let mut plan = plan();
    let last = padding(&plan) - 1;
    plan.ends[last] = 1;
    plan.absorb_again();
    let refusals = plan.refusals_with(
        |config, grid| grid.forge(config.columns.wide[4], config.rows.header + last, Fr::ZERO),
        |_, _| (),
    );
    assert!(refusals.contains("header byte[1]"), "{refusals:?}");
    assert!(!refusals.contains("header byte[2]"), "{refusals:?}");
}

/// Clauses: `rsa-signature`.
#[test]
fn padding_is_not_a_byte_for_sha256_alone() {
    let mut plan = plan();
    let first = padding(&plan);
    plan.ends[first] = 0;
    plan.absorb_again();
    let refusals = plan.refusals();
    assert!(refusals.contains("header byte[2]"), "{refusals:?}");
    assert!(!refusals.contains("header byte[1]"), "{refusals:?}");
}

/// Clauses: `rsa-signature`.
#[test]
fn an_end_flag_is_a_bit() {
    let mut plan = plan();
    let at = padding(&plan) + 1;
    plan.ends[at] = 2;
    let refusals = plan.refusals();
    assert!(refusals.contains("header byte[0]"), "{refusals:?}");
}

/// Clauses: `rsa-signature`.
#[test]
fn the_count_of_bytes_starts_at_zero() {
    let mut plan = plan();
    plan.message[BLOCKS - 1].0[15] += 8 * 64;
    let refusals = plan.refusals_with(
        |config, grid| {
            let (c, start) = (&config.columns, config.rows.header);
            for row in start..start + BYTES {
                bump(grid, c.first().x, row, small(64));
            }
            // What the bound of the block asks for.
            let excess = get(grid, c.first().x, start + MAX_BLOCK) - small(MAX_BLOCK as u64 + 1);
            grid.forge(c.first().y, start + MAX_BLOCK + 1, excess.invert().expect("not zero"));
        },
        |_, _| (),
    );
    assert_eq!(refusals, names(["header byte[3]"]));
}

/// Clauses: `rsa-signature`.
#[test]
fn filler_is_whole_blocks() {
    let at = BYTES - 9 - SAMPLE_HEADER.len() - 1;
    assert_ne!(at % 64, 0);
    let mut plan = Claim::placed(SAMPLE_HEADER.as_bytes(), at);
    plan.message.iter_mut().for_each(|(_, reset)| *reset = false);
    let hold = "header end flag holds within a filler block[0]";
    assert_eq!(plan.refusals(), names([hold]));
}

/// Clauses: `header-length`, `rsa-signature`.
#[test]
fn padding_does_not_begin_before_the_last_blocks() {
    let reset = "header reset after the last but one block[0]";
    let holds = "header end flag holds within a filler block[0]";
    assert_eq!(Claim::placed(SAMPLE_HEADER.as_bytes(), 512).refusals(), names([holds, reset]));
    // At the start of a message block.
    let falls = "header end flag only falls between blocks[0]";
    let refusals = Claim::placed(&block_of(384), 576).refusals();
    assert_eq!(refusals, names([falls, reset, "header reset after filler[0]"]));
}

/// Clauses: `rsa-signature`.
#[test]
fn a_reset_is_not_minus_one() {
    // A block that ends between two message blocks. The flag rises there, so the reset has to be -1,
    // and SHA-256 takes that: twice the sum minus the initial value. The last message block is then
    // absorbed alone, and the digest is that of no byte of the header.
    let mut plan = Claim::placed(&block_of(384), 128);
    plan.reset_again();
    let refusals = plan.refusals_with(
        |config, grid| {
            grid.forge(config.columns.first().y, config.rows.header + 512 + 1, -Fr::ONE);
            forge_sha256(config, grid, &plan.message, Carries::Close, &|block, _, word, truth| {
                match word {
                    Word::Reset if block == 512 / 64 - 1 => u32::MAX,
                    _ => truth,
                }
            });
        },
        |_, _| (),
    );
    assert_eq!(refusals, names(["header end flag only falls between blocks[0]"]));
}

/// Clauses: `rsa-signature`.
#[test]
fn padding_does_not_stop() {
    // A second start of padding would put a second 0x80 into the message.
    let mut plan = plan();
    let at = padding(&plan) + 3;
    plan.ends[at] = 0;
    plan.absorb_again();
    let expected = ["header byte[2]", "header end flag only rises in the padding[0]"];
    let refusals = plan.refusals();
    assert!(names(expected).is_subset(&refusals), "{refusals:?}");
}

/// Clauses: `header-length`, `rsa-signature`.
#[test]
fn the_length_is_not_overwritten_by_bytes() {
    let block = block_of(1080);
    let mut plan = Claim::placed(&block, 0);
    plan.message.iter_mut().for_each(|(_, reset)| *reset = false);
    let refusals = plan.refusals();
    assert!(refusals.contains("header block ends before the length[0]"), "{refusals:?}");
}

/// Clauses: `rsa-signature`.
#[test]
fn the_padding_bit_is_where_the_block_ends() {
    for change in [0x80u32, 0x8000_0000, 1] {
        let mut plan = plan();
        let word = padding(&plan) / 4 - 16 * (BLOCKS - 1);
        plan.message[BLOCKS - 1].0[word] ^= change;
        assert_eq!(plan.refusals(), names(["header word with padding[0]"]), "{change:x}");
    }
}

/// Clauses: `rsa-signature`.
#[test]
fn message_words_are_the_bytes() {
    let mut plan = plan();
    let block = filler(&plan);
    plan.message[block].0[0] ^= 0x2000_0000;
    assert_eq!(plan.refusals(), names(["header word[0]"]));
    // And those of filler blocks are zero.
    plan = self::plan();
    plan.message[block - 1].0[5] = 7;
    assert_eq!(plan.refusals(), names(["header word[0]"]));
}

/// Clauses: `rsa-signature`.
#[test]
fn the_length_words_are_the_length() {
    let mut plan = plan();
    plan.message[BLOCKS - 1].0[15] += 8;
    assert_eq!(plan.refusals(), names(["header length word[0]"]));
    plan = self::plan();
    plan.message[BLOCKS - 1].0[14] = 1;
    assert_eq!(plan.refusals(), names(["copy constant to y"]));
}

/// Clauses: `rsa-signature`.
#[test]
fn the_state_is_reset_after_the_filler_and_nowhere_else() {
    let honest = plan();
    let last = filler(&honest) - 1;
    let falls = "header reset after filler[0]";
    // Nowhere.
    let mut plan = honest.clone();
    plan.message[last].1 = false;
    assert_eq!(plan.refusals(), names([falls]));
    // Anywhere else as well: the digest would be that of the block's tail.
    for block in [0, last + 1, BLOCKS - 3] {
        let mut plan = honest.clone();
        plan.message[block].1 = true;
        assert_eq!(plan.refusals(), names([falls]), "block {block}");
    }
    let mut plan = honest.clone();
    plan.message[BLOCKS - 2].1 = true;
    assert_eq!(plan.refusals(), names(["header reset after the last but one block[0]"]));
    let mut plan = honest;
    plan.message[BLOCKS - 1].1 = true;
    assert_eq!(plan.refusals(), names(["copy y to constant"]));
}
