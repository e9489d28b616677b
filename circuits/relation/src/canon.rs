//! Canonicalisation of RFC 6376 §3.4 and the body hash.

use sha2::{Digest, Sha256};

/// A canonicalisation algorithm; header and body have one each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Canonicalisation {
    /// RFC 6376 §3.4.1, §3.4.3: almost as it stands.
    Simple,
    /// RFC 6376 §3.4.2, §3.4.4: white space folded together.
    Relaxed,
}

impl Canonicalisation {
    /// The name in a `c=` tag.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Relaxed => "relaxed",
        }
    }
}

/// A relaxed header field without the final CRLF: lower-case name, colon, relaxed value.
pub fn relaxed_field(name: &[u8], value: &[u8]) -> Vec<u8> {
    let mut out = name.to_ascii_lowercase();
    while out.last().is_some_and(|b| is_wsp(*b)) {
        out.pop();
    }
    out.push(b':');
    out.extend(relaxed_value(value));
    out
}

/// A relaxed header value: unfolded, runs of white space one space, none at either end.
pub fn relaxed_value(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut space = false;
    let mut at = 0;
    while at < value.len() {
        match value[at] {
            b' ' | b'\t' => space = true,
            // A CRLF inside a field is a fold: it vanishes, the white space after it counts.
            b'\r' if value.get(at + 1) == Some(&b'\n') => at += 1,
            byte => {
                if space && !out.is_empty() {
                    out.push(b' ');
                }
                space = false;
                out.push(byte);
            }
        }
        at += 1;
    }
    out
}

/// The canonical form of a body, whose SHA-256 is signed as `bh=` (RFC 6376 §3.7).
pub fn body(canonicalisation: Canonicalisation, body: &[u8]) -> Vec<u8> {
    match canonicalisation {
        Canonicalisation::Simple => simple_body(body),
        Canonicalisation::Relaxed => relaxed_body(body),
    }
}

/// Exactly one CRLF at the end, also for an empty body.
pub fn simple_body(body: &[u8]) -> Vec<u8> {
    let mut out = without_final_crlf(body).to_vec();
    out.extend_from_slice(b"\r\n");
    out
}

/// White space folded in each line, none at its end, no empty lines at the end of the body.
pub fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    // Blank lines are held back: they count only if another line follows.
    let mut blank_lines = 0;
    while !rest.is_empty() {
        let (line, next) = match rest.windows(2).position(|pair| pair == b"\r\n") {
            Some(end) => (&rest[..end], &rest[end + 2..]),
            None => (rest, &rest[rest.len()..]),
        };
        let start = out.len();
        let mut space = false;
        for &byte in line {
            if is_wsp(byte) {
                space = true;
                continue;
            }
            if out.len() == start {
                out.extend(b"\r\n".repeat(std::mem::take(&mut blank_lines)));
            }
            if space {
                out.push(b' ');
            }
            space = false;
            out.push(byte);
        }
        if out.len() == start {
            blank_lines += 1;
        } else {
            out.extend_from_slice(b"\r\n");
        }
        rest = next;
    }
    out
}

/// The body hash that belongs into `bh=`.
pub fn body_hash(canonicalisation: Canonicalisation, bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(body(canonicalisation, bytes)).into()
}

fn without_final_crlf(mut body: &[u8]) -> &[u8] {
    while let Some(shorter) = body.strip_suffix(b"\r\n") {
        body = shorter;
    }
    body
}

fn is_wsp(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rfc_6376_examples() {
        // §3.4.5
        assert_eq!(relaxed_field(b"A", b" X"), b"a:X");
        assert_eq!(relaxed_field(b"B ", b" Y\t\r\n\tZ  "), b"b:Y Z");
        let text = b" C \r\nD \t E\r\n\r\n\r\n";
        assert_eq!(relaxed_body(text), b" C\r\nD E\r\n");
        assert_eq!(simple_body(text), b" C \r\nD \t E\r\n");
    }

    #[test]
    fn body_edges() {
        for (text, simple, relaxed) in [
            (&b""[..], &b"\r\n"[..], &b""[..]),
            (b"\r\n", b"\r\n", b""),
            (b"\r\n\r\n", b"\r\n", b""),
            (b" \t\r\n", b" \t\r\n", b""),
            (b"a", b"a\r\n", b"a\r\n"),
            (b"a ", b"a \r\n", b"a\r\n"),
            (b"\r\n \r\na", b"\r\n \r\na\r\n", b"\r\n\r\na\r\n"),
            (b"a\rb\nc \n", b"a\rb\nc \n\r\n", b"a\rb\nc \n\r\n"),
            (b"a\r\r\n", b"a\r\r\n", b"a\r\r\n"),
        ] {
            assert_eq!(simple_body(text), simple, "{text:?}");
            assert_eq!(relaxed_body(text), relaxed, "{text:?}");
        }
    }

    #[test]
    fn header_edges() {
        for (value, want) in [
            (&b""[..], &b""[..]),
            (b" \t ", b""),
            (b" a ", b"a"),
            (b"a\r\n\r\n b", b"a b"),
            (b"a\rb", b"a\rb"),
            (b"a\nb", b"a\nb"),
            (b"a\r\n b\r\n\t", b"a b"),
        ] {
            assert_eq!(relaxed_value(value), want, "{value:?}");
        }
    }

    fn lumpy() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            Just(b" ".to_vec()),
            Just(b"\t".to_vec()),
            Just(b"\r\n".to_vec()),
            Just(b"\r".to_vec()),
            Just(b"\n".to_vec()),
            proptest::collection::vec(any::<u8>(), 0..4),
        ];
        proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    fn seeded(cases: u32) -> ProptestConfig {
        ProptestConfig {
            cases,
            failure_persistence: None,
            rng_seed: proptest::test_runner::RngSeed::Fixed(0x7a6b_646b_696d),
            ..ProptestConfig::default()
        }
    }

    proptest! {
        #![proptest_config(seeded(2000))]

        #[test]
        fn bodies_are_idempotent(text in lumpy()) {
            for c in [Canonicalisation::Simple, Canonicalisation::Relaxed] {
                let once = body(c, &text);
                prop_assert_eq!(&body(c, &once), &once);
                prop_assert!(once.is_empty() || once.ends_with(b"\r\n"));
            }
        }

        #[test]
        fn header_values_are_idempotent(text in lumpy()) {
            // A CR that a removed CRLF brings next to an LF is no fold of the original.
            let once = relaxed_value(&text);
            prop_assume!(!once.windows(2).any(|pair| pair == b"\r\n"));
            prop_assert_eq!(relaxed_value(&once), once);
        }

        #[test]
        fn relaxed_bodies_ignore_trailing_space(text in lumpy()) {
            let padded = [&text[..], b" \r\n \t\r\n"].concat();
            prop_assert_eq!(relaxed_body(&padded), relaxed_body(&text));
        }
    }
}
