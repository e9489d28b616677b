//! Attacks on what is revealed of the time and of the Subject.

use num_bigint::BigUint;
use zkdkim_circuits::header::reading::{CHARACTERS, CHOICE, CLEAR, COMMAND, FLAG, LATER, SUM};
use zkdkim_plonk::halo2curves::{bn256::Fr, ff::Field as _};
use zkdkim_relation::{
    commitment::{from_be_bytes, tag, to_biguint, SEAL_TAG},
    poseidon::hash_fold,
    sealed::{seal, sealed_subject, Reading, SEALED_CHARACTERS, SEALED_PREFIX},
    Blinding, CommandHash,
};

use super::Attack;
use crate::{
    names::characters,
    reading::{five_bytes, Of, Revealing},
    small, Claim, SAMPLE_HEADER,
};
use zkdkim_circuits::logup::TupleType;

/// The time of the block that attacks start from.
const TIME: u64 = 1_700_000_000;
/// Choices before those of the characters.
const OTHERS: usize = CHARACTERS - CHOICE - SEALED_CHARACTERS;

/// A command and a blinding.
pub fn example() -> (CommandHash, Blinding) {
    (CommandHash(std::array::from_fn(|i| 0x80 + i as u8)), Blinding::new(small(0xb11d)))
}

/// What the example is sealed as.
pub fn example_subject() -> String {
    let (command, blinding) = example();
    sealed_subject(&command, &blinding)
}

/// The block with another Subject.
pub fn with_subject(subject: &str) -> Claim {
    Claim::honest(SAMPLE_HEADER.replace("Recover 0x12", subject).as_bytes())
}

/// The example, honestly.
pub fn sealed() -> Claim {
    with_subject(&example_subject()).revealing(reveal_example())
}

/// Its choices.
pub fn reveal_example() -> Revealing {
    let (command, blinding) = example();
    Revealing::honest(TIME, &Reading::Sealed { command, blinding })
}

/// The Subject that spells an element.
pub fn spelling(element: Fr) -> String {
    let mut rest = to_biguint(&element) << 2u32;
    let mut text = Vec::new();
    let alphabet: Vec<u8> = characters(TupleType::Sextet).map(|(c, _)| c).collect();
    for _ in 0..SEALED_CHARACTERS {
        let digit = (&rest & BigUint::from(63u32)).to_u32_digits().first().copied().unwrap_or(0);
        text.push(alphabet[digit as usize]);
        rest >>= 6u32;
    }
    text.reverse();
    format!("{SEALED_PREFIX}{}", String::from_utf8(text).expect("ASCII"))
}

/// The attacks on a row, counted from the first of the block.
pub fn attacks(row: usize) -> Vec<Attack> {
    let mut attacks: Vec<Attack> = Vec::new();
    for of in [Of::Wide(0), Of::Wide(1), Of::Wide(2), Of::Wide(4), Of::Lower] {
        attacks.push(lie(row, of));
    }
    match row {
        0..LATER => attacks.push(negative_bound(row)),
        LATER..SUM => attacks.push(bound_after_the_time(row - LATER)),
        SUM => attacks.push(other_sum()),
        COMMAND..FLAG => attacks.push(long_command(row - COMMAND)),
        FLAG => attacks.push(no_bit()),
        CHOICE..CHARACTERS => {
            let choice = row - CHOICE;
            attacks.push(mixture(choice));
            match choice {
                0 => attacks.extend(twice((0..SEALED_PREFIX.len()).map(other_prefix))),
                1 => attacks.extend(twice(longer_subject())),
                2 => attacks.extend(twice(other_seals())),
                3..OTHERS => attacks.push(other_word(choice - 3)),
                _ => {}
            }
        }
        _ => {
            attacks.push(no_character(row - CHARACTERS));
            attacks.push(other_value(row - CHARACTERS));
            attacks.push(other_character(row - CHARACTERS));
        }
    }
    attacks
}

/// A lie about one cell of the sealed example, with all that follows from it.
fn lie(row: usize, of: Of) -> Attack {
    Attack::plan(format!("another {of:?} in row {row} of the reading"), move || {
        Some(sealed().revealing(reveal_example().lying(row, of, Fr::ONE)))
    })
}

fn power(byte: usize) -> u64 {
    1 << (8 * (4 - byte))
}

/// The bound is below zero, so any number as large as one likes: a byte of it is −1, or what the packing makes of it.
fn negative_bound(byte: usize) -> Attack {
    Attack::plan(format!("a bound with a byte {byte} below zero"), move || {
        let mut bound = [Fr::ZERO; 5];
        bound[byte] = -Fr::ONE;
        let revealing = Revealing {
            bound,
            later: (power(byte) + TIME < 1 << 40).then(|| five_bytes(power(byte) + TIME)),
            ..Revealing::default()
        };
        Some(with_subject("hello").revealing(revealing))
    })
}

/// The bound is later than the time, by what a byte of the rest is below zero.
fn bound_after_the_time(byte: usize) -> Attack {
    Attack::plan(format!("a bound after the time, by byte {byte}"), move || {
        let mut later = [Fr::ZERO; 5];
        later[byte] = -Fr::ONE;
        let bound = TIME + power(byte);
        let revealing =
            Revealing { bound: five_bytes(bound), later: Some(later), ..Revealing::default() };
        (bound < 1 << 40).then(|| with_subject("hello").revealing(revealing))
    })
}

/// Bound and rest add up to another time.
fn other_sum() -> Attack {
    Attack::plan("a bound after the time", || {
        let revealing = Revealing {
            bound: five_bytes(TIME + 5),
            later: Some([Fr::ZERO; 5]),
            ..Revealing::default()
        };
        Some(with_subject("hello").revealing(revealing))
    })
}

/// A command that is no 31 bytes: one of them is 256, or −1.
fn long_command(byte: usize) -> Attack {
    Attack::plan(format!("a command with a byte {byte} of 256"), move || {
        let (_, blinding) = example();
        let mut revealing = reveal_example();
        revealing.command[byte] = small(256);
        let command = crate::reading::packed(&revealing.command);
        let element = hash_fold(tag(SEAL_TAG), &[command, blinding.expose()]);
        Some(with_subject(&spelling(element)).revealing(revealing))
    })
}

/// A blinding and a Subject that, read with the flag −1, is sealed over the example's command.
pub fn mirrored_example() -> (Fr, String) {
    let (command, _) = example();
    let mirrored = |c: u8| (2 * u16::from(CLEAR)).checked_sub(c.into()).map(|b| b as u8);
    let subject = |blinding: u64| {
        let spelt = spelling(seal(&command, &Blinding::new(small(blinding))));
        let bytes = spelt.as_bytes()[SEALED_PREFIX.len()..].iter();
        let mirror = bytes.map(|c| mirrored(*c).filter(|b| (0x20..0x7f).contains(b)));
        let text = mirror.collect::<Option<Vec<u8>>>()?;
        Some((small(blinding), format!("{SEALED_PREFIX}{}", String::from_utf8(text).ok()?)))
    };
    (0..).find_map(subject).expect("three in a hundred have one")
}

/// The flag is −1: each character is Y minus its distance from it, and the public words are no reading of anything.
fn no_bit() -> Attack {
    Attack::plan("a flag that is neither 0 nor 1", || {
        let (blinding, subject) = mirrored_example();
        let mut revealing = reveal_example();
        revealing.blinding = blinding;
        revealing.flags = revealing.flags.map(|_| -Fr::ONE);
        Some(with_subject(&subject).revealing(revealing))
    })
}

/// Clear down to a choice, sealed from there on: what would stop the other half is not asked.
fn mixture(choice: usize) -> Attack {
    Attack::plan(format!("clear down to choice {choice}, then sealed"), move || {
        // What is above the choice need not hold.
        let prefix = if choice > 0 { "ZKDKIM " } else { SEALED_PREFIX };
        let subject = example_subject().replace(SEALED_PREFIX, prefix);
        let mut revealing = reveal_example();
        if choice > 2 {
            revealing.command[0] = small(7);
        }
        revealing.flags[..=choice].fill(Fr::ZERO);
        Some(with_subject(&subject).revealing(revealing))
    })
}

/// A name, the Subject of a block and what is revealed of it.
type Sealing = (String, String, Revealing);

/// Attacks that the gate of a choice refuses, and the same again so that the gate holds and the copy beside it refuses.
fn twice(sealings: impl IntoIterator<Item = Sealing>) -> Vec<Attack> {
    let attack = |(name, subject, revealing): Sealing| {
        [(false, ""), (true, ", chosen")].map(|(chosen, how)| {
            let (subject, revealing) = (subject.clone(), Revealing { chosen, ..revealing.clone() });
            Attack::plan(format!("{name}{how}"), move || {
                Some(with_subject(&subject).revealing(revealing.clone()))
            })
        })
    };
    sealings.into_iter().flat_map(attack).collect()
}

/// A sealed Subject with another byte in its prefix.
fn other_prefix(byte: usize) -> Sealing {
    let mut subject = example_subject().into_bytes();
    subject[byte] ^= 1;
    let subject = String::from_utf8(subject).expect("ASCII");
    (format!("a sealed Subject with another byte {byte}"), subject, reveal_example())
}

/// A sealed Subject with something behind it.
fn longer_subject() -> [Sealing; 1] {
    let subject = format!("{}A", example_subject());
    [("a sealed Subject of 51 bytes".into(), subject, reveal_example())]
}

/// A command, or a blinding, that the Subject is not sealed over.
fn other_seals() -> [Sealing; 2] {
    let mut revealing = reveal_example();
    revealing.command[30] += Fr::ONE;
    let clear = format!("{SEALED_PREFIX}{}", "A".repeat(SEALED_CHARACTERS));
    [
        ("a command that the Subject is not sealed over".into(), example_subject(), revealing),
        ("a clear Subject read as sealed".into(), clear, reveal_example()),
    ]
}

/// A public word that is that of the other reading.
fn other_word(word: usize) -> Attack {
    Attack::plan(format!("word {word} of the other reading"), move || {
        let subject = example_subject();
        let mut bytes = subject.into_bytes();
        bytes.resize(186, 0);
        let clear = from_be_bytes(&bytes[31 * word..31 * word + 31]);
        let (command, _) = example();
        let sealed = match word {
            0 => command.to_element(),
            5 => zkdkim_relation::values::sealed_mark(),
            _ => Fr::ZERO,
        };
        let revealing = reveal_example().lying(CHOICE + 3 + word, Of::Wide(0), clear - sealed);
        (clear != sealed).then(|| with_subject(&example_subject()).revealing(revealing))
    })
}

/// A character that is none, or for the last one that has bits behind the 32 bytes, read as the one that is needed.
fn no_character(at: usize) -> Attack {
    Attack::plan(format!("no character of base64url at {at}"), move || {
        let mut subject = example_subject().into_bytes();
        let old = &mut subject[SEALED_PREFIX.len() + at];
        let kind = if at == SEALED_CHARACTERS - 1 { TupleType::Quartet } else { TupleType::Sextet };
        let value = characters(kind).find(|(c, _)| c == old).map(|(_, value)| value)?;
        *old = if at == SEALED_CHARACTERS - 1 { *old + 1 } else { b'+' };
        let mut revealing = reveal_example();
        revealing.values.insert(at, small(value));
        let subject = String::from_utf8(subject).expect("ASCII");
        Some(with_subject(&subject).revealing(revealing))
    })
}

/// A character of the Subject that is spelt as another, the one of the seal.
fn other_character(at: usize) -> Attack {
    Attack::plan(format!("another character spelt at {at}"), move || {
        let mut subject = example_subject().into_bytes();
        let old = &mut subject[SEALED_PREFIX.len() + at];
        let kind = if at == SEALED_CHARACTERS - 1 { TupleType::Quartet } else { TupleType::Sextet };
        let (spelt, sent) = (*old, characters(kind).map(|(c, _)| c).find(|c| c != old)?);
        *old = sent;
        let lie = small(spelt.into()) - small(sent.into());
        let revealing = reveal_example().lying(CHARACTERS + at, Of::Wide(1), lie);
        let subject = String::from_utf8(subject).expect("ASCII");
        Some(with_subject(&subject).revealing(revealing))
    })
}

/// A character that is read with another value, such that another command's seal is spelt.
fn other_value(at: usize) -> Attack {
    Attack::plan(format!("another value of the character at {at}"), move || {
        let (command, blinding) = example();
        let mut revealing = reveal_example();
        revealing.command[0] += Fr::ONE;
        let mut other = command;
        other.0[0] += 1;
        let missing = seal(&other, &blinding) - seal(&command, &blinding);
        let weight = match SEALED_CHARACTERS - 1 - at {
            0 => Fr::ONE,
            above => small(16) * small(64).pow_vartime([above as u64 - 1]),
        };
        let subject = example_subject();
        let old = subject.as_bytes()[SEALED_PREFIX.len() + at];
        let kind = if at == SEALED_CHARACTERS - 1 { TupleType::Quartet } else { TupleType::Sextet };
        let value = characters(kind).find(|(c, _)| *c == old).map(|(_, value)| value)?;
        let value = small(value) + missing * weight.invert().expect("not zero");
        revealing.values.insert(at, value);
        Some(with_subject(&subject).revealing(revealing))
    })
}
