//! The few DER structures of an RSA public key (RFC 5280 §4.1, RFC 8017 A.1.1), strictly.

use num_bigint::BigUint;

/// A modulus and an exponent.
pub(crate) type RsaKey = (BigUint, BigUint);

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;

/// The object identifier `rsaEncryption`, 1.2.840.113549.1.1.1.
const RSA_ENCRYPTION: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// Its parameters: RFC 3279 §2.3.1 wants NULL, and some key generators leave it out.
const NULL: &[u8] = &[0x05, 0x00];

/// A SubjectPublicKeyInfo for RSA, or a bare RSAPublicKey; nothing may follow.
pub(crate) fn rsa_public_key(der: &[u8]) -> Result<RsaKey, &'static str> {
    let (body, rest) = take(der, SEQUENCE)?;
    empty(rest)?;
    if body.first() == Some(&INTEGER) {
        return integers(body);
    }
    let (algorithm, body) = take(body, SEQUENCE)?;
    match algorithm.strip_prefix(RSA_ENCRYPTION) {
        Some(parameters) if parameters.is_empty() || parameters == NULL => {}
        _ => return Err("the key is not an RSA key"),
    }
    let (bits, rest) = take(body, BIT_STRING)?;
    empty(rest)?;
    let Some((0, key)) = bits.split_first().map(|(unused, key)| (*unused, key)) else {
        return Err("the key's bit string is not whole bytes");
    };
    let (body, rest) = take(key, SEQUENCE)?;
    empty(rest)?;
    integers(body)
}

fn integers(body: &[u8]) -> Result<RsaKey, &'static str> {
    let (modulus, rest) = positive(body)?;
    let (exponent, rest) = positive(rest)?;
    empty(rest)?;
    // A product of two large primes is odd; everybody could factor this one.
    if !modulus.bit(0) {
        return Err("an even modulus");
    }
    Ok((modulus, exponent))
}

fn positive(input: &[u8]) -> Result<(BigUint, &[u8]), &'static str> {
    let (bytes, rest) = take(input, INTEGER)?;
    match bytes {
        [] => Err("an empty integer"),
        [0x80..=0xff, ..] => Err("a negative integer"),
        [0, 0..=0x7f, ..] => Err("an integer with a superfluous zero byte"),
        _ => Ok((BigUint::from_bytes_be(bytes), rest)),
    }
}

fn empty(rest: &[u8]) -> Result<(), &'static str> {
    match rest {
        [] => Ok(()),
        _ => Err("bytes after the end of the key"),
    }
}

/// The contents of the element with this tag, and what follows it; shortest lengths only.
fn take(input: &[u8], tag: u8) -> Result<(&[u8], &[u8]), &'static str> {
    let (len, rest) = match input {
        [found, ..] if *found != tag => return Err("another structure than an RSA public key"),
        [_, len @ 0..=0x7f, rest @ ..] => (usize::from(*len), rest),
        [_, 0x81, len @ 0x80..=0xff, rest @ ..] => (usize::from(*len), rest),
        [_, 0x82, high @ 1..=0xff, low, rest @ ..] => {
            (usize::from(*high) << 8 | usize::from(*low), rest)
        }
        [_, 0x80..=0xff, ..] => return Err("a malformed length"),
        _ => return Err("the key is cut off"),
    };
    if len > rest.len() {
        return Err("the key is cut off");
    }
    Ok(rest.split_at(len))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(tag: u8, body: &[u8]) -> Vec<u8> {
        let len = match body.len() {
            n @ 0..=0x7f => vec![n as u8],
            n @ 0x80..=0xff => vec![0x81, n as u8],
            n => vec![0x82, (n >> 8) as u8, n as u8],
        };
        [&[tag][..], &len, body].concat()
    }

    fn bare(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
        element(SEQUENCE, &[element(INTEGER, modulus), element(INTEGER, exponent)].concat())
    }

    fn spki(key: &[u8]) -> Vec<u8> {
        spki_with(key, NULL)
    }

    fn spki_with(key: &[u8], parameters: &[u8]) -> Vec<u8> {
        let bits = element(BIT_STRING, &[&[0][..], key].concat());
        let algorithm = element(SEQUENCE, &[RSA_ENCRYPTION, parameters].concat());
        element(SEQUENCE, &[algorithm, bits].concat())
    }

    #[test]
    fn accepts_both_forms() {
        let mut modulus = vec![0xc5; 256];
        modulus.insert(0, 0);
        let key = bare(&modulus, &[1, 0, 1]);
        let want = (BigUint::from_bytes_be(&modulus), BigUint::from(65537u32));
        assert_eq!(rsa_public_key(&key), Ok(want.clone()));
        assert_eq!(rsa_public_key(&spki(&key)), Ok(want));
    }

    #[test]
    fn null_may_be_missing_and_nothing_else_may_stand_there() {
        let key = bare(&[5], &[3]);
        assert_eq!(rsa_public_key(&spki_with(&key, &[])), rsa_public_key(&spki(&key)));
        for parameters in [&[0x05][..], &[0x05, 0x01, 0x00], &[0x05, 0x00, 0x00], &[0x30, 0x00]] {
            let got = rsa_public_key(&spki_with(&key, parameters));
            assert_eq!(got, Err("the key is not an RSA key"), "{parameters:?}");
        }
    }

    /// Bytes behind the key are room for a second meaning: another parser may read them.
    #[test]
    fn nothing_may_follow_in_any_of_the_structures() {
        let key = bare(&[5], &[3]);
        let with_more = |body: &[u8]| [body, &[5, 0]].concat();
        let algorithm = element(SEQUENCE, &[RSA_ENCRYPTION, NULL].concat());
        let bits = |key: &[u8]| element(BIT_STRING, &[&[0][..], key].concat());
        let integers = [element(INTEGER, &[5]), element(INTEGER, &[3])].concat();
        let outer = |bits: &[u8]| element(SEQUENCE, &[&algorithm[..], bits].concat());
        assert_eq!(outer(&bits(&key)), spki(&key));
        for (der, place) in [
            (with_more(&spki(&key)), "behind the SubjectPublicKeyInfo"),
            (outer(&with_more(&bits(&key))), "behind its BIT STRING"),
            (outer(&bits(&with_more(&key))), "in the BIT STRING, behind the RSAPublicKey"),
            (spki(&element(SEQUENCE, &with_more(&integers))), "behind the exponent"),
            (with_more(&key), "behind a bare RSAPublicKey"),
            (element(SEQUENCE, &with_more(&integers)), "behind a bare key's exponent"),
        ] {
            assert_eq!(rsa_public_key(&der), Err("bytes after the end of the key"), "{place}");
        }
        let unused_bits = element(BIT_STRING, &[&[1][..], &key].concat());
        let empty = element(BIT_STRING, &[]);
        for bits in [unused_bits, empty] {
            assert_eq!(
                rsa_public_key(&outer(&bits)),
                Err("the key's bit string is not whole bytes")
            );
        }
    }

    #[test]
    fn lengths_have_one_form() {
        for (len, head) in [
            (0x7f, &[0x7f][..]),
            (0x80, &[0x81, 0x80]),
            (0xff, &[0x81, 0xff]),
            (0x100, &[0x82, 1, 0]),
            (0xffff, &[0x82, 0xff, 0xff]),
        ] {
            let body = vec![7; len];
            let whole = [&[INTEGER], head, &body, &[9]].concat();
            assert_eq!(take(&whole, INTEGER), Ok((&body[..], &[9][..])), "{len}");
            assert_eq!(
                take(&whole[..whole.len() - 2], INTEGER),
                Err("the key is cut off"),
                "{len}"
            );
        }
        for longer in [&[0x81, 0x7f][..], &[0x81, 0], &[0x82, 0, 0xff], &[0x83, 1, 0, 0], &[0x80]] {
            let whole = [&[INTEGER], longer, &[7; 300][..]].concat();
            assert_eq!(take(&whole, INTEGER), Err("a malformed length"), "{longer:?}");
        }
        assert_eq!(take(&[INTEGER, 0x82, 1], INTEGER), Err("a malformed length"));
    }

    #[test]
    fn rejects_malformed_keys() {
        let key = bare(&[5], &[3]);
        let mut trailing = key.clone();
        trailing.push(0);
        let long_length = [&[SEQUENCE, 0x81, 6][..], &key[2..]].concat();
        let other = spki(&key).iter().map(|&b| if b == 0x86 { 0x87 } else { b }).collect();
        for (der, what) in [
            (vec![], "cut off"),
            (vec![SEQUENCE], "cut off"),
            (vec![SEQUENCE, 0x80], "malformed length"),
            (vec![SEQUENCE, 0x84, 0xff, 0xff, 0xff, 0xff], "malformed length"),
            (vec![INTEGER, 1, 1], "another structure"),
            (trailing, "after the end"),
            (key[..key.len() - 1].to_vec(), "cut off"),
            (long_length, "malformed length"),
            (other, "not an RSA key"),
            (bare(&[], &[3]), "empty"),
            (bare(&[6], &[3]), "even modulus"),
            (bare(&[0x80], &[3]), "negative"),
            (bare(&[0, 5], &[3]), "superfluous"),
            (spki(&[]), "cut off"),
        ] {
            let got = rsa_public_key(&der).unwrap_err();
            assert!(got.contains(what), "{der:?}: {got}");
        }
    }

    #[test]
    fn no_truncation_or_flip_panics() {
        let key = spki(&bare(&[0x55; 64], &[1, 0, 1]));
        for end in 0..key.len() {
            assert!(rsa_public_key(&key[..end]).is_err());
        }
        for at in 0..key.len() {
            for bit in 0..8 {
                let mut flipped = key.clone();
                flipped[at] ^= 1 << bit;
                let _ = rsa_public_key(&flipped);
            }
        }
    }
}
