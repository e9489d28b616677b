//! What counts as an answer, and what errors say.

use std::time::Duration;

use zkdkim_dns::{Error, LiveDns, Resolver, Resolvers};
use zkdkim_net::{Endpoint, PlainHttp};

use super::server::{http, live, plain, records, tls, udp, Says};

const NAME: &str = "s1._domainkey.example.org";
const RECORD: &str = "v=DKIM1; k=rsa; p=AAAA";

fn plain_all(all: &[Says]) -> Vec<String> {
    all.iter().cloned().map(plain).collect()
}

#[test]
fn three_of_five_decide_over_tls() {
    let says = [
        records(&[RECORD]),
        records(&["v=DKIM1; p=EVIL"]),
        records(&[RECORD]),
        Says::Fails,
        records(&[RECORD]),
    ];
    let urls: Vec<_> = says.into_iter().map(tls).collect();
    assert_eq!(live(&urls, 3).txt(NAME).unwrap(), [RECORD]);
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let url = tls(records(&[RECORD]));
    let endpoint = Endpoint::parse(&url, PlainHttp::Refused).unwrap();
    let list = Resolvers::new(vec![Resolver { name: "r1".into(), endpoint }], 1).unwrap();
    let error = LiveDns::https(http(""), list).txt(NAME).unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
}

#[test]
fn long_records_and_several_of_them_come_whole() {
    let long = format!("v=DKIM1; p={}", "A".repeat(700));
    let urls = plain_all(&[records(&[&long, RECORD]), records(&[RECORD, &long])]);
    assert_eq!(live(&urls, 2).txt(NAME).unwrap(), [RECORD, long.as_str()]);
}

#[test]
fn resolvers_that_disagree_are_named_with_what_they_say() {
    let urls =
        plain_all(&[records(&["v=DKIM1; p=ONE"]), records(&["v=DKIM1; p=TWO"]), records(&[])]);
    let error = live(&urls, 2).txt(NAME).unwrap_err();
    let Error::NoQuorum { name, quorum: 2, asked: 3, said } = &error else { panic!("{error}") };
    assert_eq!((name.as_str(), said.len()), (NAME, 3));
    let text = error.to_string();
    assert!(text.contains(NAME) && text.contains("r1: a record, 14 bytes"), "{text}");
    assert!(text.contains("r3: no record"), "{text}");
    assert!(text.contains("p=ONE") && text.contains("p=TWO"), "{text}");
    assert!(error.is_temporary());
}

#[test]
fn absence_counts_as_records_do() {
    let urls = plain_all(&[records(&[]), records(&[]), records(&[RECORD])]);
    let error = live(&urls, 2).txt(NAME).unwrap_err();
    assert_eq!(error, Error::Absent { name: NAME.into() });
    assert!(!error.is_temporary());
}

#[test]
fn what_is_no_answer_does_not_count() {
    let bad = [
        (Says::Fails, "an error"),
        (Says::Garbage(b"x".to_vec()), "no DNS message"),
        (Says::Garbage(vec![0; 70_000]), "more than 65535 bytes"),
        (Says::Html, "no application/dns-message"),
        (Says::Redirect, "status 302"),
    ];
    for (says, why) in bad {
        let error = live(&[plain(says), plain(records(&[RECORD]))], 2).txt(NAME).unwrap_err();
        assert!(error.to_string().contains("r1: ") && error.to_string().contains(why), "{error}");
    }
    // Nobody listens there.
    let error = live(&["http://127.0.0.1:1/".into()], 1).txt(NAME).unwrap_err();
    assert!(error.to_string().contains("r1: ") && error.is_temporary(), "{error}");
}

#[test]
fn a_resolver_that_says_nothing_is_not_waited_for_where_others_are_enough() {
    let urls = plain_all(&[records(&[RECORD]), Says::Nothing, records(&[RECORD])]);
    assert_eq!(live(&urls, 2).txt(NAME).unwrap(), [RECORD]);
    let error = live(&[plain(Says::Nothing)], 1).txt(NAME).unwrap_err();
    assert!(error.to_string().contains("no answer within 3 s"), "{error}");
}

#[test]
fn a_name_that_is_none_is_not_asked() {
    let dns = live(&["http://127.0.0.1:1/".into()], 1);
    for name in ["", "a..b", "a b.example", "ä.example"] {
        assert!(matches!(dns.txt(name), Err(Error::Name { .. })), "{name}");
    }
}

#[test]
fn a_mail_gets_what_its_signatures_need() {
    let by_name = |name: &str| match name {
        NAME => vec![RECORD.to_owned()],
        _ => vec![],
    };
    let dns = live(&[plain(Says::ByName(by_name))], 1);
    let mail =
        b"DKIM-Signature: d=example.org; s=s1\r\nDKIM-Signature: d=list.example; s=x\r\n\r\n";
    let fetched = dns.for_message(mail);
    assert_eq!(fetched.records.get(NAME), [RECORD]);
    assert_eq!(fetched.faults, [Error::Absent { name: "x._domainkey.list.example".into() }]);
}

#[test]
fn one_server_is_asked_over_udp() {
    let wait = Duration::from_secs(2);
    let at = |says| LiveDns::at(udp(says), wait);
    assert_eq!(at(records(&[RECORD])).key_records("example.org", "s1").unwrap(), [RECORD]);
    assert!(matches!(at(records(&[])).txt(NAME), Err(Error::Absent { .. })));
    assert!(matches!(at(Says::Fails).txt(NAME), Err(Error::System { .. })));
}
