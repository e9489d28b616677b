//! Header blocks that break the grammar in one place, of which it is known which.
//!
//! A valid block is taken apart along the spans that the parser reports (fields, address, tags) and put together again
//! with one part changed. Not every change breaks a rule (a second unknown tag breaks none): which do is for the native
//! parser to say.

use rand::{seq::SliceRandom, Rng};
use zkdkim_relation::header::{self, HeaderView, MAX_HEADER_BYTES, MAX_SUBJECT_BYTES};

/// A block in parts, without the CRLF of its fields and the semicolons of its tags.
#[derive(Clone)]
struct Parts {
    fields: Vec<Vec<u8>>,
    tags: Vec<Vec<u8>>,
}

const SIGNATURE: &[u8] = b"dkim-signature:";

impl Parts {
    fn of(block: &[u8], view: &HeaderView) -> Self {
        let (head, tags) = block.split_at(view.signature_span.start);
        let head = &head[..head.len() - SIGNATURE.len()];
        let mut fields = Vec::new();
        let mut rest = head;
        while let Some(at) = rest.windows(2).position(|pair| pair == b"\r\n") {
            fields.push(rest[..at].to_vec());
            rest = &rest[at + 2..];
        }
        Self { fields, tags: tags.split(|b| *b == b';').map(<[u8]>::to_vec).collect() }
    }

    fn join(&self) -> Vec<u8> {
        let fields = self.fields.iter().flat_map(|field| [field, &b"\r\n"[..]].concat());
        fields.chain(SIGNATURE.iter().copied()).chain(self.tags.join(&b';')).collect()
    }

    fn field(&mut self, name: &[u8]) -> &mut Vec<u8> {
        let own = |field: &&mut Vec<u8>| field.starts_with(&[name, b":"].concat());
        self.fields.iter_mut().find(own).expect("a field that every block has")
    }

    fn tag(&mut self, name: u8) -> Option<&mut Vec<u8>> {
        let own = |tag: &&mut Vec<u8>| {
            let text: Vec<u8> = tag.iter().copied().filter(|b| *b != b' ').take(2).collect();
            text == [name, b'=']
        };
        self.tags.iter_mut().find(own)
    }
}

/// One way of changing a block; nothing where it does not apply.
type Change<R> = fn(&[u8], &HeaderView, &mut R) -> Option<Vec<u8>>;

/// Bytes that stand for classes of the grammar, and its neighbours.
const BYTES: [u8; 40] = *b"\0\t\n\r !\"#'()+,-./09:;<=>?@AZ[\\]_`az{}~\x7f\x80\xff";

/// Values that tags must not have, or just may.
const VALUES: [(u8, &[&[u8]]); 5] = [
    (b'v', &[b"", b"2", b"11", b"1.0", b"01"]),
    (b'a', &[b"", b"rsa-sha1", b"rsa-sha25", b"rsa-sha2566", b"ed25519-sha256"]),
    (b'c', &[b"", b"simple", b"simple/relaxed", b"relaxe", b"relaxedd", b"relaxed/ ", b"relaxed/"]),
    (b't', &[b"", b"-1", b"1.5", b"0x7", b"1 7", b"1234567890123", b"+7", b"000000000000"]),
    (b'd', &[b"", b"x", b".", b"a..b", b"a b.c", b"a_b.c", b"\xe9.fr"]),
];

fn parts<R: Rng>(
    block: &[u8],
    view: &HeaderView,
    rng: &mut R,
    change: impl FnOnce(&mut Parts, &mut R) -> Option<()>,
) -> Option<Vec<u8>> {
    let mut parts = Parts::of(block, view);
    change(&mut parts, rng)?;
    Some(parts.join())
}

/// Puts, takes or changes a byte in a range of the block.
fn nick<R: Rng>(block: &[u8], span: std::ops::Range<usize>, rng: &mut R) -> Option<Vec<u8>> {
    let mut block = block.to_vec();
    let byte = *BYTES.choose(rng)?;
    let at = |rng: &mut R| (!span.is_empty()).then(|| rng.gen_range(span.clone()));
    match rng.gen_range(0..4) {
        0 => drop(block.remove(at(rng)?)),
        1 => block.insert(rng.gen_range(span.start..=span.end), byte),
        2 => block[at(rng)?] = byte,
        _ => {
            let at = at(rng)?;
            block.insert(at, block[at]);
        }
    }
    Some(block)
}

/// All ways, each by the part of the grammar that it is about.
fn changes<R: Rng>() -> Vec<(&'static str, Change<R>)> {
    vec![
        ("a field is missing", |b, v, rng| {
            parts(b, v, rng, |p, rng| {
                let name: &[u8] = [&b"from"[..], b"subject"][rng.gen_range(0..2)];
                p.field(name).splice(0..1, *b"x");
                Some(())
            })
        }),
        ("a field stands twice", |b, v, rng| {
            parts(b, v, rng, |p, rng| {
                let name: &[u8] =
                    [&b"from"[..], b"subject", b"dkim-signature"][rng.gen_range(0..3)];
                let text = match name {
                    b"dkim-signature" => [SIGNATURE, &p.tags.join(&b';')].concat(),
                    name => p.field(name).clone(),
                };
                let at = rng.gen_range(0..=p.fields.len());
                p.fields.insert(at, text);
                Some(())
            })
        }),
        ("a field has no name, or no colon", |b, v, rng| {
            parts(b, v, rng, |p, rng| {
                let field = p.fields.choose_mut(rng)?;
                let colon = field.iter().position(|b| *b == b':')?;
                match rng.gen_range(0..3) {
                    0 => drop(field.drain(..colon)),
                    1 => drop(field.remove(colon)),
                    _ => field
                        .insert(rng.gen_range(0..colon + 1), *b" \t\r\n\x7f\x80:A".choose(rng)?),
                }
                Some(())
            })
        }),
        ("a field's name in capitals", |b, v, rng| {
            parts(b, v, rng, |p, rng| {
                let field = p.fields.choose_mut(rng)?;
                field[0].make_ascii_uppercase();
                Some(())
            })
        }),
        ("a field ends otherwise", |b, v, rng| {
            let ends: Vec<usize> = (0..v.signature_span.start - SIGNATURE.len())
                .filter(|at| b[*at..].starts_with(b"\r\n"))
                .collect();
            let at = *ends.choose(rng)?;
            let end =
                *[&b""[..], b"\r", b"\n", b"\r\r\n", b"\r\n\r\n", b"\n\r", b"\r\n "].choose(rng)?;
            let mut block = b.to_vec();
            block.splice(at..at + 2, end.iter().copied());
            Some(block)
        }),
        ("the signature is not last", |b, v, rng| {
            let more = *[&b"\r\n"[..], b"\r\nx:y\r\n", b"\r\nx:y", b"\r\nfrom:a@b.c", b"\r"]
                .choose(rng)?;
            let _ = v;
            Some([b, more].concat())
        }),
        ("From", |b, v, rng| nick(b, v.from_span.clone(), rng)),
        ("address", |b, v, rng| nick(b, v.address_span.clone(), rng)),
        ("domain of the address", |b, v, rng| nick(b, v.domain_span.clone(), rng)),
        ("what is around the address", |b, v, rng| {
            let mut block = b.to_vec();
            let (span, own) = (v.address_span.clone(), b[v.address_span.clone()].to_vec());
            let with = match rng.gen_range(0..8) {
                0 => [b"<", &own[..]].concat(),
                1 => [&own[..], b">"].concat(),
                2 => [b"<", &own[..], b">"].concat(),
                3 => [&own[..], b",", &own].concat(),
                4 => [b"\"", &own[..]].concat(),
                5 => [b"(c)", &own[..]].concat(),
                6 => [&own[..], b" "].concat(),
                _ => [b"@x.y:", &own[..]].concat(),
            };
            block.splice(span, with);
            Some(block)
        }),
        ("dots of the address", |b, v, rng| {
            let mut block = b.to_vec();
            let span = [v.address_span.clone(), v.domain_span.clone()][rng.gen_range(0..2)].clone();
            let at = *[span.start, span.end, v.domain_span.start - 1].choose(rng)?;
            block.insert(at, b'.');
            Some(block)
        }),
        ("address or domain too long", |b, v, rng| {
            let mut block = b.to_vec();
            let more = rng.gen_range(1..125);
            let at = *[v.address_span.start, v.domain_span.start].choose(rng)?;
            block.splice(at..at, vec![b'k'; more]);
            if at == v.domain_span.start {
                let signer = v.signing_domain_span.start + more;
                let signer = if v.from_span.start < v.signature_span.start { signer } else { at };
                block.splice(signer..signer, vec![b'k'; more]);
            }
            Some(block)
        }),
        ("the signer is another domain", |b, v, rng| nick(b, v.signing_domain_span.clone(), rng)),
        ("Subject", |b, v, rng| nick(b, v.subject_span.clone(), rng)),
        ("Subject about as long as it may be", |b, v, rng| {
            let mut block = b.to_vec();
            let length = MAX_SUBJECT_BYTES + rng.gen_range(0..4) - 1;
            block.splice(v.subject_span.clone(), vec![b's'; length]);
            Some(block)
        }),
        ("a tag is missing", |b, v, rng| {
            parts(b, v, rng, |p, rng| {
                let tag = p.tag(*b"vacd".choose(rng)?)?.clone();
                p.tags.retain(|own| *own != tag);
                Some(())
            })
        }),
        ("a tag stands twice", |b, v, rng| {
            parts(b, v, rng, |p, rng| {
                let tag = p.tag(*b"vacdt".choose(rng)?)?.clone();
                let at = rng.gen_range(0..=p.tags.len());
                p.tags.insert(at, tag);
                Some(())
            })
        }),
        ("a tag has another value", |b, v, rng| {
            parts(b, v, rng, |p, rng| {
                let (name, values) = *VALUES.choose(rng)?;
                let value = *values.choose(rng)?;
                let tag = [&[name, b'='], value].concat();
                match p.tag(name) {
                    Some(own) => *own = tag,
                    None => p.tags.insert(0, tag),
                }
                Some(())
            })
        }),
        ("the signature limits the body", |b, v, rng| {
            parts(b, v, rng, |p, rng| {
                let tag = *[&b"l=0"[..], b" l = 9", b"l=", b"L=1", b"l_=1", b"ll=1"].choose(rng)?;
                let at = rng.gen_range(0..=p.tags.len());
                p.tags.insert(at, tag.to_vec());
                Some(())
            })
        }),
        ("a tag of another form", |b, v, rng| {
            parts(b, v, rng, |p, rng| {
                let tag = *[
                    &b""[..],
                    b" ",
                    b"  ",
                    b"x",
                    b"=",
                    b"=1",
                    b"1x=1",
                    b"_x=1",
                    b"x y=1",
                    b"x-y=1",
                    b"  x=1",
                    b"x  =1",
                    b"x=  1",
                    b"x=1  ",
                    b"x\t=1",
                    b"x==1",
                    b"x=\"1\"",
                    b"x=\x7f",
                    b"x=\r\n 1",
                ]
                .choose(rng)?;
                let at = rng.gen_range(0..=p.tags.len());
                p.tags.insert(at, tag.to_vec());
                Some(())
            })
        }),
        ("tag list", |b, v, rng| nick(b, v.signature_span.clone(), rng)),
        ("a byte anywhere", |b, _, rng| nick(b, 0..b.len(), rng)),
        ("about as long as it may be", |b, v, rng| {
            let _ = v;
            let whole = MAX_HEADER_BYTES + rng.gen_range(0..4) - 1;
            let more = whole.checked_sub(b.len() + 4)?;
            Some([b"y:", &vec![b'y'; more][..], b"\r\n", b].concat())
        }),
        ("two parts change places", |b, v, rng| {
            parts(b, v, rng, |p, rng| {
                let (i, j) = (rng.gen_range(0..p.fields.len()), rng.gen_range(0..p.tags.len()));
                match rng.gen_range(0..3) {
                    0 => p.fields.swap(0, i),
                    1 => p.tags.swap(0, j),
                    _ => std::mem::swap(&mut p.fields[i], &mut p.tags[j]),
                }
                Some(())
            })
        }),
    ]
}

/// Changes a valid block in one place; with it what was done.
pub fn change(block: &[u8], rng: &mut impl Rng) -> Option<(&'static str, Vec<u8>)> {
    let view = header::parse(block).ok()?;
    let changes = changes();
    let (name, change) = changes.choose(rng)?;
    Some((*name, change(block, &view, rng)?))
}

/// How many ways there are.
pub fn ways() -> usize {
    changes::<rand_chacha::ChaCha8Rng>().len()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::SAMPLE_HEADER;

    #[test]
    fn parts_of_a_block_are_the_whole_of_it() {
        let block = SAMPLE_HEADER.as_bytes();
        let view = header::parse(block).expect("a valid block");
        assert_eq!(Parts::of(block, &view).join(), block);
    }

    #[test]
    fn every_way_breaks_some_rule_and_most_rules_are_broken() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let (mut ways_seen, mut rules) = (BTreeMap::new(), BTreeSet::new());
        for _ in 0..3_000 {
            let Some((way, block)) = change(SAMPLE_HEADER.as_bytes(), &mut rng) else { continue };
            let refused = header::parse(&block).err();
            *ways_seen.entry(way).or_insert(0) += usize::from(refused.is_some());
            rules.extend(refused.map(|refusal| refusal.rule));
        }
        assert_eq!(ways_seen.len(), ways());
        let toothless: Vec<_> = ways_seen.iter().filter(|(_, refused)| **refused == 0).collect();
        assert!(toothless.is_empty(), "{toothless:?}");
        assert!(rules.len() >= 12, "{rules:?}");
    }
}
