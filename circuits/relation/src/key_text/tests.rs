//! Every form of the table in the module's head, the refusals by name, and that nothing panics.

use super::*;

const NAME: &str = "s1._domainkey.example.org";
const KEY: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArv34vkYz5WYuYR5NiDrdW+J2DJ7iQT";

fn record() -> String {
    format!("v=DKIM1; k=rsa; p={KEY}")
}

/// Form, name and text without white space, which means nothing in a key record.
fn one(input: &str) -> (Form, Option<String>, String) {
    let reading = read(input).unwrap_or_else(|error| panic!("{input}: {error}"));
    let [record] = &reading.records[..] else { panic!("{input}: {:?}", reading.records) };
    (reading.form, record.name.clone(), record.text.split_whitespace().collect())
}

fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

fn refused(input: &str) -> Unreadable {
    match single(input) {
        Err(error) => error,
        Ok(record) => panic!("{input}: {record:?}"),
    }
}

#[test]
fn reads_the_record_in_every_notation() {
    let (a, b) = (&KEY[..30], &KEY[30..]);
    for input in [
        record(),
        format!("\"{}\"", record()),
        format!("'{}'", record()),
        format!(" \u{feff}\n{}\n", record()),
        format!("v=DKIM1; k=rsa; p={a}\n\t{b}"),
        format!("\"v=DKIM1\\; k=rsa\\; p={a}\" \"{b}\""),
        format!("v=DKIM1\\; k=rsa\\; p={KEY}"),
        format!("v=DKIM1\\059 k=rsa\\059 p={KEY}"),
        format!("\"v=DKIM1; k=rsa; p={a}\"\"{b}\""),
        format!("\"v=DKIM1; k=rsa; p={a}\"\n\"{b}\""),
        format!("\"v=DKIM1; k=r\" \"sa; p={a}\" \"{b}\""),
        format!("\"v=DKIM1; k=rsa; \" \"p={a}\" \"{b}\""),
        format!("v=DKIM1; k=rsa; p={a}\" \"{b}"),
        format!("v=DKIM1; k=rsa; p={a}\"\n  \"{b}"),
        format!("( \"v=DKIM1; k=rsa; \"\n  \"p={a}\" ; first half\n  \"{b}\" )"),
        format!("(\"v=DKIM1; k=rsa; p={a}\" \"{b}\")"),
        format!("( v=DKIM1\\; k=rsa\\; p={a} \"{b}\" )"),
        format!("\\\"v=DKIM1; k=rsa; p={a}\\\" \\\"{b}\\\""),
        format!("s1.hosted.example.net.\n\"v=DKIM1; k=rsa; p={a}\" \"{b}\""),
        format!("\"\\\"v=DKIM1; k=rsa; p={a}\\\" \\\"{b}\\\"\""),
        format!("```\n{}\n```", record()),
    ] {
        let (form, name, text) = one(&input);
        assert_eq!((form, name), (Form::Record, None), "{input}");
        assert_eq!(text, format!("v=DKIM1;k=rsa;p={KEY}"), "{input}");
    }
}

#[test]
fn reads_lines_of_zones_and_tools() {
    let (a, b) = (&KEY[..30], &KEY[30..]);
    let quoted = format!("\"v=DKIM1; k=rsa; p={a}\" \"{b}\"");
    for input in [
        format!("{NAME}. 300 IN TXT {quoted}"),
        format!("{NAME}.\t3600\tIN\tTXT\t{quoted} ; comment"),
        format!("{}. TXT {quoted}", NAME.to_uppercase()),
        format!("$TTL 3600\n$ORIGIN example.org.\ns1._domainkey IN TXT ( \"v=DKIM1; k=rsa; \"\n\t\"p={a}\"\n\t\"{b}\" )  ; ----- key s1"),
        format!("{NAME}. IN TXT v=DKIM1\\; k=rsa\\; p={KEY}"),
        format!("{NAME}. IN TXT v=DKIM1; k=rsa; p={KEY}"),
        format!("{NAME} descriptive text {quoted}"),
        format!("{NAME} IN TXT {quoted}      -- link: eth0\n\n-- Data is authenticated: no\n"),
        format!("Server:\t\t9.9.9.9\nAddress:\t9.9.9.9#53\n\n{NAME}\ttext = {quoted}\n"),
        format!("{NAME}\ttext =\r\n\r\n\t\"v=DKIM1; k=rsa; p={a}\"\r\n\t\"{b}\"\r\n"),
        format!(
            "; <<>> DiG 9.18 <<>> TXT {NAME}\n;; Got answer:\n\n;; QUESTION SECTION:\n;{NAME}. IN TXT\n\n\
             ;; ANSWER SECTION:\n{NAME}. 300 IN TXT {quoted}\n\n;; Query time: 3 msec\n;; MSG SIZE rcvd: 480\n"
        ),
    ] {
        let (form, name, text) = one(&input);
        assert_eq!((form, name.as_deref()), (Form::Zone, Some(NAME)), "{input}");
        assert_eq!(text, format!("v=DKIM1;k=rsa;p={KEY}"), "{input}");
    }
    // Relative to an origin that is not given: the record is good, its name unknown.
    let (_, name, _) = one(&format!("s1._domainkey IN TXT ( {quoted} ) ; for example.org"));
    assert_eq!(name, None);
    let (form, name, text) = one(&format!("TXT {quoted}"));
    assert_eq!((form, name, text), (Form::Zone, None, format!("v=DKIM1;k=rsa;p={KEY}")));
    // Words of a record or of prose that happen to be those of a tool.
    for record in [
        "v=DKIM1; n= a TXT b; p=AAA",
        "p=AAA;n=x text = b",
        "so the text = p=AAA",
        "NS of some-where",
        "what text descriptive",
    ] {
        assert_eq!(one(record).0, Form::Record, "{record}");
    }
    // A type without data, as in a list of fields, makes no line of a zone.
    assert_eq!(one("name: x\ntype: TXT\n").0, Form::Record);
}

#[test]
fn reads_aliases_on_the_way() {
    let input = format!(
        "{NAME}. 300 IN CNAME s1.hosted.example.net.\ns1.hosted.example.net. 300 IN TXT \"{}\"\n\
         example.net. 300 IN NS ns.example.net.",
        record()
    );
    let reading = read(&input).unwrap();
    assert_eq!(reading.aliases, [(NAME.into(), "s1.hosted.example.net".into())]);
    assert_eq!(reading.records[0].name.as_deref(), Some("s1.hosted.example.net"));
    let host =
        format!("{NAME} is an alias for a.example.net.\na.example.net descriptive text \"x\"");
    // `host` gives names whole and without the final dot, also those that no key is published under.
    let reading = read(&host).unwrap();
    assert_eq!(reading.aliases, [(NAME.into(), "a.example.net".into())]);
    assert_eq!(reading.records[0].name.as_deref(), Some("a.example.net"));
}

#[test]
fn reads_lists_and_dns_over_https() {
    let (a, b) = (format!("v=DKIM1; k=rsa; p={}", &KEY[..30]), &KEY[30..]);
    for input in [
        format!("[[\"{a}\",\"{b}\"]]"),
        format!("[\"{a}\",\"{b}\"]"),
        format!("[ [ '{a}', '{b}' ] ]"),
        format!("[b'{a}', b'{b}']"),
        format!("(b'{a}', b'{b}')"),
        format!("(b'{a}{b}',)"),
        format!("b'{a}{b}'"),
        format!("[\n  [\n    '{a}',\n    '{b}',\n  ],\n]"),
        format!("[\"{}\"]", record()),
    ] {
        let (form, _, text) = one(&input);
        assert_eq!((form, text), (Form::List, format!("v=DKIM1;k=rsa;p={KEY}")), "{input}");
    }
    for value in
        [json(&record()), json(&format!("\"{a}\" \"{b}\"")), format!("[[\"{a}\",\"{b}\"]]")]
    {
        let (form, name, text) = one(&format!("{{\"{}.\": {value}}}", NAME.to_uppercase()));
        assert_eq!((form, name.as_deref()), (Form::Recorded, Some(NAME)), "{value}");
        assert_eq!(text, format!("v=DKIM1;k=rsa;p={KEY}"), "{value}");
    }
    assert_eq!(one("{\"name\": \"p=AAA\"}").0, Form::Recorded);
    let list = format!(
        "[{{\"name\":\"{NAME}\",\"type\":\"TXT\",\"data\":{0}}},{{\"name\":\"x\",\"type\":1,\"data\":\"y\"}}]",
        json(&record())
    );
    assert_eq!(one(&list).1.as_deref(), Some(NAME));
    let answer = |data: &str| {
        format!(
            "{{\"Status\":0,\"Question\":[{{\"name\":\"{NAME}.\",\"type\":16}}],\"Answer\":[{{\"name\":\
             \"{NAME}.\",\"type\":5,\"data\":\"a.example.net.\"}},{{\"name\":\"a.example.net.\",\
             \"type\":16,\"TTL\":300,\"data\":{}}}]}}",
            json(data)
        )
    };
    for data in [record(), format!("\"{a}\" \"{b}\"")] {
        let (form, name, text) = one(&answer(&data));
        assert_eq!((form, name.as_deref()), (Form::DnsOverHttps, Some("a.example.net")));
        assert_eq!(text, format!("v=DKIM1;k=rsa;p={KEY}"));
        assert_eq!(read(&answer(&data)).unwrap().aliases.len(), 1);
    }
}

#[test]
fn pieces_make_up_records_and_records_stay_apart() {
    let grouped = |pieces: &[&str]| group(pieces.iter().map(|p| p.to_string()).collect());
    for (pieces, want) in [
        (&["v=DKIM1; p=AAA", "BBB=="][..], &["v=DKIM1; p=AAABBB=="][..]),
        (&["v=DKIM1; p=AAA", "BBB", "CCC; t=y"], &["v=DKIM1; p=AAABBBCCC; t=y"]),
        (&["v=DKIM1; k", "=rsa; p=AAA"], &["v=DKIM1; k=rsa; p=AAA"]),
        (&["v=DKIM1; t=y; ", "p=AAA"], &["v=DKIM1; t=y; p=AAA"]),
        (&["t=y; ", "p=AAA"], &["t=y; p=AAA"]),
        (&["v=DKIM1; p=AAA", "; t=y"], &["v=DKIM1; p=AAA; t=y"]),
        (&["v=DKIM1; p=AAA; ", "t=y"], &["v=DKIM1; p=AAA; t=y"]),
        (&["v=DKIM1; p=AAA", "v=DKIM1; p=BBB"], &["v=DKIM1; p=AAA", "v=DKIM1; p=BBB"]),
        (&["p=AAA", "p=BBB"], &["p=AAA", "p=BBB"]),
        (&["v=DKIM1; p=AAA", "v=spf1 -all"], &["v=DKIM1; p=AAA", "v=spf1 -all"]),
        (&["v=DKIM1; p=AAA", "site=x"], &["v=DKIM1; p=AAA", "site=x"]),
        (&["one", "two"], &["one", "two"]),
        (&[], &[]),
    ] {
        assert_eq!(grouped(pieces), want);
    }
    // A record that is longer than any key record takes no more pieces.
    let long = |len: usize| format!("p={}", "A".repeat(len - 2));
    assert_eq!(grouped(&[&long(MAX_RECORD_BYTES), "BBB"]).len(), 1);
    for more in [1, 100] {
        assert_eq!(grouped(&[&long(MAX_RECORD_BYTES + more), "BBB"]).len(), 2);
    }
}

#[test]
fn reads_bare_keys() {
    assert_eq!(one(KEY), (Form::Base64, None, format!("p={KEY}")));
    assert_eq!(one(&format!("{}\n{}", &KEY[..30], &KEY[30..])).0, Form::Base64);
    // Aliases before a record end with a dot; nothing else is taken away.
    assert_eq!(one("hello\np=AAA").2, "hellop=AAA");
    assert_eq!(one("p=AAA.\np=BBB").2, "p=AAA.p=BBB");
    // A quote or a backslash behind a backslash is part of the text.
    assert_eq!(one("\"v=DKIM1; n=a\\\"b\\\\; p=AAA\"").2, "v=DKIM1;n=a\"b\\;p=AAA");
    // Too short, another beginning, other characters; and texts that only remind of something else.
    for other in ["MIIBIjANBgk", "AAAAB3NzaC1yc2E", "MIIBIjANBgkqhkiG9w0!", "a Strings b", "a {b"] {
        assert_eq!(one(other).0, Form::Record, "{other}");
    }
    assert_eq!(one("MIIBIjANBgkq").0, Form::Base64);
    for other in [
        "MIIBIjANBgkq-_A= x",
        "AIIBIjANBgkq-_",
        "v=DKIM1;p=a._domainkey.b.cc",
        "\"a._domainkey.b.cc\"",
    ] {
        assert_eq!(one(other).0, Form::Record, "{other}");
    }
    for label in ["PUBLIC KEY", "RSA PUBLIC KEY"] {
        let pem = format!("-----BEGIN {label}-----\n{KEY}\n-----END {label}-----\n");
        assert_eq!(one(&pem), (Form::Pem, None, format!("p={KEY}")));
        assert_eq!(one(&pem.replace('\n', "\\n")).0, Form::Pem);
    }
}

#[test]
fn refuses_other_things_by_their_name() {
    let pem = |label: &str| format!("-----BEGIN {label}-----\n{KEY}\n-----END {label}-----\n");
    for (input, what) in [
        ("", "an empty text"),
        (" \n", "an empty text"),
        (&pem("RSA PRIVATE KEY"), "a private key"),
        (&pem("PRIVATE KEY"), "a private key"),
        (&pem("CERTIFICATE"), "PEM of a CERTIFICATE"),
        (&pem("PUBLIC KEY").repeat(2), "several keys"),
        (&pem("PUBLIC KEY")[..80], "cut off"),
        (&format!("x {}", pem("PUBLIC KEY")), "text around"),
        ("ssh-rsa AAAAB3NzaC1yc2E", "an SSH key"),
        ("ssh-ed25519 AAAAC3NzaC1", "an SSH key"),
        ("<td>v=DKIM1; p=AAA</td>", "HTML"),
        ("&quot;v=DKIM1; p=AAA&quot;", "HTML"),
        ("https://dns.example/resolve?type=TXT", "a URL"),
        (NAME, "the name of a record"),
        ("MIIBIjANBgkqhkiG9w0BAQE-_A", "a key in base64url"),
        (&format!("Name Type TTL Section Strings\n{NAME} TXT 60 Answer {{v=DKIM1; p=A...}}"), "Resolve-DnsName"),
        (&format!("; <<>> DiG 9 <<>> TXT {NAME}\n;; status: NXDOMAIN, id: 1\n;{NAME}. IN TXT\nb. IN SOA c."), "no such name"),
        (&format!("Host {NAME} not found: 3(NXDOMAIN)"), "no such name"),
        (&format!("; <<>> DiG 9 <<>> TXT {NAME}\n;; status: NOERROR, id: 1\n"), "without a key record"),
        ("b.cc. 300 IN SOA ns.b.cc. x.b.cc. 1 2 3 4 5", "without a key record"),
        ("{\"a._domainkey.b.cc\": 1}", "JSON whose a._domainkey.b.cc"),
        ("“v=DKIM1; p=AAA”", "a typographic quote (U+201C)"),
        ("v=DKIM1;\u{a0}p=AAA", "a no-break space"),
        ("v=DKIM1; p=AAA…", "an ellipsis"),
        ("v=DKIM1;\u{200b} p=AAA", "an invisible character (U+200B)"),
        ("v=DKIM1; p=é", "a character (U+00E9)"),
        ("\"v=DKIM1; p=AAA", "a quote that is not closed"),
        ("(\"v=DKIM1; p=AAA\"", "a parenthesis that is not closed"),
        ("\"v=DKIM1; p=AAA\" BBB", "between the quoted pieces"),
        ("[\"v=DKIM1; p=AAA\"", "cut off"),
        ("[b]", "cut off or malformed"),
        ("DKIM-Signature: v=1; a=rsa-sha256; d=b.cc\r\nFrom: a@b.cc\r\n", "a mail"),
        ("Received: from a by b\r\nFrom: a@b.cc\r\n", "a mail"),
        ("\"v=DKIM1; p=AAA\" -x", "between the quoted pieces"),
        ("[1, 2]", "a list without a record"),
        ("[]", "a list without a record"),
        ("{\"Status\":3,\"Question\":[]}", "no such name"),
        ("{\"Status\":0,\"Question\":[]}", "without a TXT record"),
        ("a. IN CNAME b.", "without a key record"),
        ("\"v=DKIM1; p=AAA\"\n\"v=DKIM1; p=BBB\"", "2 key records"),
        (&"x".repeat(MAX_TEXT_BYTES + 1), "a record of"),
    ] {
        let error = refused(input);
        assert!(error.what.contains(what), "{input}: {error}");
        assert!(!error.hint.is_empty());
    }
}

#[test]
fn a_text_is_read_up_to_its_bound() {
    let text = |len: usize| format!("p=AAA; n={}", "x".repeat(len - 9));
    assert!(single(&text(MAX_TEXT_BYTES)).is_ok());
    assert!(refused(&text(MAX_TEXT_BYTES + 1)).what.contains("65537 bytes"));
}

#[test]
fn a_record_without_its_name_is_told_by_its_form() {
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{KEY}\n-----END PUBLIC KEY-----\n");
    for (text, form) in [
        (record(), "a key record"),
        (format!("IN TXT \"{}\"", record()), "lines of a zone file or of a DNS tool"),
        (format!("[[\"{}\"]]", record()), "a list of a record's pieces"),
        (pem, "a key in PEM"),
        (KEY.to_owned(), "a key in base64"),
    ] {
        let error = crate::DnsRecords::read(&text).unwrap_err();
        assert_eq!(error.what, format!("{form} without the name that it is published under"));
        assert_eq!(error.hint, WITH_NAME);
    }
}

#[test]
fn one_key_record_among_others_is_found() {
    let mixed = format!("\"v=spf1 -all\"\n\"{}\"\n\"site=x\"\n\"v=DMARC1; p=none\"", record());
    assert_eq!(single(&mixed).unwrap().text, record());
    for (text, is_one) in [
        ("v=DKIM1", true),
        (" V = dkim2; p=AAA", true),
        ("k=rsa; p=", true),
        ("p=AAA", true),
        ("v=DMARC1; p=none", false),
        ("v=spf1 -all", false),
        ("v=D", false),
        ("k=rsa", false),
        ("", false),
    ] {
        assert_eq!(looks_like_key_record(text), is_one, "{text}");
    }
}

#[test]
fn domains_are_taken_as_meant() {
    for given in ["example.org", "Example.ORG.", " example.org ", NAME, "_domainkey.example.org."] {
        assert_eq!(signing_domain(given).unwrap(), "example.org", "{given}");
    }
    for line in [
        format!("{NAME}. IN TXT \"{}\"", record()),
        format!("{NAME}. CNAME a._domainkey.b.cc.\na._domainkey.b.cc. TXT \"{}\"", record()),
    ] {
        assert_eq!(domain_of_record(&line).as_deref(), Some("example.org"), "{line}");
    }
    assert_eq!(domain_of_record(&record()), None);
    assert_eq!(key_owner(NAME), Some((Some("s1"), "example.org")));
    for (given, what) in [
        ("ann@example.org", "an e-mail address"),
        ("https://example.org", "a URL"),
        ("bücher.example", "other letters"),
    ] {
        assert!(signing_domain(given).unwrap_err().what.contains(what), "{given}");
    }
}

#[test]
fn no_cut_or_changed_text_panics() {
    let inputs = [
        format!("( \"v=DKIM1\\; \\059 k=rsa; \"\n  \"p={KEY}\" ; first half\n  x\\1 )"),
        format!(
            "$ORIGIN a.\n{NAME}. IN TXT \"v=DKIM1\" \"p={KEY}\"\nb CNAME c ; d\ne text = \"f\""
        ),
        format!("[ [ 'v=DKIM1; p={KEY}', b'\\x' ], (\"a\") ]"),
        format!("{{\"Answer\":[{{\"name\":\"{NAME}\",\"type\":16,\"data\":\"(é\\\\\"}}]}}"),
        format!("-----BEGIN PUBLIC KEY-----\n{KEY}\n-----END PUBLIC KEY-----"),
    ];
    for input in &inputs {
        let cuts = (0..=input.len()).filter(|end| input.is_char_boundary(*end));
        for end in cuts {
            let _ = single(&input[..end]);
            for odd in ["\"", "\\", "(", ")", ";", "\n", "'", "é", "\u{a0}", "]", "{", "="] {
                let _ = single(&format!("{}{odd}{}", &input[..end], &input[end..]));
            }
        }
    }
}
