//! Boundary tables of the header grammar.

use super::*;

const TAGS: &str = "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=k; t=1700000000; b=";

fn block(from: &str, subject: &str, tags: &str) -> Vec<u8> {
    format!("from:{from}\r\nsubject:{subject}\r\ndkim-signature:{tags}").into_bytes()
}

fn from(value: &str) -> Result<String, Rule> {
    parse(&block(value, "hi", TAGS))
        .map(|view| String::from_utf8_lossy(&view.address).into_owned())
        .map_err(|refusal| refusal.rule)
}

fn tags(value: &str) -> Result<u64, Rule> {
    parse(&block("a@example.org", "hi", value)).map(|v| v.timestamp).map_err(|r| r.rule)
}

fn whole(text: &str) -> Result<(), (Rule, usize)> {
    let place = |r: Refusal| (r.rule, r.place.offset.unwrap_or(usize::MAX));
    parse(text.as_bytes()).map(|_| ()).map_err(place)
}

#[test]
fn accepts_and_locates_every_part() {
    let block = block("Ann <Ann.B@Example.ORG>", "Hello", TAGS);
    let view = parse(&block).unwrap();
    assert_eq!(view.address, b"ann.b@example.org");
    assert_eq!(view.domain, b"example.org");
    assert_eq!(view.subject, b"Hello");
    assert_eq!(view.timestamp, 1_700_000_000);
    assert_eq!(&block[view.from_span.clone()], b"Ann <Ann.B@Example.ORG>");
    assert_eq!(&block[view.address_span.clone()], b"Ann.B@Example.ORG");
    assert_eq!(&block[view.domain_span.clone()], b"Example.ORG");
    assert_eq!(&block[view.subject_span.clone()], b"Hello");
    assert_eq!(&block[view.signature_span.clone()], TAGS.as_bytes());
    assert_eq!(&block[view.signing_domain_span.clone()], b"example.org");
    assert_eq!(&block[view.timestamp_span.clone().unwrap()], b"1700000000");
}

#[test]
fn accepts_mailboxes() {
    for value in [
        "a@example.org",
        "<a@example.org>",
        "A <a@example.org>",
        "A<a@example.org>",
        "A B. C <a@example.org>",
        "A . <a@example.org>",
        "A .. B <a@example.org>",
        "=?utf-8?q?A_B?= <a@example.org>",
        "\"\" <a@example.org>",
        "\"\"<a@example.org>",
        "\"v@b.com <v@b.com>,\" <a@example.org>",
        "\"a\\\"b\\\\\" <a@example.org>",
        "\"two  spaces\" <a@example.org>",
    ] {
        assert_eq!(from(value).as_deref(), Ok("a@example.org"), "{value}");
    }
    let atext = "!#$%&'*+-/=?^_`{|}~@example.org";
    assert_eq!(from(atext).as_deref(), Ok(atext));
}

#[test]
fn rejects_mailboxes() {
    for value in [
        "",
        " a@example.org",
        "a@example.org ",
        "a@example.org,",
        "a@example.org, b@example.org",
        "a@example.org <b@example.org>",
        "a@example.org (b)",
        "(b) a@example.org",
        "A",
        "A <>",
        "<>",
        "A  <a@example.org>",
        "A  B <a@example.org>",
        ".A <a@example.org>",
        "A <a@example.org> ",
        "A <a@example.org>x",
        "A <a@example.org> <b@example.org>",
        "A < a@example.org>",
        "A <a@example.org >",
        "A <<a@example.org>>",
        "A <a@example.org",
        "A <@x.org:a@example.org>",
        "A: a@example.org;",
        "mailto:a@example.org",
        "\"a\"@example.org",
        "\"a\" a@example.org",
        "\"a\"b <a@example.org>",
        "\"a\"  <a@example.org>",
        "\"a\" \"b\" <a@example.org>",
        "A \"b\" <a@example.org>",
        "\"a <a@example.org>",
        "\"a\\",
        "\"a\u{7f}\" <a@example.org>",
        "é <a@example.org>",
        "a@example",
        "a@example.org.",
        "a@.example.org",
        "a@example..org",
        "a@-example.org",
        "a@example-.org",
        "a@example.-org",
        "a@example.org-",
        "a@exa_mple.org",
        "a@[127.0.0.1]",
        "a@@example.org",
        "a@b@example.org",
        ".a@example.org",
        "a.@example.org",
        "a..b@example.org",
        "a b@example.org",
        "A .@example.org",
        "@example.org",
        "a @example.org",
        "a@ example.org",
    ] {
        assert_eq!(from(value), Err(Rule::FromGrammar), "{value}");
    }
}

#[test]
fn a_refusal_points_at_the_byte() {
    let refusal = parse(&block("A <a@example.org>, b", "hi", TAGS)).unwrap_err();
    assert_eq!(refusal.place.offset, Some("from:A <a@example.org>".len()));
    assert!(refusal.detail.contains("','"), "{}", refusal.detail);
    assert!(refusal.hint.contains("From must be"), "{}", refusal.hint);
    for (from, subject, rule, before) in [
        ("a@x.-y", "hi", Rule::FromGrammar, "from:a@x.".len()),
        ("a@x.y-", "hi", Rule::FromGrammar, "from:a@x.y".len()),
        ("a@b-.cc", "hi", Rule::FromGrammar, "from:a@b".len()),
        ("A <a@b.cc", "hi", Rule::FromGrammar, "from:A <a@b.cc".len()),
        (&"a".repeat(200), "hi", Rule::FromGrammar, "from:".len() + 200),
        (
            &format!("{}@example.org", "a".repeat(120)),
            "hi",
            Rule::AddressLength,
            "from:".len() + MAX_ADDRESS_BYTES,
        ),
        (
            &format!("A <a@{}.org>", "d".repeat(60)),
            "hi",
            Rule::AddressLength,
            "from:A <a@".len() + MAX_DOMAIN_BYTES,
        ),
        ("a@b.cc", "ab\x00", Rule::SubjectText, "from:a@b.cc\r\nsubject:ab".len()),
        (
            "a@b.cc",
            &"s".repeat(200),
            Rule::SubjectText,
            "from:a@b.cc\r\nsubject:".len() + MAX_SUBJECT_BYTES,
        ),
    ] {
        let refusal = parse(&block(from, subject, TAGS)).unwrap_err();
        assert_eq!((refusal.rule, refusal.place.offset), (rule, Some(before)), "{from} {subject}");
        let form = refusal.hint.contains("From must be");
        assert_eq!(form, rule == Rule::FromGrammar, "{}", refusal.hint);
    }
    for (tags, before) in
        [("v=1;d=x\u{e9}", "v=1;d=x"), ("v=1;a b=1", "v=1;a "), ("v=1;a=x", "v=1;a=")]
    {
        let refusal = parse(&block("a@b.cc", "hi", tags)).unwrap_err();
        let at = "from:a@b.cc\r\nsubject:hi\r\ndkim-signature:".len() + before.len();
        assert_eq!(refusal.place.offset, Some(at), "{tags}");
    }
}

#[test]
fn address_lengths() {
    let tags = |domain: &str| TAGS.replace("example.org", domain);
    let parse_with = |local: usize, domain: usize| {
        let domain = format!("{}.org", "d".repeat(domain - 4));
        let from = format!("{}@{domain}", "l".repeat(local));
        parse(&block(&from, "hi", &tags(&domain))).map(|_| ()).map_err(|r| r.rule)
    };
    assert_eq!(parse_with(124 - 1 - 62, 62), Ok(()));
    assert_eq!(parse_with(124 - 62, 62), Err(Rule::AddressLength));
    assert_eq!(parse_with(1, 63), Err(Rule::AddressLength));
    assert_eq!(parse_with(124 - 1 - 6, 6), Ok(()));
}

#[test]
fn block_structure() {
    let tail = format!("dkim-signature:{TAGS}");
    let ok = format!("x:\r\nfrom:a@example.org\r\nFrom:x\r\nsubject:\r\nfrom-x:\x00é \r\n{tail}");
    assert_eq!(whole(&ok), Ok(()));
    let base = format!("from:a@example.org\r\nsubject:\r\n{tail}");
    assert_eq!(whole(&base), Ok(()));
    for (text, rule, at) in [
        (String::new(), Rule::HeaderSyntax, 0),
        (format!("{base}\r\n"), Rule::SignatureFieldLast, 30),
        (format!("{base}\r\nx:y"), Rule::SignatureFieldLast, 30),
        ("from:a@example.org\r\nsubject:".into(), Rule::SignatureFieldLast, 20),
        (format!("{tail}\r\n{base}"), Rule::SignatureFieldLast, 0),
        (format!("from:a@example.org\r\n{tail}"), Rule::OneSubject, 35 + TAGS.len()),
        (format!("subject:\r\n{tail}"), Rule::OneFrom, 25 + TAGS.len()),
        (format!("from:a@example.org\r\n{base}"), Rule::OneFrom, 20),
        (format!("subject:\r\n{base}"), Rule::OneSubject, 30),
        (format!("\r\n{base}"), Rule::HeaderSyntax, 0),
        (format!(":x\r\n{base}"), Rule::HeaderSyntax, 0),
        (format!("x y:\r\n{base}"), Rule::HeaderSyntax, 1),
        (format!("é:\r\n{base}"), Rule::HeaderSyntax, 0),
        (format!("x:y\r\n z\r\n{base}"), Rule::HeaderSyntax, 5),
        (format!("x:y\tz\r\n{base}"), Rule::HeaderSyntax, 3),
        (format!("x:y\rz\r\n{base}"), Rule::HeaderSyntax, 3),
        (format!("x:y\nz\r\n{base}"), Rule::HeaderSyntax, 3),
        (format!("x:y\r\r\n{base}"), Rule::HeaderSyntax, 3),
        (format!("x:y\r\n\r\n{base}"), Rule::HeaderSyntax, 5),
        (format!("{base}\r"), Rule::HeaderSyntax, base.len()),
    ] {
        assert_eq!(whole(&text), Err((rule, at)), "{text:?}");
    }
}

#[test]
fn block_length() {
    let base = block("a@example.org", "", TAGS);
    let fill = |total: usize| {
        let filler = "x".repeat(total - base.len() - 4);
        format!("y:{filler}\r\n{}", String::from_utf8_lossy(&base))
    };
    assert_eq!(whole(&fill(MAX_HEADER_BYTES)), Ok(()));
    assert_eq!(whole(&fill(MAX_HEADER_BYTES + 1)), Err((Rule::HeaderLength, MAX_HEADER_BYTES)));
}

#[test]
fn a_block_that_is_too_long_names_its_largest_field() {
    for (field, bytes, hint) in [
        ("to", 900, "fewer recipients"),
        ("list-unsubscribe", 990, "signs this field"),
        ("cc", 990, "fewer recipients"),
        ("subject", 990, "a shorter Subject"),
        ("from", 990, "a shorter display name"),
        ("references", 990, "not a reply"),
        ("in-reply-to", 990, "not a reply"),
        ("dkim-signature", 980, "another provider"),
    ] {
        let long = format!("{field}:{}", "x".repeat(bytes - field.len() - 1));
        let text = match field {
            "dkim-signature" => {
                format!("from:a@example.org\r\nsubject:hi\r\nto:b@example.org\r\n{long}")
            }
            _ => format!(
                "{long}\r\nfrom:a@example.org\r\nsubject:{}\r\ndkim-signature:{TAGS}",
                "s".repeat(60)
            ),
        };
        let refusal = parse(text.as_bytes()).unwrap_err();
        assert_eq!(refusal.rule, Rule::HeaderLength);
        let name = match field {
            "dkim-signature" => "DKIM-Signature".to_owned(),
            "list-unsubscribe" => "List-Unsubscribe".to_owned(),
            "in-reply-to" => "In-Reply-To".to_owned(),
            other => other[..1].to_uppercase() + &other[1..],
        };
        let detail =
            format!("{} bytes, at most 1024: the {name} field holds {bytes} of them", text.len());
        assert_eq!(refusal.detail, detail);
        assert!(refusal.hint.contains(hint), "{}", refusal.hint);
    }
}

#[test]
fn subjects() {
    let subject =
        |text: &str| parse(&block("a@example.org", text, TAGS)).map(|_| ()).map_err(|r| r.rule);
    for ok in ["", " ", "  two  ", "from:v@b.com", &"s".repeat(MAX_SUBJECT_BYTES), "\x7e"] {
        assert_eq!(subject(ok), Ok(()), "{ok:?}");
    }
    for bad in ["\x00", "\x1f", "\x7f", "é", &"s".repeat(MAX_SUBJECT_BYTES + 1)] {
        assert_eq!(subject(bad), Err(Rule::SubjectText), "{bad:?}");
    }
}

#[test]
fn accepts_tag_lists() {
    let base = "a=rsa-sha256;c=relaxed;d=example.org";
    for (text, timestamp) in [
        (format!("v=1;{base}"), 0),
        (format!("{base};v=1"), 0),
        (format!("v=1;{base};"), 0),
        (format!("v=1;{base}; "), 0),
        (format!(" v = 1 ; {base} "), 0),
        (format!("v=1;{base};t=5"), 5),
        (format!("v=1;t=000000000007;{base}"), 7),
        (format!("v=1;t=999999999999;{base}"), 999_999_999_999),
        (format!("v=1;{base};b="), 0),
        (format!("v=1;{base};z=l=1 d=x  =;h=;h="), 0),
        (format!("v=1;{base};V=2;D=x;L=3;ll=4;t_=x;dd=y"), 0),
        (format!("v=1;{base};b=  many   spaces  "), 0),
        ("v=1;a=rsa-sha256;c=relaxed/;d=EXAMPLE.org".into(), 0),
        ("v=1;a=rsa-sha256;c=relaxed/x=~!;d=example.org".into(), 0),
    ] {
        assert_eq!(tags(&text), Ok(timestamp), "{text:?}");
    }
}

#[test]
fn rejects_tag_lists() {
    let base = "v=1;a=rsa-sha256;c=relaxed;d=example.org";
    let replaced = |from: &str, to: &str| base.replace(from, to);
    for (text, rule) in [
        (String::new(), Rule::TagList),
        (" ".into(), Rule::TagList),
        (";".into(), Rule::TagList),
        (format!(";{base}"), Rule::TagList),
        (format!("{base};;"), Rule::TagList),
        (format!("{base}; ;"), Rule::TagList),
        (format!("{base};  "), Rule::TagList),
        (format!("  {base}"), Rule::TagList),
        (format!("{base};x"), Rule::TagList),
        (format!("{base};=x"), Rule::TagList),
        (format!("{base};1x=x"), Rule::TagList),
        (format!("{base};x-y=x"), Rule::TagList),
        (format!("{base};x  =x"), Rule::TagList),
        (format!("{base};x y=x"), Rule::TagList),
        (format!("{base};x=\t"), Rule::HeaderSyntax),
        (format!("{base};x=é"), Rule::TagList),
        (replaced("v=1;", ""), Rule::Version),
        (replaced("v=1", "v=2"), Rule::Version),
        (replaced("v=1", "v=1 1"), Rule::Version),
        (replaced("v=1", "v=  1"), Rule::Version),
        (replaced("v=1", "v=1  "), Rule::Version),
        (replaced("v=1", "v="), Rule::Version),
        (format!("{base};v=1"), Rule::Version),
        (replaced("a=rsa-sha256;", ""), Rule::Algorithm),
        (replaced("rsa-sha256", "RSA-SHA256"), Rule::Algorithm),
        (replaced("rsa-sha256", "rsa-sha1"), Rule::Algorithm),
        (format!("{base};a=rsa-sha256"), Rule::Algorithm),
        (replaced("c=relaxed;", ""), Rule::Canonicalisation),
        (replaced("relaxed", "simple/relaxed"), Rule::Canonicalisation),
        (replaced("relaxed", "relaxedx"), Rule::Canonicalisation),
        (replaced("relaxed", "relaxed/a b"), Rule::Canonicalisation),
        (replaced("relaxed", "relaxed /simple"), Rule::Canonicalisation),
        (format!("{base};c=relaxed"), Rule::Canonicalisation),
        (replaced(";d=example.org", ""), Rule::SigningDomain),
        (replaced("example.org", ""), Rule::SigningDomain),
        (replaced("example.org", "exam_ple.org"), Rule::SigningDomain),
        (replaced("example.org", "exam ple.org"), Rule::SigningDomain),
        (format!("{base};d=example.org"), Rule::SigningDomain),
        (replaced("example.org", "example.com"), Rule::Alignment),
        (replaced("example.org", "example.org."), Rule::Alignment),
        (replaced("example.org", "org"), Rule::Alignment),
        (format!("{base};t="), Rule::Timestamp),
        (format!("{base};t=-1"), Rule::Timestamp),
        (format!("{base};t=1x"), Rule::Timestamp),
        (format!("{base};t=1000000000000"), Rule::Timestamp),
        (format!("{base};t=1;t=1"), Rule::Timestamp),
        (format!("{base};l=1"), Rule::LengthTag),
        (format!("{base};l="), Rule::LengthTag),
        (format!("{base}; l = x"), Rule::LengthTag),
    ] {
        assert_eq!(tags(&text), Err(rule), "{text:?}");
    }
}

#[test]
fn debug_shows_no_address() {
    let view = parse(&block("Ann <ann@example.org>", "Hello", TAGS)).unwrap();
    let shown = format!("{view:?}");
    assert!(!shown.contains("ann") && !shown.contains("example") && !shown.contains("Hello"));
    assert!(shown.contains("address_len: 15") && shown.contains("subject_len: 5"), "{shown}");
}
