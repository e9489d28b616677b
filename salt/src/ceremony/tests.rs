//! Tests of the ceremony: honest runs, and each way of cheating with what comes of it.

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::*;
use super::{
    messages::{share_context, Answer, Deal, Message, Verdict, SHARE_INFO},
    setting::Dealing,
};
use crate::{
    bytes::Kind, committee::*, group::SecretScalar, CommitteeRecord, Error, Identity, IdentityKey,
    KeyShare, MailAddress, NetworkId, OpeningKey, PartialKey, SigningKey,
};

fn index(i: u8) -> NodeIndex {
    NodeIndex::new(i).unwrap()
}

struct Person {
    index: NodeIndex,
    opening: OpeningKey,
    signing: SigningKey,
}

impl Person {
    fn member(&self) -> Member {
        Member {
            index: self.index,
            url: format!("https://node-{}.example", self.index),
            sealing: self.opening.sealing_key(),
            verifying: self.signing.verifying_key(),
        }
    }
}

/// People, a setting, and one board for all, as an honest carrier makes it.
struct Run {
    rng: ChaCha20Rng,
    people: Vec<Person>,
    setting: Setting,
    board: Board,
}

fn people(indices: &[u8], rng: &mut ChaCha20Rng) -> Vec<Person> {
    let mut person = |i: &u8| Person {
        index: index(*i),
        opening: OpeningKey::random(rng),
        signing: SigningKey::random(rng),
    };
    indices.iter().map(&mut person).collect()
}

fn members(people: &[Person]) -> Vec<Member> {
    people.iter().map(Person::member).collect()
}

impl Run {
    fn generation(seed: u64) -> Run {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let people = people(&[1, 2, 3, 4, 5], &mut rng);
        let network = NetworkId::parse("main-1").unwrap();
        let setting = Setting::generation(network, 3, members(&people)).unwrap();
        Run { rng, people, board: Board::new(setting.clone()), setting }
    }

    fn deal(&mut self, i: usize) -> (Dealing, Vec<u8>) {
        let person = &self.people[i];
        self.setting.deal(person.index, &person.signing, &mut self.rng).unwrap()
    }

    fn deal_all(&mut self) -> Vec<Dealing> {
        let deals: Vec<_> = (0..self.people.len()).map(|i| self.deal(i)).collect();
        deals.iter().for_each(|(_, message)| self.board.post(message).unwrap());
        deals.into_iter().map(|(dealing, _)| dealing).collect()
    }

    fn verdict(&self, i: usize) -> (Received, Vec<u8>) {
        let person = &self.people[i];
        self.board.verdict(person.index, &person.opening, &person.signing).unwrap()
    }

    fn verdicts(&mut self) -> Vec<Received> {
        self.board.close_deals().unwrap();
        let verdicts: Vec<_> = (0..self.people.len()).map(|i| self.verdict(i)).collect();
        verdicts.iter().for_each(|(_, message)| self.board.post(message).unwrap());
        self.board.close_verdicts().unwrap();
        verdicts.into_iter().map(|(received, _)| received).collect()
    }

    fn finish(&mut self, received: &[Received]) -> (Committee, Vec<KeyShare>) {
        self.board.close_answers().unwrap();
        let outcomes: Vec<_> = received.iter().map(|r| self.board.finish(r).unwrap()).collect();
        assert!(outcomes.windows(2).all(|pair| pair[0].0 == pair[1].0));
        let committee = outcomes[0].0.clone();
        (committee, outcomes.into_iter().map(|(_, share)| share).collect())
    }

    fn honest(&mut self) -> (Committee, Vec<KeyShare>) {
        self.deal_all();
        let received = self.verdicts();
        self.finish(&received)
    }

    fn record(&self, committee: Committee) -> CommitteeRecord {
        let signatures = self.people.iter().map(|person| committee.sign(&person.signing)).collect();
        CommitteeRecord::new(committee, signatures, vec![], Dealer::Refused).unwrap()
    }
}

fn identity(committee: &Committee) -> Identity {
    let address = MailAddress::parse("ann@example.org").unwrap();
    Identity::new(&committee.network, &committee.master, &address)
}

fn key(committee: &Committee, shares: &[&KeyShare]) -> [u8; 48] {
    let identity = identity(committee);
    let parts: Vec<_> = shares.iter().map(|share| share.partial_key(&identity)).collect();
    let combined = IdentityKey::combine(committee, &identity, &parts).unwrap();
    assert_eq!(combined.lying, []);
    combined.key.point().to_bytes()
}

#[test]
fn any_three_of_five_make_the_same_key_and_two_make_none() {
    let (committee, shares) = Run::generation(1).honest();
    let s = |i: usize| &shares[i];
    let one = key(&committee, &[s(0), s(2), s(4)]);
    for three in [[s(1), s(3), s(4)], [s(4), s(0), s(1)], [s(2), s(3), s(0)]] {
        assert_eq!(key(&committee, &three), one);
    }
    let identity = identity(&committee);
    let two: Vec<PartialKey> = shares[..2].iter().map(|s| s.partial_key(&identity)).collect();
    let error = IdentityKey::combine(&committee, &identity, &two).unwrap_err();
    assert_eq!(error, Error::TooFew { valid: 2, threshold: 3, lying: vec![] });
}

#[test]
fn the_order_of_messages_does_not_matter_and_each_counts_once() {
    let mut run = Run::generation(2);
    let messages: Vec<_> = (0..5).map(|i| run.deal(i).1).collect();
    let mut other = Board::new(run.setting.clone());
    messages.iter().for_each(|m| run.board.post(m).unwrap());
    messages.iter().rev().chain(&messages).for_each(|m| other.post(m).unwrap());
    let received = run.verdicts();
    other.close_deals().unwrap();
    for i in 0..5 {
        let person = &run.people[i];
        let (_, message) = other.verdict(person.index, &person.opening, &person.signing).unwrap();
        other.post(&message).unwrap();
    }
    other.close_verdicts().unwrap();
    other.close_answers().unwrap();
    let (committee, _) = run.finish(&received);
    assert_eq!(other.finish(&received[0]).unwrap().0, committee);
}

#[test]
fn two_messages_of_one_dealer_name_it() {
    let mut run = Run::generation(3);
    let (one, two) = (run.deal(0).1, run.deal(0).1);
    run.board.post(&one).unwrap();
    let named = Error::Ceremony { index: index(1), detail: "two different messages" };
    assert_eq!(run.board.post(&two), Err(named));
}

#[test]
fn a_receiver_that_saw_other_deals_is_refused() {
    let mut run = Run::generation(4);
    let messages: Vec<_> = (0..5).map(|i| run.deal(i).1).collect();
    let mut other = Board::new(run.setting.clone());
    messages.iter().for_each(|m| run.board.post(m).unwrap());
    messages[..4].iter().for_each(|m| other.post(m).unwrap());
    run.board.close_deals().unwrap();
    other.close_deals().unwrap();
    let person = &run.people[1];
    let (_, verdict) = other.verdict(person.index, &person.opening, &person.signing).unwrap();
    let named = Error::Ceremony { index: index(2), detail: "it saw other deals" };
    assert_eq!(run.board.post(&verdict), Err(named));
    let silent = Error::Ceremony { index: index(1), detail: "no verdict" };
    assert_eq!(run.board.close_verdicts(), Err(silent));
}

/// A deal in which the boxes of some receivers hold something else.
fn spoiled(run: &mut Run, dealer: usize, victims: &[usize]) -> (Dealing, Vec<u8>) {
    let (dealing, message) = run.deal(dealer);
    let key = run.people[dealer].signing.verifying_key();
    let read = Message::decode(&message, Kind::Deal, &run.setting.id(), |_| Some(key)).unwrap();
    let Message::Deal(mut deal) = read else { panic!("a deal") };
    victims.iter().for_each(|i| deal.boxes[*i][40] ^= 1);
    let message = deal.encode(&run.setting.id(), &run.people[dealer].signing);
    (dealing, message)
}

fn with_spoiled_deal(seed: u64, victims: &[usize]) -> (Run, Dealing, Vec<Received>) {
    let mut run = Run::generation(seed);
    let (dealing, message) = spoiled(&mut run, 0, victims);
    run.board.post(&message).unwrap();
    for i in 1..5 {
        let message = run.deal(i).1;
        run.board.post(&message).unwrap();
    }
    let received = run.verdicts();
    (run, dealing, received)
}

#[test]
fn a_complaint_that_is_answered_rightly_changes_nothing() {
    let (mut run, dealing, received) = with_spoiled_deal(5, &[3]);
    assert_eq!(run.board.accusers(index(1)), [index(4)]);
    assert_eq!(received[3].dealers().count(), 4);
    let answer = run.board.answer(&dealing, &run.people[0].signing).unwrap().unwrap();
    run.board.post(&answer).unwrap();
    assert_eq!(run.board.disqualified(), []);
    let (committee, shares) = run.finish(&received);
    key(&committee, &[&shares[0], &shares[3], &shares[4]]);
}

#[test]
fn a_dealer_that_does_not_answer_is_out() {
    let (mut run, _, received) = with_spoiled_deal(6, &[3]);
    assert_eq!(run.board.disqualified(), [index(1)]);
    let (committee, shares) = run.finish(&received);
    key(&committee, &[&shares[0], &shares[3], &shares[4]]);
    let all = Run::generation(6).honest().0;
    assert_ne!(all.master, committee.master, "its part is not in the key");
}

#[test]
fn a_dealer_that_answers_wrongly_is_out() {
    let (mut run, _, received) = with_spoiled_deal(7, &[3]);
    let share = SecretScalar::random(&mut run.rng);
    let answer = Answer { index: index(1), revealed: vec![(index(4), share)] };
    run.board.post(&answer.encode(&run.setting.id(), &run.people[0].signing)).unwrap();
    assert_eq!(run.board.disqualified(), [index(1)]);
    run.finish(&received);
}

#[test]
fn an_answer_to_other_complaints_is_refused() {
    let (mut run, dealing, _) = with_spoiled_deal(8, &[3]);
    for others in [&[index(3)][..], &[index(3), index(4)], &[]] {
        let answer = run.setting.answer(&dealing, others, &run.people[0].signing);
        assert_eq!(run.board.post(&answer).unwrap_err().id(), "ceremony");
    }
}

#[test]
fn a_dealer_that_t_receivers_accuse_is_out_and_reveals_nothing() {
    let (mut run, dealing, received) = with_spoiled_deal(9, &[1, 2, 3]);
    assert_eq!(run.board.answer(&dealing, &run.people[0].signing).unwrap(), None);
    assert_eq!(run.board.disqualified(), [index(1)]);
    let three = [index(2), index(3), index(4)];
    let answer = run.setting.answer(&dealing, &three, &run.people[0].signing);
    run.board.post(&answer).unwrap();
    assert_eq!(run.board.disqualified(), [index(1)], "whatever it says");
    run.finish(&received);
}

#[test]
fn a_share_off_the_committed_polynomial_is_accused() {
    let mut run = Run::generation(10);
    // Commitments of a polynomial, and boxes that open and hold other numbers than its values.
    let polynomial = crate::polynomial::Polynomial::random(3, &mut run.rng);
    let commitments = polynomial.commitments();
    let boxes = run.setting.members.iter().map(|member| {
        let context = share_context(&run.setting.id(), index(1), member.index, &commitments);
        let share = SecretScalar::random(&mut run.rng).to_bytes();
        member.sealing.seal(SHARE_INFO, &context, &*share, &mut run.rng).unwrap()
    });
    let boxes = boxes.collect();
    let deal = Deal { index: index(1), commitments, boxes };
    run.board.post(&deal.encode(&run.setting.id(), &run.people[0].signing)).unwrap();
    for i in 1..5 {
        let message = run.deal(i).1;
        run.board.post(&message).unwrap();
    }
    let received = run.verdicts();
    assert_eq!(run.board.accusers(index(1)).len(), 5);
    run.finish(&received);
}

#[test]
fn messages_of_strangers_and_other_ceremonies_are_refused() {
    let mut run = Run::generation(11);
    let (_, mut message) = run.deal(0);
    let elsewhere =
        Setting::generation(NetworkId::parse("main-2").unwrap(), 3, members(&run.people));
    let mut other = Board::new(elsewhere.unwrap());
    assert!(other.post(&message).unwrap_err().to_string().contains("another ceremony"));
    let stranger = SigningKey::random(&mut run.rng);
    let refused = run.setting.deal(index(1), &stranger, &mut run.rng);
    assert_eq!(refused.unwrap_err().id(), "ceremony");
    let last = message.len() - 1;
    for at in [45, 300, last] {
        message[at] ^= 1;
        assert!(run.board.post(&message).is_err(), "byte {at}");
        message[at] ^= 1;
    }
    assert!(run.board.post(&message[..last]).is_err());
    run.board.post(&message).unwrap();
    let verdict = Verdict { index: index(1), seen: [0; 32], accused: vec![] };
    let verdict = verdict.encode(&run.setting.id(), &run.people[0].signing);
    assert_eq!(run.board.post(&verdict).unwrap_err().id(), "encoding", "not yet");
}

#[test]
fn a_deal_of_another_degree_or_number_of_shares_is_refused() {
    let mut run = Run::generation(12);
    let (_, message) = run.deal(0);
    let key = run.people[0].signing.verifying_key();
    let change = |change: &dyn Fn(&mut Deal)| {
        let read = Message::decode(&message, Kind::Deal, &run.setting.id(), |_| Some(key));
        let Ok(Message::Deal(mut deal)) = read else { panic!("a deal") };
        change(&mut deal);
        deal.encode(&run.setting.id(), &run.people[0].signing)
    };
    let changed = [
        change(&|deal| deal.commitments.truncate(2)),
        change(&|deal| deal.commitments.push(deal.commitments[0])),
        change(&|deal| deal.boxes.truncate(4)),
    ];
    for message in changed {
        assert_eq!(run.board.post(&message).unwrap_err().id(), "ceremony");
    }
}

#[test]
fn too_few_dealers_make_no_key() {
    let mut run = Run::generation(13);
    for i in 0..2 {
        let message = run.deal(i).1;
        run.board.post(&message).unwrap();
    }
    assert_eq!(run.board.close_deals(), Err(Error::CeremonyStage("too few deals")));
    let mut run = Run::generation(14);
    for i in 0..3 {
        let victims: &[usize] = if i == 0 { &[1, 2, 3] } else { &[] };
        let (_, message) = spoiled(&mut run, i, victims);
        run.board.post(&message).unwrap();
    }
    run.verdicts();
    let few = Error::CeremonyStage("too few dealers dealt rightly");
    assert_eq!(run.board.close_answers(), Err(few));
}

/// Members 1, 2, 5 of the old committee deal to 1, 2, 3, 6, 7.
fn reshared(seed: u64) -> (Run, CommitteeRecord, Vec<KeyShare>) {
    let mut run = Run::generation(seed);
    let (committee, shares) = run.honest();
    let record = run.record(committee);
    (run, record, shares)
}

#[test]
fn resharing_keeps_the_key_and_old_shares_do_not_mix_with_new_ones() {
    let (mut run, record, shares) = reshared(15);
    let before = record.committee().clone();
    let old_key = key(&before, &[&shares[0], &shares[1], &shares[2]]);
    let new = people(&[1, 2, 3, 6, 7], &mut run.rng);
    let setting = Setting::resharing(&record, 3, members(&new)).unwrap();
    let mut next =
        Run { rng: run.rng.clone(), people: new, board: Board::new(setting.clone()), setting };
    for i in [0, 1, 4] {
        let signing = &run.people[i].signing;
        let (_, deal) = next.setting.deal_share(&shares[i], signing, &mut next.rng).unwrap();
        next.board.post(&deal).unwrap();
    }
    let received = next.verdicts();
    let (committee, new_shares) = next.finish(&received);
    assert_eq!((committee.epoch, committee.master), (2, before.master));
    assert_eq!(committee.previous, before.digest());
    assert_eq!(key(&committee, &[&new_shares[2], &new_shares[3], &new_shares[4]]), old_key);
    for share in &new_shares {
        share.check(&committee).unwrap();
        assert_eq!(share.check(&before).unwrap_err().id(), "share");
    }
    let identity = identity(&committee);
    let mixed = [&shares[0], &shares[1], &new_shares[3]].map(|s| s.partial_key(&identity));
    let error = IdentityKey::combine(&committee, &identity, &mixed).unwrap_err();
    assert_eq!(error, Error::TooFew { valid: 1, threshold: 3, lying: vec![index(1), index(2)] });

    let signatures: Vec<_> = next.people.iter().map(|p| committee.sign(&p.signing)).collect();
    let handover: Vec<_> = [0usize, 1, 4]
        .map(|i| (run.people[i].index, committee.sign_handover(&run.people[i].signing)))
        .to_vec();
    let new = |handover: Vec<_>| {
        CommitteeRecord::new(committee.clone(), signatures.clone(), handover, Dealer::Refused)
            .unwrap()
    };
    assert_eq!(new(handover.clone()).follows(&record), Ok(()));
    let detail = |record_: &CommitteeRecord, before: &CommitteeRecord| match record_
        .follows(before)
        .unwrap_err()
    {
        Error::Succession { detail } => detail,
        other => panic!("{other}"),
    };
    assert!(detail(&new(handover[..2].to_vec()), &record).contains("fewer than t"));
    let mut forged = handover.clone();
    forged[2].1[5] ^= 1;
    assert!(detail(&new(forged), &record).contains("is wrong"));
    let thrice = vec![handover[0]; 3];
    let twice =
        CommitteeRecord::new(committee.clone(), signatures.clone(), thrice, Dealer::Refused);
    assert!(twice.unwrap_err().to_string().contains("each once"));
    let mut stranger = handover.clone();
    stranger[2].0 = index(9);
    assert!(detail(&new(stranger), &record).contains("did not have"));
    assert!(detail(&record, &new(handover.clone())).contains("epoch"));
    let bytes = new(handover.clone()).to_bytes();
    assert!(CommitteeRecord::read(&bytes, Dealer::Refused).unwrap() == new(handover));
}

#[test]
fn a_dealer_of_a_resharing_cannot_change_its_share() {
    let (mut run, record, shares) = reshared(16);
    let setting = Setting::resharing(&record, 3, members(&run.people)).unwrap();
    let mut board = Board::new(setting.clone());
    let constant = SecretScalar::random(&mut run.rng);
    let polynomial = crate::polynomial::Polynomial::with_constant(constant, 3, &mut run.rng);
    let boxes = vec![vec![0; 80]; 5];
    let deal = Deal { index: index(1), commitments: polynomial.commitments(), boxes };
    let named = Error::Ceremony { index: index(1), detail: "it deals another share than its own" };
    assert_eq!(board.post(&deal.encode(&setting.id(), &run.people[0].signing)), Err(named));
    let signing = &run.people[1].signing;
    assert_eq!(setting.deal_share(&shares[0], signing, &mut run.rng).unwrap_err().id(), "ceremony");
    assert_eq!(
        setting.deal(index(1), &run.people[0].signing, &mut run.rng).unwrap_err().id(),
        "ceremony-stage"
    );
}

#[test]
fn a_share_is_compared_with_its_public_key() {
    let mut run = Run::generation(17);
    let (mut committee, shares) = run.honest();
    shares[0].check(&committee).unwrap();
    let again = KeyShare::from_bytes(&shares[0].to_bytes()).unwrap();
    again.check(&committee).unwrap();
    let mut altered = shares[0].to_bytes();
    *altered.last_mut().unwrap() ^= 1;
    let detail = |share: &KeyShare, committee: &Committee| match share.check(committee).unwrap_err()
    {
        Error::Share { detail, .. } => detail,
        other => panic!("{other}"),
    };
    let altered = KeyShare::from_bytes(&altered).unwrap();
    assert!(detail(&altered, &committee).contains("public key"));
    committee.epoch = 2;
    assert!(detail(&shares[0], &committee).contains("epoch"));
    committee.epoch = 1;
    committee.nodes.remove(0);
    assert!(detail(&shares[0], &committee).contains("no such node"));
    committee.network = NetworkId::parse("main-2").unwrap();
    assert!(detail(&shares[0], &committee).contains("network"));
    let shown = format!("{:?} {:?}", shares[0], run.board);
    assert!(shown.contains("redacted"), "{shown}");
}

#[test]
fn a_name_that_says_dealer_is_not_for_a_ceremony() {
    let run = Run::generation(18);
    let network = NetworkId::parse("insecure-dealer-x").unwrap();
    let refused = Setting::generation(network, 3, members(&run.people));
    assert_eq!(refused.unwrap_err(), Error::Network);
}
