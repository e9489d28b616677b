//! All messages of a ceremony, stage by stage, and what comes of them. Every participant keeps a board of its own; equal
//! messages make equal boards.

use std::{collections::BTreeMap, fmt};

use ic_bls12_381::{G2Affine, Scalar};
use sha2::{Digest, Sha256};

use super::{
    messages::{share_context, Answer, Deal, Message, Verdict, SHARE_INFO},
    setting::{Dealing, Setting},
};
use crate::{
    bytes::Kind,
    committee::{Committee, Node, NodeIndex},
    error::{Error, Result},
    group::{combine_public, lagrange_at_zero, PublicPoint, SecretScalar, SCALAR_BYTES},
    keys::KeyShare,
    polynomial::committed_at,
    seal::OpeningKey,
    sign::SigningKey,
};

const DEALS_TAG: &[u8] = b"ZKDKIM-SALT-V1-DEALS";
const TRANSCRIPT_TAG: &[u8] = b"ZKDKIM-SALT-V1-TRANSCRIPT";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Deals,
    Verdicts,
    Answers,
    Done,
}

/// A message as it was read and as it came.
struct Posted<T> {
    message: T,
    raw: Vec<u8>,
}

/// The messages of a ceremony.
pub struct Board {
    setting: Setting,
    stage: Stage,
    deals: BTreeMap<NodeIndex, Posted<Deal>>,
    verdicts: BTreeMap<NodeIndex, Posted<Verdict>>,
    answers: BTreeMap<NodeIndex, Posted<Answer>>,
}

/// The shares that a receiver got and found right; secret, and dropped when the ceremony is over.
pub struct Received {
    index: NodeIndex,
    shares: BTreeMap<NodeIndex, SecretScalar>,
}

impl Received {
    /// The dealers whose share was right.
    pub fn dealers(&self) -> impl Iterator<Item = NodeIndex> + '_ {
        self.shares.keys().copied()
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Received(receiver {}, {} shares, redacted)", self.index, self.shares.len())
    }
}

impl Board {
    /// An empty board.
    pub fn new(setting: Setting) -> Board {
        let (deals, verdicts, answers) = Default::default();
        Board { setting, stage: Stage::Deals, deals, verdicts, answers }
    }

    /// Takes a message of the present stage. The same message twice is one; the order does not matter.
    ///
    /// # Errors
    ///
    /// [`Error::Encoding`] or [`Error::Ceremony`] for a message that does not count. Where one participant sent two
    /// different messages, it is named: both carry its signature, and the ceremony has to begin anew without it.
    pub fn post(&mut self, bytes: &[u8]) -> Result<()> {
        let kind = match self.stage {
            Stage::Deals => Kind::Deal,
            Stage::Verdicts => Kind::Verdict,
            Stage::Answers => Kind::Answer,
            Stage::Done => return Err(Error::CeremonyStage("it is over")),
        };
        let setting = &self.setting;
        let signer = |index| match kind {
            Kind::Verdict => setting.receiver(index).map(|member| member.verifying),
            _ => setting.dealer(index).copied(),
        };
        let message = Message::decode(bytes, kind, &setting.id(), signer)?;
        let index = message.index();
        let refuse = |detail| Err(Error::Ceremony { index, detail });
        let earlier = match kind {
            Kind::Deal => self.deals.get(&index).map(|posted| &posted.raw),
            Kind::Verdict => self.verdicts.get(&index).map(|posted| &posted.raw),
            _ => self.answers.get(&index).map(|posted| &posted.raw),
        };
        match earlier {
            Some(raw) if raw == bytes => return Ok(()),
            Some(_) => return refuse("two different messages"),
            None => {}
        }
        let raw = bytes.to_vec();
        match message {
            Message::Deal(message) => {
                if message.commitments.len() != usize::from(setting.threshold) {
                    return refuse("not t commitments");
                }
                if message.boxes.len() != setting.members.len() {
                    return refuse("not one share for each receiver");
                }
                if setting.constant(index).is_some_and(|key| key != message.commitments[0]) {
                    return refuse("it deals another share than its own");
                }
                self.deals.insert(index, Posted { message, raw });
            }
            Message::Verdict(message) => {
                if message.seen != self.deals_hash() {
                    return refuse("it saw other deals");
                }
                let ordered = message.accused.windows(2).all(|pair| pair[0] < pair[1]);
                if !ordered || !message.accused.iter().all(|i| self.deals.contains_key(i)) {
                    return refuse("it accuses who did not deal, or not in order");
                }
                self.verdicts.insert(index, Posted { message, raw });
            }
            Message::Answer(message) => {
                let revealed: Vec<_> = message.revealed.iter().map(|(index, _)| *index).collect();
                if revealed.is_empty() || revealed != self.accusers(index) {
                    return refuse("it answers other complaints than there are");
                }
                self.answers.insert(index, Posted { message, raw });
            }
        }
        Ok(())
    }

    /// Ends the time for deals.
    ///
    /// # Errors
    ///
    /// [`Error::CeremonyStage`] where too few dealt.
    pub fn close_deals(&mut self) -> Result<()> {
        self.expect(Stage::Deals)?;
        if self.deals.len() < self.needed_dealers() {
            return Err(Error::CeremonyStage("too few deals"));
        }
        self.stage = Stage::Verdicts;
        Ok(())
    }

    /// A receiver opens its shares, checks them, and says which are wrong.
    ///
    /// # Errors
    ///
    /// [`Error::CeremonyStage`] at another stage; [`Error::Ceremony`] where the keys are not those of this receiver.
    pub fn verdict(
        &self,
        index: NodeIndex,
        opening: &OpeningKey,
        signing: &SigningKey,
    ) -> Result<(Received, Vec<u8>)> {
        self.expect(Stage::Verdicts)?;
        let setting = &self.setting;
        let place = setting.members.iter().position(|member| {
            let keys = (opening.sealing_key(), signing.verifying_key());
            member.index == index && (&member.sealing, &member.verifying) == (&keys.0, &keys.1)
        });
        let place = place.ok_or(Error::Ceremony { index, detail: "the keys are not its own" })?;
        let (mut shares, mut accused) = (BTreeMap::new(), Vec::new());
        for (dealer, Posted { message: deal, .. }) in &self.deals {
            let context = share_context(&setting.id(), *dealer, index, &deal.commitments);
            let opened = opening.open(SHARE_INFO, &context, &deal.boxes[place]).ok();
            let share = opened.and_then(|bytes| {
                let bytes: &[u8; SCALAR_BYTES] = bytes.as_slice().try_into().ok()?;
                SecretScalar::from_bytes(bytes)
            });
            match share.filter(|share| fits(share, &deal.commitments, index)) {
                Some(share) => drop(shares.insert(*dealer, share)),
                None => accused.push(*dealer),
            }
        }
        let verdict = Verdict { index, seen: self.deals_hash(), accused };
        Ok((Received { index, shares }, verdict.encode(&setting.id(), signing)))
    }

    /// Ends the time for verdicts.
    ///
    /// # Errors
    ///
    /// [`Error::Ceremony`] with a receiver that has not spoken: without it there is no record.
    pub fn close_verdicts(&mut self) -> Result<()> {
        self.expect(Stage::Verdicts)?;
        let silent = self.setting.members.iter().find(|m| !self.verdicts.contains_key(&m.index));
        if let Some(member) = silent {
            return Err(Error::Ceremony { index: member.index, detail: "no verdict" });
        }
        self.stage = Stage::Answers;
        Ok(())
    }

    /// The receivers that complain about a dealer.
    pub fn accusers(&self, dealer: NodeIndex) -> Vec<NodeIndex> {
        let accuses = |posted: &Posted<Verdict>| posted.message.accused.contains(&dealer);
        let verdicts = self.verdicts.iter().filter(|(_, posted)| accuses(posted));
        verdicts.map(|(index, _)| *index).collect()
    }

    /// A dealer's answer to the complaints about it: the shares, in clear. None where there is no complaint, and none
    /// where t or more complain: so many shares would be the polynomial, and one of so many is honest.
    ///
    /// # Errors
    ///
    /// [`Error::CeremonyStage`] at another stage.
    pub fn answer(&self, dealing: &Dealing, signing: &SigningKey) -> Result<Option<Vec<u8>>> {
        self.expect(Stage::Answers)?;
        let accusers = self.accusers(dealing.index);
        if accusers.is_empty() || accusers.len() >= usize::from(self.setting.threshold) {
            return Ok(None);
        }
        Ok(Some(self.setting.answer(dealing, &accusers, signing)))
    }

    /// Ends the time for answers.
    ///
    /// # Errors
    ///
    /// [`Error::CeremonyStage`] where too few dealers are left.
    pub fn close_answers(&mut self) -> Result<()> {
        self.expect(Stage::Answers)?;
        if self.qualified().len() < self.needed_dealers() {
            return Err(Error::CeremonyStage("too few dealers dealt rightly"));
        }
        self.stage = Stage::Done;
        Ok(())
    }

    /// Dealers that are out: accused by t or more, or without a right answer to each complaint.
    pub fn disqualified(&self) -> Vec<NodeIndex> {
        let out = |(index, posted): (&NodeIndex, &Posted<Deal>)| {
            let accusers = self.accusers(*index);
            let too_many = accusers.len() >= usize::from(self.setting.threshold);
            let answered = self.answers.get(index).is_some_and(|answer| {
                let commitments = &posted.message.commitments;
                answer.message.revealed.iter().all(|(i, share)| fits(share, commitments, *i))
            });
            (too_many || !(accusers.is_empty() || answered)).then_some(*index)
        };
        self.deals.iter().filter_map(out).collect()
    }

    fn qualified(&self) -> Vec<NodeIndex> {
        let out = self.disqualified();
        self.deals.keys().copied().filter(|index| !out.contains(index)).collect()
    }

    /// The committee that comes of it. All members then sign [`Committee::digest`], and members of the committee before
    /// sign that they hand over to it.
    ///
    /// # Errors
    ///
    /// [`Error::CeremonyStage`] before the end; [`Error::Committee`] where the keys do not fit together, which no
    /// ceremony with fewer than t dishonest receivers ends in.
    pub fn committee(&self) -> Result<Committee> {
        self.expect(Stage::Done)?;
        let weights = self.weights();
        let point = |at: &dyn Fn(&[PublicPoint]) -> G2Affine| {
            let term = |(dealer, weight): &(NodeIndex, Scalar)| {
                (*weight, at(&self.deals[dealer].message.commitments))
            };
            let sum = combine_public(weights.iter().map(term));
            PublicPoint::from_bytes(&sum.to_compressed())
                .ok_or(Error::Committee { detail: "a public key is the identity" })
        };
        let master = point(&|commitments| commitments[0].0)?;
        let node = |member: &crate::committee::Member| {
            let key = point(&|commitments| committed_at(commitments, member.index))?;
            Ok(Node { member: member.clone(), key })
        };
        let setting = &self.setting;
        let committee = Committee {
            network: setting.network.clone(),
            epoch: setting.epoch,
            threshold: setting.threshold,
            master,
            nodes: setting.members.iter().map(node).collect::<Result<_>>()?,
            transcript: self.transcript(),
            previous: setting.before.as_ref().map_or([0; 32], Committee::digest),
        };
        committee.check()?;
        if setting.before.as_ref().is_some_and(|before| before.master != committee.master) {
            return Err(Error::Committee { detail: "the master public key is another" });
        }
        Ok(committee)
    }

    /// The committee that comes of it, and the receiver's share.
    ///
    /// # Errors
    ///
    /// As [`Self::committee`]; [`Error::Ceremony`] where a dealer's share is missing.
    pub fn finish(&self, received: &Received) -> Result<(Committee, KeyShare)> {
        let committee = self.committee()?;
        let mut secret = SecretScalar(Scalar::zero());
        for (dealer, weight) in &self.weights() {
            secret.0 += self.share(received, *dealer)?.0 * weight;
        }
        let share = KeyShare::new(&committee, received.index, secret);
        share.check(&committee)?;
        Ok((committee, share))
    }

    /// The qualified dealers that count, each with its coefficient.
    fn weights(&self) -> Vec<(NodeIndex, Scalar)> {
        let mut dealers = self.qualified();
        match &self.setting.before {
            None => dealers.into_iter().map(|dealer| (dealer, Scalar::one())).collect(),
            Some(before) => {
                dealers.truncate(usize::from(before.threshold));
                let indices = || dealers.iter().map(|dealer| dealer.get());
                let weight = |dealer: &NodeIndex| lagrange_at_zero(dealer.get(), indices());
                dealers.iter().map(|dealer| (*dealer, weight(dealer))).collect()
            }
        }
    }

    /// The share of a qualified dealer: as it was sealed, or as the dealer revealed it.
    fn share<'a>(&'a self, received: &'a Received, dealer: NodeIndex) -> Result<&'a SecretScalar> {
        let revealed = || {
            let answer = &self.answers.get(&dealer)?.message;
            let mine = answer.revealed.iter().find(|(index, _)| *index == received.index);
            mine.map(|(_, share)| share)
        };
        received.shares.get(&dealer).or_else(revealed).ok_or(Error::Ceremony {
            index: dealer,
            detail: "no share of this dealer, and no complaint about it",
        })
    }

    /// So many dealers that one of them is honest; in a resharing, that they have the key.
    fn needed_dealers(&self) -> usize {
        let threshold = self.setting.before.as_ref().map(|before| before.threshold);
        usize::from(threshold.unwrap_or(self.setting.threshold))
    }

    fn deals_hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new().chain_update(DEALS_TAG).chain_update(self.setting.id());
        self.deals.values().for_each(|posted| add(&mut hash, &posted.raw));
        hash.finalize().into()
    }

    fn transcript(&self) -> [u8; 32] {
        let mut hash = Sha256::new().chain_update(TRANSCRIPT_TAG).chain_update(self.deals_hash());
        self.verdicts.values().for_each(|posted| add(&mut hash, &posted.raw));
        self.answers.values().for_each(|posted| add(&mut hash, &posted.raw));
        hash.finalize().into()
    }

    fn expect(&self, stage: Stage) -> Result<()> {
        match self.stage == stage {
            true => Ok(()),
            false => Err(Error::CeremonyStage("not at this stage")),
        }
    }
}

impl fmt::Debug for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = (self.deals.len(), self.verdicts.len(), self.answers.len());
        write!(f, "Board({:?}, {counts:?} messages)", self.stage)
    }
}

fn fits(share: &SecretScalar, commitments: &[PublicPoint], index: NodeIndex) -> bool {
    share.public().0 == committed_at(commitments, index)
}

/// Kind and length are in the message; the length before it keeps two messages from being read as others.
fn add(hash: &mut Sha256, message: &[u8]) {
    hash.update((message.len() as u64).to_be_bytes());
    hash.update(message);
}
