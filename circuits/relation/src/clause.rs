//! The clauses of the relation: the one key to what is proved.
//!
//! The book's page on the relation is normative; it lists these clauses under the same numbers and ids. Everything that
//! makes a clause true, or shows that it is, names its id, so that one `git grep one-from` finds the [`Rule`] of the
//! tools, the gates and lookups of the circuit (`zkdkim_circuits::clauses`), the attacks on them (`Clauses:` above each test of
//! `circuits/attacks`), the stored messages (`clause` in `test-vectors`), the claims of SOUNDNESS.md and the rows of
//! SECURITY.md. Tests compare all of these with this list, in both directions.

use crate::refusal::Rule;

/// Who makes a clause true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeper {
    /// The circuit: there is no proof where it does not hold.
    Circuit,
    /// The proof system, by the curve that it works over.
    ProofSystem,
    /// Whoever verifies, natively or on chain, before looking at the proof.
    Verifier,
    /// The tools of an honest user, before proving; no proof says that it holds.
    Tools,
}

/// A clause of the relation, or a definition that it uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Chapter and number, as in the book.
    pub number: &'static str,
    /// The stable identifier, in kebab case.
    pub id: &'static str,
    /// In one sentence; the book's is the one that counts.
    pub text: &'static str,
    /// Who makes it true.
    pub keeper: Keeper,
}

const fn clause(number: &'static str, id: &'static str, text: &'static str) -> Clause {
    Clause { number, id, text, keeper: Keeper::Circuit }
}

const fn kept_by(
    keeper: Keeper,
    number: &'static str,
    id: &'static str,
    text: &'static str,
) -> Clause {
    Clause { number, id, text, keeper }
}

/// Every clause, in the order of the book. Chapter 0 defines, chapters 1 to 9 are the relation, chapter 10 is not proved.
pub const CLAUSES: &[Clause] = &[
    kept_by(Keeper::ProofSystem, "0.1", "field", "an element is one of the scalar field of BN254"),
    clause("0.2", "poseidon", "P is circomlib's Poseidon of two elements"),
    clause("0.3", "fold", "H folds P over its elements, from a tag on"),
    clause("0.4", "tags", "a tag is its text as a number, with the count of elements in it"),
    clause("0.5", "packing", "31 bytes are a word, big-endian, padded with zeros on the right"),
    clause("0.6", "modulus-words", "a modulus is ten words of 224 bits, the lowest first"),
    clause("0.7", "digest-halves", "a digest is two words of 128 bits, the high one first"),
    clause(
        "0.8",
        "merkle-path",
        "a path hashes a leaf with twenty siblings, by the bits of its slot",
    ),
    clause("0.9", "seal", "a command's seal is H(SEAL, command, blinding)"),
    clause("1.1", "rsa-signature", "s^65537 mod n is the whole PKCS#1 v1.5 encoding of SHA-256(B)"),
    clause("1.2", "key-size", "n is an odd number of exactly 2,048 bits"),
    clause("1.3", "key-exponent", "the exponent is 65537"),
    kept_by(
        Keeper::Tools,
        "1.4",
        "signature-encoding",
        "b= is 256 bytes and s is below n; nothing else depends on s",
    ),
    clause("2.1", "header-length", "B has at most 1,024 bytes"),
    clause(
        "2.2",
        "header-syntax",
        "B is a sequence of fields, with no TAB, bare CR, bare LF or fold",
    ),
    clause("2.3", "subject-text", "the Subject is at most 186 bytes of printable ASCII"),
    clause(
        "2.4",
        "sealed-subject",
        "a sealed Subject is `zkdkim ` and, in base64url, the seal of the command",
    ),
    clause("3.1", "one-from", "exactly one field is named from"),
    clause("3.2", "one-subject", "exactly one field is named subject"),
    clause("3.3", "signature-field-last", "the last field, and no other, is named dkim-signature"),
    clause("4.1", "from-grammar", "the From value is one mailbox from its first byte to its last"),
    clause("5.1", "address", "the address is that mailbox's addr-spec with A–Z lowered"),
    clause("5.2", "address-length", "the address has at most 124 bytes, its domain at most 62"),
    clause(
        "6.1",
        "tag-list",
        "the signature field is a tag list; a tag counts only at the start of a tag",
    ),
    clause("6.2", "version", "exactly one v=, which is 1"),
    clause("6.3", "algorithm", "exactly one a=, which is rsa-sha256"),
    clause("6.4", "canonicalisation", "exactly one c=, relaxed for the header"),
    clause("6.5", "signing-domain", "exactly one d=, of letters, digits, hyphens and dots"),
    clause("6.6", "length-tag", "no l="),
    clause("6.7", "timestamp", "at most one t=, of 1 to 12 digits"),
    clause(
        "7.1",
        "alignment",
        "the domains of the address, of d= and of the leaf are the same bytes",
    ),
    clause(
        "8.1",
        "registry",
        "the path from the leaf of domain and key has the root registry_root",
    ),
    clause("9.1", "input-root", "public input 0 is that root"),
    clause("9.2", "input-commitment", "public input 1 is the hash of salt and address"),
    clause("9.3", "input-not-before", "public input 2 is not above the number in t=, or 0"),
    clause("9.4", "input-nullifier", "public input 3 is the hash of salt and digest"),
    clause(
        "9.5",
        "input-subject",
        "public inputs 4 to 9 are the whole Subject, packed, or its command and a mark",
    ),
    kept_by(
        Keeper::Verifier,
        "9.6",
        "input-canonical",
        "there are ten public inputs, each below r",
    ),
    kept_by(Keeper::Tools, "10.1", "message-syntax", "the file is a well-formed message"),
    kept_by(Keeper::Tools, "10.2", "signature-present", "the message carries a DKIM signature"),
    kept_by(Keeper::Tools, "10.3", "identity", "the domain of i= is d= or below it"),
    kept_by(Keeper::Tools, "10.4", "signed-fields", "h= lists From and Subject"),
    kept_by(Keeper::Tools, "10.5", "body-hash", "bh= is the hash of the body"),
    kept_by(
        Keeper::Tools,
        "10.6",
        "key-record",
        "the key record is well formed and its key may be used",
    ),
];

impl Clause {
    /// The clause of an identifier.
    pub fn find(id: &str) -> Option<&'static Self> {
        CLAUSES.iter().find(|clause| clause.id == id)
    }

    /// The rule by which the tools refuse what breaks the clause: the one of the same identifier. Definitions have none, nor
    /// do public inputs, which nobody can get wrong before there is a proof.
    pub fn rule(&self) -> Option<Rule> {
        Rule::ALL.iter().copied().find(|rule| rule.id() == self.id)
    }

    /// The chapter of the book's page.
    pub fn chapter(&self) -> u32 {
        let digits = self.number.split('.').next().unwrap_or_default();
        digits.parse().unwrap_or_default()
    }

    /// Whether a message can break it: it is about bytes, not about a hash or a public input.
    pub fn is_about_messages(&self) -> bool {
        self.rule().is_some_and(Rule::is_about_messages)
    }
}

impl Rule {
    /// The clause that the rule refuses for: the one of the same identifier.
    ///
    /// # Panics
    /// Never: every rule is a clause, as a test of this module says.
    pub fn clause(self) -> &'static Clause {
        Clause::find(self.id()).expect("every rule is a clause, as a test says")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_a_clause_and_every_other_clause_is_about_no_message() {
        for rule in Rule::ALL {
            assert_eq!(rule.clause().rule(), Some(*rule));
        }
        for clause in CLAUSES.iter().filter(|clause| clause.rule().is_none()) {
            assert!(matches!(clause.chapter(), 0 | 5 | 9), "{} has no rule", clause.id);
        }
        assert_eq!(
            CLAUSES.iter().filter(|clause| clause.rule().is_some()).count(),
            Rule::ALL.len()
        );
    }

    #[test]
    fn a_message_can_break_every_rule_but_those_of_proving() {
        let others = CLAUSES.iter().filter(|c| c.rule().is_some() && !c.is_about_messages());
        let others: Vec<_> = others.map(|clause| clause.id).collect();
        assert_eq!(others, ["sealed-subject", "registry", "input-not-before"]);
    }

    #[test]
    fn numbers_go_up_and_ids_are_unique_and_in_kebab_case() {
        let parts = |clause: &Clause| -> Vec<u32> {
            clause.number.split('.').map(|part| part.parse().expect("a number")).collect()
        };
        for pair in CLAUSES.windows(2) {
            let (a, b) = (parts(&pair[0]), parts(&pair[1]));
            let next = b == [a[0], a[1] + 1] || b == [a[0] + 1, 1];
            assert!(next, "{} after {}", pair[1].number, pair[0].number);
        }
        for (i, clause) in CLAUSES.iter().enumerate() {
            assert!(
                clause.id.bytes().all(|b| b == b'-' || b.is_ascii_lowercase()),
                "{}",
                clause.id
            );
            assert_eq!(CLAUSES.iter().position(|other| other.id == clause.id), Some(i));
            assert!(!clause.text.is_empty());
        }
    }

    #[test]
    fn what_only_the_tools_refuse_stands_in_chapter_ten() {
        for clause in CLAUSES.iter().filter(|clause| clause.id != "signature-encoding") {
            assert_eq!(clause.keeper == Keeper::Tools, clause.chapter() == 10, "{}", clause.id);
        }
    }
}
