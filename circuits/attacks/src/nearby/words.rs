//! Attacks on SHA-256: one word of one slot is another, and all that follows is computed from it.

use zkdkim_circuits::sha256::{Message, BLOCK_SLOTS, INITIAL_SLOTS};

use super::Attack;
use crate::{forge_sha256, Carries, Claim, Word, SAMPLE_HEADER};

/// A lie about one word of one slot, with carries that close the sums.
fn lie(slot: usize, which: Word) -> Attack {
    lie_with(slot, which, Carries::Close)
}

/// A lie about one word of one slot.
fn lie_with(slot: usize, which: Word, carries: Carries) -> Attack {
    let at = match slot.checked_sub(INITIAL_SLOTS) {
        None => (usize::MAX, slot),
        Some(slot) => (slot / BLOCK_SLOTS, slot % BLOCK_SLOTS),
    };
    let plan = || Some(Claim::honest(SAMPLE_HEADER.as_bytes()));
    let how = if carries == Carries::Close { "" } else { ", carries in range" };
    Attack::early(format!("{which:?} of SHA-256 slot {slot}{how}"), plan, move |config, grid| {
        let lie = |block, step, word, truth: u32| match (word == which && (block, step) == at, word)
        {
            (false, _) => truth,
            (_, Word::Bit17 | Word::Bit18) => 2,
            _ => truth ^ 1,
        };
        let message = Claim::honest(SAMPLE_HEADER.as_bytes()).message;
        forge_sha256(config, grid, &message, carries, &lie);
    })
}

/// The message schedule of a block.
fn schedule(words: &[u32; 16]) -> Vec<u32> {
    let mut w = words.to_vec();
    for t in 16..64 {
        let [a, b] = [w[t - 15], w[t - 2]];
        let sigma0 = a.rotate_right(7) ^ a.rotate_right(18) ^ (a >> 3);
        let sigma1 = b.rotate_right(17) ^ b.rotate_right(19) ^ (b >> 10);
        let sum = w[t - 16].wrapping_add(sigma0).wrapping_add(w[t - 7]).wrapping_add(sigma1);
        w.push(sum);
    }
    w
}

/// The slots whose message word satisfies a condition.
fn slots(message: &Message, fits: impl Fn(u32) -> bool) -> Vec<usize> {
    let mut slots = Vec::new();
    for (block, (words, _)) in message.iter().enumerate() {
        let words = schedule(words).into_iter().enumerate();
        let fitting = words.filter(|(_, word)| fits(*word));
        slots.extend(fitting.map(|(t, _)| INITIAL_SLOTS + block * BLOCK_SLOTS + t));
    }
    slots
}

/// The attacks on a slot, and on one-bit pieces wherever the words are such that there is one.
pub fn attacks(slot: usize) -> Vec<Attack> {
    if slot < INITIAL_SLOTS {
        return vec![lie(slot, Word::A), lie(slot, Word::E)];
    }
    // A word that the slot does not have would change nothing.
    let is_round = (slot - INITIAL_SLOTS) % BLOCK_SLOTS < 64;
    let (words, sums) = match is_round {
        true => (&Word::ROUND[..], &[Word::A, Word::E, Word::W][..]),
        false => (&Word::FEED_FORWARD[..], &[Word::A, Word::E][..]),
    };
    let in_range = sums.iter().map(|word| lie_with(slot, *word, Carries::InRange));
    words.iter().map(|word| lie(slot, *word)).chain(in_range).collect()
}

/// Bits that hold 2: bit 17 where bit 18 is set, bit 18 where it is not; the bits around them clear,
/// so that no sum overflows.
pub fn bits() -> Vec<Attack> {
    let message = Claim::honest(SAMPLE_HEADER.as_bytes()).message;
    let low = slots(&message, |w| w >> 17 & 3 == 2);
    let high = slots(&message, |w| w >> 17 & 3 == 0 && w >> 19 & 1 == 1);
    let low = low.into_iter().rev().take(12).map(|slot| lie(slot, Word::Bit17));
    let high = high.into_iter().rev().take(12).map(|slot| lie(slot, Word::Bit18));
    low.chain(high).collect()
}
