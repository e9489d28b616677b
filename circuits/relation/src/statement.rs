//! The statement: a witness to public inputs, or the one rule that fails.
//!
//! This is the definition that the circuit is tested against. It checks the relation of the
//! statement and nothing else; what an honest user's tool refuses besides is in
//! [`mod@super::inspect`].

use crate::commitment;
use crate::header;
use crate::refusal::{Part, Place, Refusal, Rule};
use crate::registry::{MerklePath, DEPTH};
use crate::sealed::{seal, spelt_seal, Reading};
use crate::values::{
    Blinding, CommandHash, EmailCommitment, Nullifier, PackedSubject, RegistryRoot, Salt,
};
use crate::{rsa, Fr};
use halo2curves::ff::Field;
use num_bigint::BigUint;
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroize;

/// Number of public inputs, in the order that [`place`] says.
pub const PUBLIC_INPUTS: usize = 10;

/// The beginning of a time's day: the bound to reveal where nobody asks for another, since it says no more than a date.
pub fn day_of(time: u64) -> u64 {
    time - time % 86_400
}

/// Where each public input stands. Nothing else in Rust says so; a test compares the contracts with it.
pub mod place {
    use crate::commitment::SUBJECT_WORDS;

    /// Clause 9.1: [`PublicInputs::registry_root`](super::PublicInputs::registry_root).
    pub const REGISTRY_ROOT: usize = 0;
    /// Clause 9.2: [`PublicInputs::email_commitment`](super::PublicInputs::email_commitment).
    pub const EMAIL_COMMITMENT: usize = 1;
    /// Clause 9.3: [`PublicInputs::not_before`](super::PublicInputs::not_before).
    pub const NOT_BEFORE: usize = 2;
    /// Clause 9.4: [`PublicInputs::nullifier`](super::PublicInputs::nullifier).
    pub const NULLIFIER: usize = 3;
    /// The first word of [`PublicInputs::subject`](super::PublicInputs::subject); the others follow.
    pub const SUBJECT: usize = 4;

    const _: () = assert!(SUBJECT + SUBJECT_WORDS == super::PUBLIC_INPUTS);
}

/// Everything that a proof hides.
#[derive(Clone, PartialEq, Eq)]
pub struct StatementInput {
    /// The signed header block.
    pub header: Vec<u8>,
    /// The signature as a number s; it must be below the modulus.
    pub signature: BigUint,
    /// The provider's RSA modulus, of 2,048 bits; the exponent is 65537.
    pub modulus: BigUint,
    /// The account owner's salt.
    pub salt: Salt,
    /// Where the key lies in the registry.
    pub path: MerklePath,
    /// The bound of the time that is revealed; at most `t=`, so 0 where there is none.
    pub not_before: u64,
    /// How the Subject is read.
    pub reading: Reading,
}

/// Shows nothing of the contents.
impl fmt::Debug for StatementInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StatementInput(header of {} bytes, rest redacted)", self.header.len())
    }
}

impl Drop for StatementInput {
    fn drop(&mut self) {
        self.header.zeroize();
        rsa::wipe(&mut self.signature);
    }
}

/// What a proof reveals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicInputs {
    /// Root of the key registry.
    pub registry_root: RegistryRoot,
    /// `H(EMAIL, salt, address words)` of the lowered From address (clause 9.2).
    pub email_commitment: EmailCommitment,
    /// The `t=` tag is not below it; 0 says nothing.
    pub not_before: u64,
    /// `H(NULLIFIER, salt, digest halves)` of the block's SHA-256 (clause 9.4).
    pub nullifier: Nullifier,
    /// The whole Subject, 31 bytes to a word, or the command that it is sealed over (clause 9.5).
    pub subject: PackedSubject,
}

impl PublicInputs {
    /// The inputs in the order of [`place`].
    pub fn to_instances(&self) -> [Fr; PUBLIC_INPUTS] {
        let mut instances = [Fr::ZERO; PUBLIC_INPUTS];
        instances[place::REGISTRY_ROOT] = self.registry_root.0;
        instances[place::EMAIL_COMMITMENT] = self.email_commitment.0;
        instances[place::NOT_BEFORE] = Fr::from(self.not_before);
        instances[place::NULLIFIER] = self.nullifier.0;
        instances[place::SUBJECT..].copy_from_slice(&self.subject.0);
        instances
    }
}

/// Evaluates the statement. The root is what the path gives: whether it is the registry's, the
/// verifier decides.
pub fn evaluate(input: &StatementInput) -> Result<PublicInputs, Refusal> {
    let view = header::parse(&input.header)?;
    let digest: [u8; 32] = Sha256::digest(&input.header).into();
    rsa::verify(&digest, &input.signature, &input.modulus)?;
    if input.path.index >> DEPTH != 0 {
        let detail = format!("slot {} of a tree of depth {DEPTH}", input.path.index);
        return Err(Refusal::new(Rule::Registry, Place::part(Part::Registry), detail));
    }
    // The grammar bounds all three lengths; the refusals below are out of reach.
    let too_long = |rule| {
        move || Refusal::new(rule, Place::part(Part::SignedHeader), "a value that is too long")
    };
    let leaf =
        commitment::leaf(&view.domain, &input.modulus).ok_or_else(too_long(Rule::AddressLength))?;
    if input.not_before > view.timestamp {
        let detail = match view.timestamp {
            0 => "the signature has no t=, so nothing but 0 can be shown".into(),
            time => format!("the bound {} is later than t={time}", input.not_before),
        };
        return Err(Refusal::new(Rule::NotBefore, Place::part(Part::Input), detail));
    }
    let subject = match &input.reading {
        Reading::Clear => {
            PackedSubject::pack(&view.subject).ok_or_else(too_long(Rule::SubjectText))?
        }
        Reading::Sealed { command, blinding } => {
            open(&view.subject, command, blinding)?;
            PackedSubject::sealed(*command)
        }
    };
    Ok(PublicInputs {
        registry_root: input.path.root(leaf),
        email_commitment: commitment::email_commitment(&input.salt, &view.address)
            .ok_or_else(too_long(Rule::AddressLength))?,
        not_before: input.not_before,
        nullifier: commitment::nullifier(&input.salt, &digest),
        subject,
    })
}

/// Clause 2.4: the Subject is the seal of the command under the blinding.
fn open(subject: &[u8], command: &CommandHash, blinding: &Blinding) -> Result<(), Refusal> {
    let refuse = |detail, hint| {
        let place = Place::part(Part::SignedHeader);
        Err(Refusal::new(Rule::SealedSubject, place, detail).hint(hint))
    };
    match spelt_seal(subject) {
        None => refuse(
            "the Subject is not `zkdkim ` and 43 characters of base64url",
            "it is read in clear, or the mail is another one",
        ),
        Some(element) if element != seal(command, blinding) => refuse(
            "the Subject is sealed over another command, or with another blinding",
            "take the blinding that was made with this mail's Subject, and the same command",
        ),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::KeyRegistry;
    use crate::sealed::sealed_subject;
    use ::rsa::signature::{SignatureEncoding, Signer};
    use ::rsa::{pkcs1v15::SigningKey, traits::PublicKeyParts, RsaPrivateKey};
    use rand::SeedableRng;

    const HEADER: &str = "from:Ann <Ann@Example.org>\r\nsubject:hello\r\ndkim-signature:v=1; \
                          a=rsa-sha256; c=relaxed; d=example.org; t=17; b=";

    fn input(header: &str) -> (StatementInput, KeyRegistry) {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(2);
        let key = RsaPrivateKey::new(&mut rng, 2048).unwrap();
        let modulus = BigUint::from_bytes_be(&key.n().to_bytes_be());
        let signature = SigningKey::<Sha256>::new(key).sign(header.as_bytes()).to_vec();
        let mut registry = KeyRegistry::new();
        registry.add("other.org", modulus.clone()).unwrap();
        let slot = registry.add("example.org", modulus.clone()).unwrap();
        let input = StatementInput {
            header: header.into(),
            signature: BigUint::from_bytes_be(&signature),
            modulus,
            salt: Salt::new(Fr::from(99)),
            path: registry.path(slot).unwrap(),
            not_before: 17,
            reading: Reading::Clear,
        };
        (input, registry)
    }

    #[test]
    fn public_inputs_come_from_the_block() {
        let (input, registry) = input(HEADER);
        let got = evaluate(&input).unwrap();
        let digest = Sha256::digest(HEADER).into();
        assert_eq!(got.registry_root, registry.root());
        let commitment = commitment::email_commitment(&input.salt, b"ann@example.org");
        assert_eq!(Some(got.email_commitment), commitment);
        assert_eq!(got.not_before, 17);
        assert_eq!(got.nullifier, commitment::nullifier(&input.salt, &digest));
        let instances = got.to_instances();
        assert_eq!(instances[2], Fr::from(17));
        assert_eq!(instances[4], commitment::pack_bytes(b"hello", 1).unwrap()[0]);
        assert_eq!(instances[5..], [Fr::ZERO; 5]);
    }

    #[test]
    fn each_changed_part_is_refused_or_changes_the_outcome() {
        let (input, _) = input(HEADER);
        let honest = evaluate(&input).unwrap();
        let rule = |change: &dyn Fn(&mut StatementInput)| {
            let mut changed = input.clone();
            change(&mut changed);
            evaluate(&changed).map_err(|refusal| refusal.rule)
        };
        assert_eq!(rule(&|i| i.header[5] = b'a'), Err(Rule::RsaSignature));
        assert_eq!(rule(&|i| i.header.clear()), Err(Rule::HeaderSyntax));
        assert_eq!(rule(&|i| i.signature += 1u32), Err(Rule::RsaSignature));
        assert_eq!(rule(&|i| i.signature += &i.modulus), Err(Rule::SignatureEncoding));
        assert_eq!(rule(&|i| i.modulus += 2u32), Err(Rule::RsaSignature));
        assert_eq!(rule(&|i| i.path.index |= 1 << 20), Err(Rule::Registry));
        assert_eq!(rule(&|i| i.modulus -= 1u32), Err(Rule::KeySize), "even");
        assert_eq!(rule(&|i| i.not_before = 18), Err(Rule::NotBefore));
        assert_eq!(rule(&|i| i.not_before = 0).map(|public| public.not_before), Ok(0));
        let other = rule(&|i| i.path.index ^= 1).unwrap();
        assert_ne!(other.registry_root, honest.registry_root);
        let other = rule(&|i| i.salt = Salt::new(i.salt.expose() + Fr::ONE)).unwrap();
        assert_ne!(other.email_commitment, honest.email_commitment);
        assert_ne!(other.nullifier, honest.nullifier);
    }

    #[test]
    fn a_sealed_subject_reveals_its_command_or_itself() {
        let (command, blinding) = (CommandHash([7; 31]), Blinding::new(-Fr::from(3)));
        let text = sealed_subject(&command, &blinding);
        let (mut input, _) = input(&HEADER.replace("hello", &text));
        let clear = evaluate(&input).unwrap().subject;
        assert_eq!((clear.unpack(), clear.command()), (Some(text), None));
        input.reading = Reading::Sealed { command, blinding: blinding.clone() };
        let got = evaluate(&input).unwrap().subject;
        assert_eq!(got.command(), Some(command));
        for reading in [
            Reading::Sealed { command: CommandHash([8; 31]), blinding },
            Reading::Sealed { command, blinding: Blinding::new(Fr::from(3)) },
        ] {
            input.reading = reading;
            assert_eq!(evaluate(&input).unwrap_err().rule, Rule::SealedSubject);
        }
    }

    #[test]
    fn a_clear_subject_is_not_read_as_sealed() {
        let (mut input, _) = input(HEADER);
        let (command, blinding) = (CommandHash([7; 31]), Blinding::new(Fr::ONE));
        input.reading = Reading::Sealed { command, blinding };
        assert_eq!(evaluate(&input).unwrap_err().rule, Rule::SealedSubject);
    }

    #[test]
    fn without_a_time_only_zero_can_be_shown() {
        let (mut input, _) = input(&HEADER.replace("t=17; ", ""));
        assert_eq!(evaluate(&input).unwrap_err().rule, Rule::NotBefore);
        input.not_before = 0;
        assert_eq!(evaluate(&input).unwrap().not_before, 0);
    }

    #[test]
    fn debug_shows_no_secret() {
        let (input, _) = input(HEADER);
        let shown = format!("{input:?}");
        assert!(!shown.contains("xample") && !shown.contains("99"));
        assert!(shown.contains(&format!("header of {} bytes", HEADER.len())), "{shown}");
    }
}
