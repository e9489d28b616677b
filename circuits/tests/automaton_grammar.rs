//! Boundary tables: for each rule of the grammar, values just inside and just outside, with the
//! fields that they must give.

use zkdkim_circuits::header::automaton::{Automaton, ByteRole};

const TAIL: &str = "dkim-signature:b=";

fn emissions(block: &[u8]) -> Option<Vec<(ByteRole, usize, u8)>> {
    Automaton::header().emissions(block)
}

/// The fields of a block as text, such as `Local(a@) Domain(b.c)`; adjacent positions with the same
/// field are one region.
fn regions(block: &[u8]) -> Option<String> {
    let mut regions: Vec<(ByteRole, usize, Vec<u8>)> = Vec::new();
    for (field, position, byte) in emissions(block)? {
        assert_eq!(block[position], byte);
        match regions.last_mut() {
            Some((f, begin, bytes)) if *f == field && *begin + bytes.len() == position => {
                bytes.push(byte);
            }
            _ => regions.push((field, position, vec![byte])),
        }
    }
    let show =
        |(f, _, b): &(ByteRole, usize, Vec<u8>)| format!("{f:?}({})", String::from_utf8_lossy(b));
    Some(regions.iter().map(show).collect::<Vec<_>>().join(" "))
}

/// Each value, put between `before` and `after`, must give the regions named, or be refused.
fn check(before: &str, after: &str, table: &[(&str, Option<&str>)]) {
    for (value, expected) in table {
        let block = [before.as_bytes(), value.as_bytes(), after.as_bytes()].concat();
        assert_eq!(regions(&block).as_deref(), *expected, "{before:?} {value:?}");
    }
}

#[test]
fn from_addresses() {
    let good = [
        ("a@b.c", "Local(a@) Domain(b.c)"),
        ("a.b+c@d-e.f.g0", "Local(a.b+c@) Domain(d-e.f.g0)"),
        ("!#$%&'*+-/=?^_`{|}~@b--b.0", "Local(!#$%&'*+-/=?^_`{|}~@) Domain(b--b.0)"),
        ("AZaz09@AZ.az09", "Local(AZaz09@) Domain(AZ.az09)"),
        ("<a@b.c>", "Local(a@) Domain(b.c)"),
        ("-@b.c", "Local(-@) Domain(b.c)"),
        ("a@0.0", "Local(a@) Domain(0.0)"),
        ("a@b.c-d--e", "Local(a@) Domain(b.c-d--e)"),
    ];
    let bad = [
        "",
        " ",
        "a",
        "a@",
        "@",
        "@b.c",
        "a@b",
        "a@b.",
        "a@.b.c",
        "a@b..c",
        "a@b.c.",
        "a@-b.c",
        "a@b-.c",
        "a@b.-c",
        "a@b.c-",
        "a@b_b.c",
        ".a@b.c",
        "a.@b.c",
        "a..b@c.d",
        "a@b@c.d",
        "a b@c.d",
        " a@b.c",
        "a@b.c ",
        "a@b.c\t",
        "<>",
        "<a>",
        "<a@b.c",
        "a@b.c>",
        "<<a@b.c>>",
        "< a@b.c>",
        "<a@b.c >",
        "<a@b.c> ",
        " <a@b.c>",
        "<a@b.c>x",
        "<a@b.c>;",
        "<a@b.c>,<d@e.f>",
        "a@b.c,d@e.f",
        "a@b.c d@e.f",
        "<@x.y:a@b.c>",
        "g:a@b.c;",
        "\"a\"@b.c",
        "<\"a\"@b.c>",
        "a@[1.2.3.4]",
        "a@b.c (d)",
        "(d) a@b.c",
        "a(d)@b.c",
        "<a@b.c> (d)",
        "a@b.c<d@e.f>",
        "é@b.c",
        "a@é.c",
        "a\\b@c.d",
        "a@b.c\0",
        "\0a@b.c",
    ];
    let table: Vec<_> = good.map(|(v, r)| (v, Some(r))).into_iter().collect();
    check("from:", &format!("\r\n{TAIL}"), &table);
    check("from:", &format!("\r\n{TAIL}"), &bad.map(|v| (v, None)));
}

#[test]
fn from_display_names() {
    let good = [
        "A ",
        "A",
        "A.",
        "A. ",
        "A B ",
        "A B. C ",
        "A .",
        "A . B ",
        "a.b ",
        "a/b+c ",
        "A.. ",
        "\"\" ",
        "\"\"",
        "\"A\" ",
        "\"A\"",
        "\"x@y.z <v@w.x>\" ",
        "\"\\\"\" ",
        "\"\\\\\" ",
        "\"\\ \" ",
        "\"\\~\" ",
        "\"  \" ",
        "\"(\" ",
        "\"'\" ",
        "\"!#[]~\" ",
        "\"a; b, c: d\" ",
    ];
    let bad = [
        " ",
        "  ",
        " A ",
        "A  ",
        "A  B ",
        "A B  ",
        ".",
        ". ",
        ".A ",
        "A, ",
        "A; ",
        "A: ",
        "A@ ",
        "A@b.c ",
        "A (B) ",
        "A( ",
        "A\\ ",
        "A[ ",
        "A\" ",
        "A \"B\" ",
        "\"A\" B ",
        "\"A\"B ",
        "\"A\"\"B\" ",
        "\"A\" \"B\" ",
        "\"A\"  ",
        " \"A\" ",
        "\"A ",
        "\"A\\\" ",
        "\"A\t\" ",
        "\"\u{7f}\" ",
        "\"\\\u{7f}\" ",
        "\"é\" ",
        "\"\\\t\" ",
        "é ",
        "a@b.c ",
        "a@b.c",
        "<a@b.c> ",
        "<a@b.c>",
        "A\t",
        "A\0 ",
        "\"\0\" ",
        "\"\\\0\" ",
    ];
    let tail = format!("<x@y.z>\r\n{TAIL}");
    check("from:", &tail, &good.map(|v| (v, Some("Local(x@) Domain(y.z)"))));
    check("from:", &tail, &bad.map(|v| (v, None)));
    // A name alone is no mailbox.
    check("from:", &format!("\r\n{TAIL}"), &good.map(|v| (v, None)));
    // The same characters as a name and as an address.
    let pair = [("a.b <a.b@c.d>", Some("Local(a.b@) Domain(c.d)"))];
    check("from:", &format!("\r\n{TAIL}"), &pair);
}

#[test]
fn subjects_and_other_fields() {
    let tail = format!("\r\n{TAIL}");
    let subjects = [
        ("", Some("SubjectMark(:)")),
        ("x", Some("SubjectMark(:) Subject(x)")),
        (" ~ ", Some("SubjectMark(:) Subject( ~ )")),
        ("a:b;<c@d.e>", Some("SubjectMark(:) Subject(a:b;<c@d.e>)")),
        ("\u{7f}", None),
        ("é", None),
        ("\u{1f}", None),
        ("a\tb", None),
        ("a\rb", None),
        ("a\nb", None),
        ("a\r\n b", None),
        ("a\r\n\tb", None),
        ("a\r\r\nto:b", None),
        ("\0", None),
    ];
    check("subject:", &tail, &subjects);

    let names = [
        ("to:x", Some("")),
        ("to:", Some("")),
        ("to::", Some("")),
        ("!~:", Some("")),
        ("x:\0\u{1f}\u{7f}é \u{0b}\u{0c}", Some("")),
        ("x: from:a@b.c", Some("")),
        ("From:", Some("")),
        ("froM:a", Some("")),
        ("fro:", Some("")),
        ("fromm:", Some("")),
        ("xfrom:", Some("")),
        ("Subject:é", Some("")),
        ("subjec:", Some("")),
        ("subjects:", Some("")),
        ("Dkim-signature:", Some("")),
        ("dkim-signatur:", Some("")),
        ("dkim-signature2:", Some("")),
        ("from", None),
        ("from:x", None),
        ("from :x", None),
        ("subject :x", None),
        ("", None),
        (":", None),
        (":x", None),
        (" x:", None),
        ("x y:", None),
        ("x", None),
        ("x\u{7f}:", None),
        ("é:", None),
        ("\0:", None),
        ("x:\t", None),
        ("x:\r", None),
        ("x:\n", None),
        ("x:\n\r", None),
        ("x:\r\n", None),
        ("x:\r\n y", None),
        ("x:\r\n:y", None),
        ("dkim-signature:b=", None),
        ("dkim-signature:v=1", None),
    ];
    check("", &tail, &names);
    check("to:x\r\n", &tail, &names);
}

#[test]
fn field_order_and_block_ends() {
    let from = "Local(a@) Domain(b.c)";
    let subject = "SubjectMark(:) Subject(s)";
    let blocks = [
        ("", None),
        ("x", None),
        ("x:y", None),
        ("x:y\r\n", None),
        ("from:a@b.c", None),
        ("dkim-signature:", None),
        ("dkim-signature:b=", Some(String::new())),
        ("dkim-signature:b=\r\n", None),
        ("dkim-signature:b=\r", None),
        ("dkim-signature:b=\n", None),
        ("dkim-signature:b=\r\nx:y", None),
        ("\r\ndkim-signature:b=", None),
        (" dkim-signature:b=", None),
        ("DKIM-Signature:b=", None),
        ("from:a@b.c\r\nsubject:s\r\ndkim-signature:b=", Some(format!("{from} {subject}"))),
        ("subject:s\r\nfrom:a@b.c\r\ndkim-signature:b=", Some(format!("{subject} {from}"))),
        ("from:a@b.c\ndkim-signature:b=", None),
        ("from:a@b.c\rdkim-signature:b=", None),
        ("from:a@b.c\r\n\r\ndkim-signature:b=", None),
        // Counting is the circuit's: two fields are two regions.
        ("from:a@b.c\r\nfrom:a@b.c\r\ndkim-signature:b=", Some(format!("{from} {from}"))),
        ("subject:s\r\nsubject:s\r\ndkim-signature:b=", Some(format!("{subject} {subject}"))),
    ];
    for (block, expected) in blocks {
        assert_eq!(regions(block.as_bytes()), expected, "{block:?}");
    }
}

#[test]
fn tag_values() {
    let good = [
        ("v=1", "VersionMark(1)"),
        (" v = 1 ", "VersionMark(1)"),
        ("a=rsa-sha256", "AlgorithmMark(6)"),
        (" a = rsa-sha256 ", "AlgorithmMark(6)"),
        ("c=relaxed", "CanonMark(d)"),
        (" c = relaxed ", "CanonMark(d)"),
        ("c=relaxed/", "CanonMark(d)"),
        ("c=relaxed/ ", "CanonMark(d)"),
        ("c=relaxed/relaxed ", "CanonMark(d)"),
        ("c=relaxed/simple", "CanonMark(d)"),
        ("c=relaxed/!/=~:<", "CanonMark(d)"),
        ("d=a", "Signer(a)"),
        (" d = a.b-c.Z9 ", "Signer(a.b-c.Z9)"),
        ("d=-.-", "Signer(-.-)"),
        ("t=0", "Time(0)"),
        (" t = 0123456789012345 ", "Time(0123456789012345)"),
        ("b=", ""),
        ("b= ", ""),
        ("b=  x  y  ", ""),
        (" b = = v=1 ", ""),
        ("bh=/+= \"<a@b.c>,:", ""),
        ("z=~", ""),
        ("V=2", ""),
        ("A=x", ""),
        ("C=simple", ""),
        ("D=@", ""),
        ("T=x", ""),
        ("L=1", ""),
        ("v1=2", ""),
        ("vv=", ""),
        ("aa=", ""),
        ("c_=", ""),
        ("dd=@", ""),
        ("t0=x", ""),
        ("ll=1", ""),
        ("l_=1", ""),
        ("x_0Z =", ""),
        ("v=1;v=1", "VersionMark(1) VersionMark(1)"),
        ("d=a;d=b", "Signer(a) Signer(b)"),
    ];
    let bad = [
        "",
        " ",
        ";",
        "=",
        "=1",
        "v",
        "v ",
        "v 1",
        "v=",
        "v= ",
        "v=2",
        "v=11",
        "v=1 1",
        "v=1  ",
        "v=  1",
        "v  =1",
        "  v=1",
        "v=01",
        "v=1,",
        "v=1\t",
        "a=",
        "a=rsa-sha25",
        "a=rsa-sha2566",
        "a=RSA-SHA256",
        "a=rsa-sha1",
        "a=rsa -sha256",
        "a=rsa-sha256/",
        "a=ed25519-sha256",
        "c=",
        "c=relaxe",
        "c=relaxedd",
        "c=Relaxed",
        "c=simple",
        "c=simple/relaxed",
        "c=relaxed /relaxed",
        "c=relaxed/ relaxed",
        "c=relaxed/a b",
        "c=relaxed/a  ",
        "c=relaxed/\u{7f}",
        "c=relaxed/\u{1f}",
        "c=relaxed/é",
        "d=",
        "d= ",
        "d=  a",
        "d=a  ",
        "d=a b",
        "d=a_b",
        "d=@",
        "d=é",
        "d=a,",
        "t=",
        "t= ",
        "t=x",
        "t=-1",
        "t=1.",
        "t=1 2",
        "t=1x",
        "l=",
        "l=1",
        "l =1",
        " l = 1",
        "l",
        "0=",
        "_=",
        "-=",
        "x-=",
        "x.=",
        "é=",
        "x",
        "x ",
        "x  =",
        "x\t=",
        "x=\t",
        "x=\u{7f}",
        "x=é",
        "x=\0",
        "x=\u{1f}",
        "x=\r",
        "x=\n",
        "x y=",
        "  x=",
    ];
    let good_values = good.map(|(v, r)| (v, Some(r)));
    let bad_values = bad.map(|v| (v, None));
    // Alone, before and after another tag, and before the end in its three spellings.
    for (before, after) in
        [("", ""), ("", ";q="), ("q=;", ""), ("", ";"), ("", "; "), ("q=x ;", ";q=")]
    {
        let before = format!("dkim-signature:{before}");
        check(&before, after, &good_values);
        // A missing tag: after a semicolon the list may end, and then this is no missing tag.
        let ends = ["", " "];
        let missing: Vec<_> = bad_values
            .iter()
            .filter(|(v, _)| !(ends.contains(v) && before.ends_with(';') && after.is_empty()))
            .copied()
            .collect();
        check(&before, after, &missing);
    }
    let lists = [
        ("q=;", Some("")),
        ("q=; ", Some("")),
        ("q=;  ", None),
        ("q=;;", None),
        ("q=; ;", None),
        (";q=", None),
        ("q=;;r=", None),
        ("q= ; r= ; ", Some("")),
        ("q=;  r=", None),
        ("q=;r", None),
    ];
    check("dkim-signature:", "", &lists);
}

#[test]
fn a_tag_counts_only_at_the_start_of_a_tag() {
    let typical = "v=1; a=rsa-sha256; c=relaxed/simple; d=b.c; s=s; t=12; h=From:To; bh=YQ==; b=";
    let fields = "VersionMark(1) AlgorithmMark(6) CanonMark(d) Signer(b.c) Time(12)";
    let hidden = "z=d=evil.com t=3 v=1; x=dkim-signature:v=1; y=from:a@b.c";
    let none = "z=d=evil.com; v = 1";
    let table = [(typical, Some(fields)), (hidden, Some("")), (none, Some("VersionMark(1)"))];
    check("dkim-signature:", "", &table);
}
