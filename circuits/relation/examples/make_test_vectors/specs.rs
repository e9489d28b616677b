//! What the messages say and which verdict each must get.

use zkdkim_relation::{sealed::sealed_subject, Blinding, CommandHash, Fr};

/// A test key: where it is published and what it is generated from.
pub struct Key {
    /// Signing domain, the value of `d=`.
    pub domain: &'static str,
    /// Selector, the value of `s=`: the record is at `selector._domainkey.domain`.
    pub selector: &'static str,
    /// Size of the modulus.
    pub bits: usize,
    /// Seed of the generator.
    pub seed: u64,
}

/// All keys; a signature names one by its index.
pub const KEYS: &[Key] = &[
    Key { domain: "example.com", selector: "20230601", bits: 2048, seed: 1 },
    Key { domain: "example.net", selector: "selector1", bits: 2048, seed: 2 },
    Key { domain: "example.org", selector: "fm3", bits: 2048, seed: 3 },
    Key { domain: "mail.example.com", selector: "dk_1", bits: 2048, seed: 4 },
    Key { domain: "example.com", selector: "old", bits: 1024, seed: 5 },
];
const COM: usize = 0;
const NET: usize = 1;
const ORG: usize = 2;
const MAIL_COM: usize = 3;
const OLD_COM: usize = 4;

/// One signature of a message.
pub struct Signer<'a> {
    /// Index into [`KEYS`], counted from 0.
    pub key: usize,
    /// Value of `c=`; any but `relaxed/relaxed` signs a simple body.
    pub canonicalisation: &'a str,
    /// Further tags, each with its semicolon.
    pub extra: &'a str,
    /// Value of `h=`: field names with colons between.
    pub fields: &'a str,
}

/// The verdict that a message must get.
pub enum Expect {
    /// It can be proved, and says exactly this.
    Provable { address: &'static str, subject: &'static str, timestamp: u64 },
    /// It is refused for this clause.
    Refused { clause: &'static str },
}

/// One message: what it says, who signs it, what becomes of it.
pub struct Spec {
    /// File name in `test-vectors/messages`, with its `.eml`.
    pub file: &'static str,
    /// Whose habits it copies, or which trick it plays.
    pub style: &'static str,
    /// Fields below the signatures, each with its CRLF.
    pub fields: String,
    /// Body as it is signed, lines ended by CRLF.
    pub body: &'static str,
    /// Signatures from the top.
    pub signers: Vec<Signer<'static>>,
    /// What happens to the message after signing.
    pub edit: fn(String) -> String,
    /// What the inspection must say of it after the edit.
    pub expect: Expect,
}

const DATE: &str = "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n";
const BODY: &str = "Hello,\r\n\r\nthis message was made for tests.\r\n";
const T: &str = " t=1700000000;";
const BASIC: &str = "from:to:subject:date:message-id";

/// An ordinary signature by this key.
pub fn signer(key: usize) -> Signer<'static> {
    Signer { key, canonicalisation: "relaxed/relaxed", extra: T, fields: BASIC }
}

fn fields(from: &str, subject: &str) -> String {
    format!(
        "MIME-Version: 1.0\r\n{DATE}Message-ID: <zkdkim-1@example.com>\r\nSubject: {subject}\r\n\
         From: {from}\r\nTo: relayer@example.org\r\nContent-Type: text/plain\r\n"
    )
}

fn unchanged(text: String) -> String {
    text
}

fn accepted(
    file: &'static str,
    style: &'static str,
    from: &str,
    address: &'static str,
    subject: &'static str,
    signer: Signer<'static>,
) -> Spec {
    let timestamp = if signer.extra.contains("t=") { 1_700_000_000 } else { 0 };
    Spec {
        file,
        style,
        fields: fields(from, subject),
        body: BODY,
        signers: vec![signer],
        edit: unchanged,
        expect: Expect::Provable { address, subject, timestamp },
    }
}

fn refused(file: &'static str, style: &'static str, clause: &'static str) -> Spec {
    Spec {
        expect: Expect::Refused { clause },
        ..accepted(file, style, "Alice Example <alice@example.com>", "", "Hello", signer(COM))
    }
}

/// What the sealed message is sealed over, and its blinding: known to all, so for tests only.
pub fn sealed() -> (CommandHash, Blinding) {
    let command = CommandHash(std::array::from_fn(|i| 0xe0 + i as u8));
    (command, Blinding::new(Fr::from_raw([1, 2, 3, 4])))
}

/// Every message: first those that can be proved, then the refused ones.
pub fn specs() -> Vec<Spec> {
    let mut specs = provable();
    specs.extend(refusals());
    specs
}

fn provable() -> Vec<Spec> {
    let recovery = "Recover 0x00112233445566778899aabbccddeeff00112233 on 1 nonce 0 \
                    to 0xffeeddccbbaa99887766554433221100ffeeddcc";
    let (command, blinding) = sealed();
    vec![
        accepted(
            "sealed.eml",
            "a recovery mail whose Subject says nothing to those who carry it",
            "Alice Example <alice@example.com>",
            "alice@example.com",
            Box::leak(sealed_subject(&command, &blinding).into_boxed_str()),
            signer(COM),
        ),
        accepted(
            "recovery.eml",
            "a recovery mail of an account owner, Gmail habits: name of two atoms, oversigned \
             fields, t= and an x= that is long past",
            "Alice Example <Alice@Example.com>",
            "alice@example.com",
            recovery,
            Signer {
                extra: " t=1700000000; x=1700604800;",
                fields: "to:subject:message-id:date:from:mime-version:from:to:cc:subject\r\n         \
                         :date:message-id:reply-to",
                ..signer(COM)
            },
        ),
        accepted(
            "outlook-no-timestamp.eml",
            "Outlook habits: no t=, h= with upper case and an X- field that is absent",
            "Bob Builder <bob.builder@example.net>",
            "bob.builder@example.net",
            "Hello",
            Signer {
                extra: "",
                fields: "From:Date:Subject:Message-ID:Content-Type:MIME-Version:X-MS-Exchange-Check",
                ..signer(NET)
            },
        ),
        accepted(
            "icloud-bare-address.eml",
            "iCloud habits: the address alone, body canonicalised simply",
            "carol_1@example.org",
            "carol_1@example.org",
            "",
            Signer { canonicalisation: "relaxed/simple", ..signer(ORG) },
        ),
        Spec {
            fields: format!(
                "Received: from a by b\r\nMIME-Version: 1.0\r\n{DATE}From: \
                 \"Dave \\\"D.\\\" <dave@example.com>\"\r\n\t<Dave+zk@example.org>\r\nTo: \
                 relayer@example.net,\r\n  other@example.net\r\nSubject:   A folded\r\n \t subject  \
                 \r\nMessage-Id: <zkdkim-4@example.org>\r\n"
            ),
            signers: vec![
                Signer { key: NET, ..signer(NET) },
                Signer { extra: " t=1700000000; x=1700086400;", ..signer(ORG) },
            ],
            body: "Tabs\tand  spaces \r\nare folded.   \r\n\r\n\r\n",
            ..accepted(
                "fastmail-two-signatures.eml",
                "Fastmail habits: quoted name that imitates an address, folds, a second signature \
                 of another domain on top",
                "",
                "dave+zk@example.org",
                "A folded subject",
                signer(ORG),
            )
        },
        Spec {
            fields: fields("alice@example.com", "Hello")
                + "X-Long: "
                + &"long ".repeat(137)
                + "1234567\r\n",
            ..accepted(
                "header-1024.eml",
                "a signed header of exactly 1,024 bytes",
                "",
                "alice@example.com",
                "Hello",
                Signer { fields: "from:to:subject:date:message-id:x-long", ..signer(COM) },
            )
        },
        Spec {
            edit: |text| text.replace("\r\n", "\n"),
            ..accepted(
                "unix-line-ends.eml",
                "saved with LF line ends",
                "Alice <alice@example.com>",
                "alice@example.com",
                "Hello",
                signer(COM),
            )
        },
        accepted(
            "subdomain-key-underscore.eml",
            "Workspace habits: a subdomain that signs for itself, a selector with an underscore, \
             i= below it",
            "<no-reply@mail.example.com>",
            "no-reply@mail.example.com",
            "=?utf-8?q?Gr=C3=BC=C3=9Fe?=",
            Signer { extra: " t=1700000000; i=@bounce.mail.example.com;", ..signer(MAIL_COM) },
        ),
        Spec {
            body: "",
            ..accepted(
                "subject-186.eml",
                "the longest Subject, an empty body, c=relaxed",
                "alice@example.com",
                "alice@example.com",
                SUBJECT_186,
                Signer { canonicalisation: "relaxed", ..signer(COM) },
            )
        },
    ]
}

const SUBJECT_186: &str = "ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss\
                           ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss\
                           ssssssssssssssssssssssssssssssssssssssssssssss";

/// One more name than the tools look at. Nothing but a table of specs asks for it, so it may stay for ever.
fn many_names() -> &'static str {
    (BASIC.to_owned() + &":x".repeat(508)).leak()
}

fn refusals() -> Vec<Spec> {
    vec![
        Spec {
            edit: |text| format!("From: victim@example.com\r\n{text}"),
            ..refused(
                "refused-second-from.eml",
                "a second From, unsigned, on top: the signed block itself would satisfy the \
                 statement",
                "one-from",
            )
        },
        Spec {
            edit: |text| text.replace("made for tests", "made by Mallory"),
            ..refused("refused-body-changed.eml", "the body was changed", "body-hash")
        },
        Spec {
            edit: |text| text.replace("Subject: Hello", "Subject: Hello!"),
            ..refused("refused-subject-changed.eml", "the Subject was changed", "rsa-signature")
        },
        Spec {
            signers: vec![signer(NET)],
            ..refused("refused-unaligned.eml", "signed by another domain", "alignment")
        },
        Spec {
            fields: fields("alice@example.com <mallory@example.com>", "Hello"),
            ..refused("refused-two-addresses.eml", "an address as display name", "from-grammar")
        },
        Spec {
            signers: vec![Signer { extra: " t=1700000000; l=5;", ..signer(COM) }],
            edit: |text| text + "appended\r\n",
            ..refused("refused-length-tag.eml", "l= leaves the body open", "length-tag")
        },
        Spec {
            signers: vec![Signer { canonicalisation: "simple/simple", ..signer(COM) }],
            ..refused("refused-simple-header.eml", "simple header", "canonicalisation")
        },
        Spec {
            signers: vec![signer(OLD_COM)],
            ..refused("refused-1024-bit-key.eml", "a key that is too short", "key-size")
        },
        Spec {
            fields: fields("alice@example.com", &"s".repeat(187)),
            ..refused("refused-subject-187.eml", "a Subject of 187 bytes", "subject-text")
        },
        Spec {
            signers: vec![Signer { fields: "from:to:date", ..signer(COM) }],
            ..refused("refused-subject-unsigned.eml", "the Subject is not signed", "one-subject")
        },
        Spec {
            signers: vec![
                Signer { fields: "from:to:subject:date:message-id:dkim-signature", ..signer(COM) },
                signer(ORG),
            ],
            ..refused(
                "refused-signature-signed.eml",
                "h= lists dkim-signature, so another signature is signed too",
                "signature-field-last",
            )
        },
        Spec {
            edit: |text| text.replacen(" s=20230601;", " s=20230601; ?=1;", 1),
            ..refused("refused-tag-without-name.eml", "a tag without a name", "tag-list")
        },
        Spec {
            signers: vec![Signer { extra: " t=1700000000; d=example.org;", ..signer(COM) }],
            ..refused("refused-domain-twice.eml", "a second d=", "signing-domain")
        },
        Spec {
            signers: vec![Signer { extra: " t=1700000000000;", ..signer(COM) }],
            ..refused("refused-time-13-digits.eml", "t= in milliseconds", "timestamp")
        },
        Spec {
            signers: vec![Signer { extra: " t=1700000000; i=@example.org;", ..signer(COM) }],
            ..refused("refused-identity.eml", "i= in another domain", "identity")
        },
        Spec {
            signers: vec![Signer { fields: many_names(), ..signer(COM) }],
            ..refused("refused-513-names.eml", "h= lists 513 names", "signed-fields")
        },
    ]
}
