//! Tests of limits and memories.

use std::cell::Cell;

use super::*;

fn limits(entries: usize) -> Limits {
    let client = Rate { burst: 3, seconds: 10 };
    Limits::new(LimitSettings { client, address_a_day: 2, entries }, [7; 32])
}

fn address(text: &str) -> MailAddress {
    MailAddress::parse(text).unwrap()
}

#[test]
fn a_client_has_a_bucket_that_fills_again() {
    let mut limits = limits(8);
    (0..3).for_each(|_| limits.take_client(b"a", 1000).unwrap());
    let refused = limits.take_client(b"a", 1000).unwrap_err();
    assert_eq!(refused, Refused::Limit { per: "of this client", retry_seconds: 10 });
    limits.take_client(b"b", 1000).unwrap();
    assert_eq!(limits.take_client(b"a", 1009).unwrap_err().id(), "limit");
    limits.take_client(b"a", 1010).unwrap();
    assert!(limits.take_client(b"a", 1010).is_err());
    (0..3).for_each(|_| limits.take_client(b"a", 9000).unwrap());
    assert!(limits.take_client(b"a", 9000).is_err());
    // A clock that is set back neither panics nor opens the bucket.
    assert!(limits.take_client(b"a", 0).is_err());
}

#[test]
fn an_address_has_its_answers_a_day() {
    let mut limits = limits(8);
    let (ann, bob) = (address("ann@example.org"), address("bob@example.org"));
    limits.take_address(&ann, 1000).unwrap();
    limits.peek_address(&ann, 1000).unwrap();
    limits.take_address(&ann, 2000).unwrap();
    let refused = Refused::Limit { per: "for this address", retry_seconds: 85_400 };
    assert_eq!(limits.peek_address(&ann, 2000), Err(refused.clone()));
    assert_eq!(limits.take_address(&ann, 2000), Err(refused));
    limits.take_address(&bob, 2000).unwrap();
    limits.take_address(&ann, 1000 + DAY_SECONDS).unwrap();
    assert!(limits.take_address(&ann, 1000 + DAY_SECONDS).is_err());
}

#[test]
fn tables_are_bounded_and_keep_what_is_used() {
    let mut limits = limits(100);
    (0..3).for_each(|_| limits.take_client(b"busy", 1000).unwrap());
    for i in 0..10_000u32 {
        limits.take_client(&i.to_be_bytes(), 1000).unwrap();
        assert!(limits.clients.young.len() + limits.clients.old.len() <= 200);
    }
    let mut table = Table::new(2);
    (0..3).for_each(|i| table.put([i; 16], i));
    assert_eq!((table.get(&[0; 16]), table.get(&[2; 16])), (Some(&0), Some(&2)));
    (3..6).for_each(|i| table.put([i; 16], i));
    assert_eq!(table.get(&[0; 16]), None);
}

#[test]
fn tables_hold_no_address() {
    let mut limits = limits(8);
    limits.take_address(&address("ann@example.org"), 1000).unwrap();
    let other = Limits::new(LimitSettings::default(), [8; 32]);
    let ann = address("ann@example.org");
    assert_ne!(limits.address_tag(&ann), other.address_tag(&ann), "the hash is keyed");
    assert!(!format!("{limits:?}").contains("ann"));
}

struct Source {
    asked: Cell<u32>,
    answer: Cell<Result<u32, ()>>,
}

impl ProviderKeys for &Source {
    fn moduli(&self, _: &str, selector: &str) -> Result<Vec<BigUint>, KeyFault> {
        self.asked.set(self.asked.get() + 1);
        match (selector, self.answer.get()) {
            (_, Err(())) => Err(KeyFault::Unavailable),
            ("good", Ok(key)) => Ok(vec![key.into()]),
            _ => Err(KeyFault::Unknown),
        }
    }
}

#[test]
fn keys_are_remembered_and_look_ups_limited() {
    let source = Source { asked: Cell::new(0), answer: Cell::new(Ok(5)) };
    let domain = Rate { burst: 3, seconds: 60 };
    let settings = KeySettings { found_seconds: 100, missing_seconds: 10, domain, entries: 16 };
    let memory = KeyMemory::new(&source, settings);
    let ask = |now, selector| memory.at(now).moduli("b.cc", selector);
    (0..5).for_each(|_| assert_eq!(ask(1000, "good"), Ok(vec![5u32.into()])));
    (0..5).for_each(|_| assert_eq!(ask(1000, "bad"), Err(KeyFault::Unknown)));
    assert_eq!(source.asked.get(), 2);
    ask(1000, "worse").unwrap_err();
    assert_eq!(ask(1000, "worst"), Err(KeyFault::Limit(60)));
    assert_eq!(ask(1000, "good"), Ok(vec![5u32.into()]), "what is remembered is not limited");
    assert_eq!(memory.moduli("c.cc", "good"), Ok(vec![5u32.into()]), "another domain");
    source.answer.set(Ok(6));
    assert_eq!(ask(1099, "good"), Ok(vec![5u32.into()]));
    assert_eq!(ask(1100, "good"), Ok(vec![6u32.into()]));
    source.answer.set(Err(()));
    assert_eq!(ask(1300, "good"), Err(KeyFault::Unavailable));
    source.answer.set(Ok(7));
    assert_eq!(ask(1300, "good"), Ok(vec![7u32.into()]), "a fault is not remembered");
}

#[test]
fn replies_are_kept_for_their_time() {
    let mut replies = Replies::new(2, 100);
    replies.put(&[1; 32], vec![1], 1000);
    assert_eq!(replies.get(&[1; 32], 1099), Some(vec![1]));
    assert_eq!(replies.get(&[1; 32], 1100), None);
    assert_eq!(replies.get(&[2; 32], 1000), None);
    (2..9).for_each(|i| replies.put(&[i; 32], vec![i], 1000));
    assert_eq!(replies.get(&[1; 32], 1000), None);
    assert!(replies.table.young.len() + replies.table.old.len() <= 4);
}
