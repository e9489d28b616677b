//! Requests: both journeys through nodes, and each refusal.

use k256::ecdsa::SigningKey;
use num_bigint::BigUint;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zkdkim_relation::{recovery_subject::Address, DnsRecords, KeyRegistry, Salt};
use zkdkim_salt::{
    limits::{LimitSettings, Rate},
    node::{NodeKeys, SaltNode},
    request::{Consent, KeyFault, ProviderKeys, Refused, Release, Request, SaltSubject},
    Escrow, Identity, IdentityKey, KeyShare, MailAddress, OpeningKey,
};

use super::support::{
    index,
    mail::{dns, provable, TestChain, NOW},
    TestCommittee,
};

/// The account of this key, as every development chain shows it.
const NEW_KEY: &str = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266";

fn wallet() -> SigningKey {
    let digits = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
    SigningKey::from_slice(&hex::decode(digits).unwrap()).unwrap()
}

struct Case {
    test: TestCommittee,
    nodes: Vec<SaltNode>,
    chain: TestChain,
    keys: DnsRecords,
    /// The client's one-time key.
    once: OpeningKey,
    rng: ChaCha20Rng,
}

impl Case {
    fn new(seed: u64) -> Case {
        Case::with(seed, LimitSettings::default())
    }

    fn with(seed: u64, settings: LimitSettings) -> Case {
        let test = TestCommittee::new(seed);
        let record = test.record(&test.committee).unwrap();
        let mut rng = ChaCha20Rng::seed_from_u64(seed + 1000);
        let node = |(node, share): (&super::support::TestNode, &KeyShare)| {
            let keys = NodeKeys { opening: node.opening.clone(), signing: node.signing.clone() };
            SaltNode::new(record.clone(), share.clone(), keys, settings, &mut rng).unwrap()
        };
        let nodes = test.nodes.iter().zip(&test.shares).map(node).collect();
        let once = OpeningKey::random(&mut rng);
        Case { test, nodes, chain: TestChain::new(), keys: dns(), once, rng }
    }

    fn subject(&self) -> SaltSubject {
        SaltSubject {
            network: self.test.committee.network.clone(),
            key: self.once.sealing_key(),
            chain: 1,
            block: self.chain.number,
            hash: [0xab; 8],
        }
    }

    fn request(&self, subject: &str, tags: &str) -> Request {
        Request::new(&self.test.committee, &provable(subject, tags), None)
    }

    fn salt_request(&self, tags: &str) -> Request {
        self.request(&self.subject().to_string(), tags)
    }

    fn recover_subject(&self) -> String {
        let (account, nonce) = (self.chain.account, self.chain.nonce);
        format!("Recover {account} on 1 nonce {nonce} to {NEW_KEY}")
    }

    /// A request by the second form, whose consent the new key signed.
    fn recover_request(&self, until: u64) -> Request {
        let mut request = self.request(&self.recover_subject(), "");
        let seal_to = self.once.sealing_key();
        let mut consent = Consent { seal_to, until, signature: vec![] };
        let hash = consent.hash(&request.network, &request.header_digest());
        let (signature, recovery) = wallet().sign_prehash_recoverable(&hash);
        consent.signature = [&signature.to_bytes()[..], &[27 + recovery.to_byte()]].concat();
        request.consent = Some(consent);
        request
    }

    fn ask_at(&mut self, node: usize, request: &Request, now: u64) -> Result<Vec<u8>, Refused> {
        let sealed =
            request.seal(&self.test.committee, self.nodes[node].share().index(), &mut self.rng);
        let sealed = sealed.unwrap();
        self.nodes[node].handle(&sealed, b"client", now, &self.chain, &self.keys, &mut self.rng)
    }

    fn ask(&mut self, request: &Request) -> Result<Vec<u8>, Refused> {
        self.ask_at(0, request, NOW)
    }

    fn refused(&mut self, request: &Request) -> &'static str {
        self.ask(request).unwrap_err().id()
    }

    fn recover(&mut self, request: &Request, nodes: &[usize]) -> IdentityKey {
        let address = MailAddress::parse("ann@example.org").unwrap();
        let committee = self.test.committee.clone();
        let identity = Identity::new(&committee.network, &committee.master, &address);
        let mut parts = Vec::new();
        for i in nodes {
            let answer = self.ask_at(*i, request, NOW).unwrap();
            let release =
                Release::open(&answer, request, &committee, index(*i as u8 + 1), &self.once);
            parts.push(release.unwrap().part);
        }
        let combined = IdentityKey::combine(&committee, &identity, &parts).unwrap();
        assert_eq!(combined.lying, []);
        combined.key
    }
}

#[test]
fn a_mail_to_oneself_opens_the_salt() {
    let mut case = Case::new(101);
    let committee = case.test.committee.clone();
    let address = MailAddress::parse("Ann@example.org").unwrap();
    let identity = Identity::new(&committee.network, &committee.master, &address);
    let salt = Salt::random(&mut case.rng);
    let escrow = Escrow::seal(&identity, &committee.master, &salt, &mut case.rng);
    let request = case.salt_request(&format!("t={NOW}; "));
    let key = case.recover(&request, &[0, 2, 4]);
    assert!(escrow.open(&identity, &key).unwrap() == salt);
}

#[test]
fn the_mail_of_a_recovery_opens_the_salt_for_the_new_key() {
    let mut case = Case::new(102);
    let request = case.recover_request(NOW + 600);
    case.recover(&request, &[1, 2, 3]);
}

#[test]
fn a_contract_as_new_key_is_asked() {
    let mut case = Case::new(103);
    let mut request = case.recover_request(NOW + 600);
    request.consent.as_mut().unwrap().signature = b"a contract's".to_vec();
    assert_eq!(case.refused(&request), "recipient");
    case.chain.accepts = Some(NEW_KEY.parse::<Address>().unwrap());
    case.ask(&request).unwrap();
}

#[test]
fn an_answer_opens_for_its_request_its_node_and_its_key_only() {
    let mut case = Case::new(104);
    let request = case.salt_request("");
    let answer = case.ask(&request).unwrap();
    let committee = case.test.committee.clone();
    let open = |answer: &[u8], request: &Request, node: u8, key: &OpeningKey| {
        Release::open(answer, request, &committee, index(node), key)
    };
    let release = open(&answer, &request, 1, &case.once).unwrap();
    assert!(format!("{release:?} {request:?}").contains("redacted"));
    let (_, part) = Release::read(&release.statement, &committee).unwrap();
    assert!(part == release.part);
    let mut forged = release.statement.clone();
    forged[20] ^= 1;
    assert_eq!(Release::read(&forged, &committee).unwrap_err().id(), "signature");
    let other = OpeningKey::random(&mut case.rng);
    assert!(open(&answer, &request, 1, &other).is_err());
    assert!(open(&answer, &request, 2, &case.once).is_err());
    assert!(open(&answer, &case.salt_request("t=5; "), 1, &case.once).is_err());
    let mut altered = answer.clone();
    altered[60] ^= 1;
    assert!(open(&altered, &request, 1, &case.once).is_err());
}

#[test]
fn the_same_request_gets_the_same_answer_and_counts_once() {
    let settings = LimitSettings { address_a_day: 2, ..LimitSettings::default() };
    let mut case = Case::with(105, settings);
    let request = case.salt_request("");
    let answer = case.ask(&request).unwrap();
    for _ in 0..5 {
        assert_eq!(case.ask(&request).unwrap(), answer);
    }
    let second = case.salt_request("y=1; ");
    assert_ne!(case.ask(&second).unwrap(), answer);
    let third = case.salt_request("y=2; ");
    let refused = case.ask(&third).unwrap_err();
    let retry_seconds = 86_400;
    assert_eq!(refused, Refused::Limit { per: "for this address", retry_seconds });
    assert_eq!(case.ask(&request).unwrap(), answer);
    case.chain.block.time = NOW + 86_400;
    case.ask_at(0, &third, NOW + 86_400).unwrap();
}

#[test]
fn an_address_is_charged_only_with_a_signature_of_it() {
    let settings = LimitSettings { address_a_day: 1, ..LimitSettings::default() };
    let mut case = Case::with(106, settings);
    let request = case.salt_request("");
    for i in 0..5 {
        let mut forged = request.clone();
        forged.signature[100 + i] ^= 1;
        assert_eq!(case.refused(&forged), "rsa-signature");
    }
    case.ask(&request).unwrap();
}

#[test]
fn a_client_that_asks_too_often_is_refused_before_anything_is_opened() {
    let client = Rate { burst: 2, seconds: 10 };
    let mut case = Case::with(107, LimitSettings { client, ..LimitSettings::default() });
    let ask = |case: &mut Case, client: &[u8]| {
        case.nodes[0]
            .handle(b"x", client, NOW, &case.chain, &case.keys, &mut case.rng)
            .unwrap_err()
            .id()
    };
    let ids: Vec<_> = (0..3).map(|_| ask(&mut case, b"a")).collect();
    assert_eq!(ids, ["request", "request", "limit"]);
    assert_eq!(ask(&mut case, b"b"), "request");
}

#[test]
fn rejects_what_is_no_request_to_this_node() {
    let mut case = Case::new(108);
    let request = case.salt_request("");
    let committee = case.test.committee.clone();
    let sealed = request.seal(&committee, index(2), &mut case.rng).unwrap();
    let handle = |case: &mut Case, bytes: &[u8]| {
        let Case { nodes, chain, keys, rng, .. } = case;
        nodes[0].handle(bytes, b"c", NOW, chain, keys, rng).map_err(|refused| refused.id())
    };
    assert_eq!(handle(&mut case, &sealed), Err("request"), "sealed to another node");
    let long = case.nodes[0].handle(&[0; 4145], b"c", NOW, &case.chain, &case.keys, &mut case.rng);
    assert!(long.unwrap_err().to_string().contains("too long"));
    assert_eq!(handle(&mut case, &[]), Err("request"));
    let mut sealed = request.seal(&committee, index(1), &mut case.rng).unwrap();
    handle(&mut case, &sealed).unwrap();
    *sealed.last_mut().unwrap() ^= 1;
    assert_eq!(handle(&mut case, &sealed), Err("request"), "altered");
    let mut long = request.clone();
    long.header.resize(1025, b'x');
    assert!(long.seal(&committee, index(1), &mut case.rng).is_err());
}

#[test]
fn rejects_another_network_or_epoch() {
    let mut case = Case::new(109);
    let good = case.salt_request("");
    let other = zkdkim_salt::NetworkId::parse("main-9").unwrap();
    assert_eq!(case.refused(&Request { network: other.clone(), ..good.clone() }), "network");
    assert_eq!(case.refused(&Request { epoch: 2, ..good }), "epoch");
    let elsewhere = SaltSubject { network: other, ..case.subject() }.to_string();
    let request = case.request(&elsewhere, "");
    assert_eq!(case.refused(&request), "network");
}

#[test]
fn rejects_mails_that_could_not_be_proved() {
    let mut case = Case::new(110);
    let good = case.salt_request("");
    let mut with = |from: &str, to: &str| {
        let text = String::from_utf8(good.header.to_vec()).unwrap();
        let header = text.replacen(from, to, 1).into_bytes();
        assert_ne!(header, *good.header, "{from}");
        case.refused(&Request { header: header.into(), ..good.clone() })
    };
    assert_eq!(
        with("ann@example.org\r\nsub", "ann@example.org\r\nfrom:b@example.org\r\nsub"),
        "one-from"
    );
    assert_eq!(with("Ann <", "Ann (x) <"), "from-grammar");
    assert_eq!(with("d=example.org", "d=example.com"), "alignment");
    assert_eq!(with("; b=", "; l=5; b="), "length-tag");
    assert_eq!(with("rsa-sha256", "rsa-sha1"), "algorithm");
    assert_eq!(with("h=from:to:subject", "h=to"), "signed-fields");
    assert_eq!(with("; b=", "; i=@else.org; b="), "identity");
}

#[test]
fn rejects_other_subjects_and_guardians_consents() {
    let mut case = Case::new(111);
    let whole = case.subject().to_string();
    for subject in [
        format!("Re: {whole}"),
        format!("{whole} x"),
        "hello".into(),
        format!("Guard {} on 1 nonce 4", case.chain.account),
    ] {
        let request = case.request(&subject, "");
        assert_eq!(case.refused(&request), "subject-form", "{subject}");
    }
}

#[test]
fn rejects_a_recipient_that_the_mail_does_not_name() {
    let mut case = Case::new(112);
    // The Subject names a key; a consent may not name another.
    let mut request = case.salt_request("");
    request.consent = case.recover_request(NOW + 600).consent;
    assert_eq!(case.refused(&request), "recipient");
    // A recovery without a consent, with one for another mail, another key, another signer.
    let good = case.recover_request(NOW + 600);
    assert_eq!(case.refused(&Request { consent: None, ..good.clone() }), "recipient");
    let thief = OpeningKey::random(&mut case.rng).sealing_key();
    let mut stolen = good.clone();
    stolen.consent.as_mut().unwrap().seal_to = thief;
    assert_eq!(case.refused(&stolen), "recipient");
    let mut later = good.clone();
    later.consent.as_mut().unwrap().until += 1;
    assert_eq!(case.refused(&later), "recipient");
    let other_mail =
        Request { consent: good.consent.clone(), ..case.request(&case.recover_subject(), "y=1; ") };
    assert_eq!(case.refused(&other_mail), "recipient");
    let other_key = case.recover_subject().replace(NEW_KEY, &format!("0x{}", "2".repeat(40)));
    let other_key = Request { consent: good.consent.clone(), ..case.request(&other_key, "") };
    assert_eq!(case.refused(&other_key), "recipient");
    let far = case.recover_request(NOW + 48 * 3600 + 1);
    assert_eq!(case.refused(&far), "recipient");
    let past = case.recover_request(NOW - 1);
    assert_eq!(case.refused(&past), "expired");
    case.ask(&good).unwrap();
}

#[test]
fn rejects_mails_that_are_not_fresh() {
    let mut case = Case::new(113);
    for (tags, refusal) in [
        (format!("t={}; ", NOW - 48 * 3600 - 301), "stale"),
        (format!("t={}; ", NOW + 301), "future"),
        (format!("t=5; x={}; ", NOW - 301), "expired"),
    ] {
        let request = case.salt_request(&tags);
        assert_eq!(case.refused(&request), refusal, "{tags}");
    }
    for tags in
        [format!("t={}; ", NOW - 48 * 3600 - 300), format!("t={}; x={}; ", NOW - 400, NOW - 300)]
    {
        let request = case.salt_request(&tags);
        case.ask(&request).unwrap();
    }
    let request = case.salt_request("");
    case.chain.block.time = NOW - 2 * 3600 - 301;
    assert_eq!(case.refused(&request), "stale");
    case.chain.block.time = NOW + 301;
    assert_eq!(case.refused(&request), "future");
    case.chain.block.time = NOW;
    case.chain.block.hash[7] ^= 1;
    assert_eq!(case.refused(&request), "stale");
    case.chain.block.hash[7] ^= 1;
    case.chain.block.hash[8] ^= 1;
    case.ask(&request).unwrap();
    let unknown = SaltSubject { block: 78, ..case.subject() }.to_string();
    let unknown = case.request(&unknown, "");
    assert_eq!(case.refused(&unknown), "stale");
    let recover = case.recover_request(NOW + 600);
    case.chain.nonce = 5;
    assert_eq!(case.refused(&recover), "stale");
}

#[test]
fn a_chain_that_cannot_be_asked_is_no_refusal_for_ever() {
    let mut case = Case::new(114);
    let (salt, recover) = (case.salt_request(""), case.recover_request(NOW + 600));
    case.chain.available = false;
    assert_eq!(case.refused(&salt), "unavailable");
    assert_eq!(case.refused(&recover), "unavailable");
    case.chain.available = true;
    case.ask(&salt).unwrap();
    case.ask(&recover).unwrap();
}

#[test]
fn rejects_mails_that_the_provider_did_not_sign() {
    let mut case = Case::new(115);
    let request = case.salt_request("");
    case.keys = DnsRecords::default();
    assert_eq!(case.refused(&request), "provider-key");
    let mut registry = KeyRegistry::new();
    let modulus = provable("x", "").modulus.clone();
    let mut other = modulus.clone();
    other.set_bit(5, !other.bit(5));
    registry.add("example.org", other).unwrap();
    let sealed = request.seal(&case.test.committee, index(1), &mut case.rng).unwrap();
    let mut ask = |registry: &KeyRegistry| {
        case.nodes[0]
            .handle(&sealed, b"c", NOW, &case.chain, registry, &mut case.rng)
            .map_err(|r| r.id())
    };
    assert_eq!(ask(&registry), Err("rsa-signature"));
    registry.add("example.org", modulus).unwrap();
    ask(&registry).unwrap();
    case.keys = dns();
    // A Subject that was changed after signing.
    let mut changed = request.clone();
    let at = changed.header.windows(4).position(|w| w == b"to:a").unwrap();
    changed.header[at + 3] = b'b';
    assert_eq!(case.refused(&changed), "rsa-signature");
}

/// Two sources: a registry first, and what is asked only where nothing of it fits.
struct Two<'a>(&'a KeyRegistry, &'a DnsRecords);

impl ProviderKeys for Two<'_> {
    fn moduli(&self, domain: &str, selector: &str) -> Result<Vec<BigUint>, KeyFault> {
        self.0.moduli(domain, selector)
    }

    fn further_moduli(&self, domain: &str, selector: &str) -> Result<Vec<BigUint>, KeyFault> {
        self.1.moduli(domain, selector)
    }
}

#[test]
fn a_second_source_of_keys_is_asked_where_the_first_has_none_that_fits() {
    let mut case = Case::new(118);
    let modulus = provable("x", "").modulus.clone();
    let mut other = modulus.clone();
    other.set_bit(5, !other.bit(5));
    let registry = |modulus: Option<&BigUint>| {
        let mut registry = KeyRegistry::new();
        modulus.map(|modulus| registry.add("example.org", modulus.clone()).unwrap());
        registry
    };
    let (dns, none) = (dns(), DnsRecords::default());
    for (at, first, second, outcome) in [
        (1, Some(&modulus), &none, Ok(())),
        (2, Some(&other), &dns, Ok(())),
        (3, None, &dns, Ok(())),
        (4, Some(&other), &none, Err("rsa-signature")),
        (5, None, &none, Err("provider-key")),
    ] {
        let request = case.salt_request(&format!("y={at}; "));
        let sealed = request.seal(&case.test.committee, index(1), &mut case.rng).unwrap();
        let first = registry(first);
        let asked = case.nodes[0].handle(
            &sealed,
            b"c",
            NOW,
            &case.chain,
            &Two(&first, second),
            &mut case.rng,
        );
        assert_eq!(asked.map(drop).map_err(|refused| refused.id()), outcome, "{at}");
    }
}

#[test]
fn a_node_starts_only_with_its_own_share_and_keys() {
    let mut case = Case::new(116);
    let record = case.test.record(&case.test.committee).unwrap();
    let keys = |i: usize| {
        let node = &case.test.nodes[i];
        NodeKeys { opening: node.opening.clone(), signing: node.signing.clone() }
    };
    let settings = LimitSettings::default();
    let mut start = |share: &KeyShare, keys: NodeKeys| {
        SaltNode::new(record.clone(), share.clone(), keys, settings, &mut case.rng).map(|_| ())
    };
    let shares = &case.test.shares;
    let again = NodeKeys::from_bytes(&keys(0).to_bytes()).unwrap();
    start(&shares[0], again).unwrap();
    assert_eq!(start(&shares[0], keys(1)).unwrap_err().id(), "share");
    for mixed in [
        NodeKeys { signing: keys(1).signing, ..keys(0) },
        NodeKeys { opening: keys(1).opening, ..keys(0) },
    ] {
        assert_eq!(start(&shares[0], mixed).unwrap_err().id(), "share");
    }
    let mut altered = shares[0].to_bytes();
    *altered.last_mut().unwrap() ^= 1;
    let altered = KeyShare::from_bytes(&altered).unwrap();
    assert_eq!(start(&altered, keys(0)).unwrap_err().id(), "share");
}

#[test]
fn no_refusal_shows_the_address() {
    let mut case = Case::new(117);
    let good = case.salt_request("");
    let header = String::from_utf8(good.header.to_vec()).unwrap();
    for header in
        [header.replace("d=example.org", "d=example.com"), header.replace("Ann <", "Ann (x) <")]
    {
        let request = Request { header: header.into_bytes().into(), ..good.clone() };
        let shown = case.ask(&request).unwrap_err().to_string();
        assert!(!shown.to_lowercase().contains("example") && !shown.contains("Ann"), "{shown}");
    }
}
