//! One step: take what is new, do what is next, say what is missing.

use std::path::Path;

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use zkdkim_salt::{
    ceremony::{Board, Dealing, Received},
    node::NodeKeys,
    Committee, CommitteeRecord, Dealer, KeyShare, NodeIndex,
};

use super::{
    setting::Agreed,
    signature::{Purpose, Signed},
    store::{file_name, offered, Stage, Store, MAX_MESSAGE_BYTES},
};
use crate::{
    error::{Fault, Result},
    files::{self, Existing},
    home::Home,
};

/// Where a ceremony stands after a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What was met on the board that does not count, and whose it is.
    pub notes: Vec<String>,
    /// What is missing; empty where the ceremony is over.
    pub waiting: Vec<String>,
    /// The digest of the committee's record, once all have signed the same messages.
    pub digest: Option<String>,
}

/// A step of one node.
pub struct Step<'a> {
    home: &'a Home,
    store: Store,
    folder: &'a Path,
    /// Whether a stage ends with what is there.
    go_on: bool,
    dealer: Dealer,
    agreed: Agreed,
    keys: NodeKeys,
    board: Board,
    notes: Vec<String>,
}

impl<'a> Step<'a> {
    /// A step with everything that was taken before.
    pub fn new(
        home: &'a Home,
        store: Store,
        folder: &'a Path,
        go_on: bool,
        dealer: Dealer,
    ) -> Result<Step<'a>> {
        let agreed = store.agreed(dealer)?;
        let board = Board::new(agreed.setting.clone());
        let (keys, notes) = (home.keys()?, Vec::new());
        Ok(Step { home, store, folder, go_on, dealer, agreed, keys, board, notes })
    }

    /// Goes as far as the messages reach.
    pub fn run(mut self) -> Result<Progress> {
        let dealing = self.own_deal()?;
        let dealers = self.agreed.dealers();
        if let Some(waiting) = self.stage(Stage::Deals, &dealers, self.go_on)? {
            return Ok(self.waits(waiting, None));
        }
        self.board.close_deals()?;
        let received = self.own_verdict()?;
        let members: Vec<_> = self.agreed.members.iter().map(|member| member.index).collect();
        if let Some(waiting) = self.stage(Stage::Verdicts, &members, false)? {
            return Ok(self.waits(waiting, None));
        }
        self.board.close_verdicts()?;
        let accused = self.accused();
        self.own_answer(dealing.as_ref(), &accused)?;
        if let Some(waiting) = self.stage(Stage::Answers, &accused, self.go_on)? {
            return Ok(self.waits(waiting, None));
        }
        self.board.close_answers()?;
        for index in self.board.disqualified() {
            self.notes.push(format!(
                "dealer {index} is out: its deal was wrong, and it gave no right answer"
            ));
        }
        let (committee, share) = match &received {
            Some(received) => {
                let (committee, share) = self.board.finish(received)?;
                (committee, Some(share))
            }
            None => (self.board.committee()?, None),
        };
        self.sign(committee, share.as_ref())
    }

    fn waits(self, waiting: Vec<String>, digest: Option<String>) -> Progress {
        Progress { notes: self.notes, waiting, digest }
    }

    /// Posts what was taken, then what is offered; what is missing, unless the stage is over or ends now.
    fn stage(
        &mut self,
        stage: Stage,
        expected: &[NodeIndex],
        go_on: bool,
    ) -> Result<Option<Vec<String>>> {
        let mut there = Vec::new();
        for index in expected {
            if let Some(bytes) = self.store.message(stage, *index)? {
                self.board.post(&bytes)?;
                there.push(*index);
            }
        }
        if self.store.is_closed(stage) {
            return Ok(None);
        }
        for (index, path) in offered(self.folder, stage)? {
            let read = files::read(&path, MAX_MESSAGE_BYTES);
            match read.and_then(|bytes| self.offer(stage, index, expected, &bytes)) {
                Ok(()) if there.contains(&index) => {}
                Ok(()) => there.push(index),
                Err(fault) => self.notes.push(format!("{}: {fault}", path.display())),
            }
        }
        let missing = expected.iter().filter(|index| !there.contains(index));
        let missing: Vec<_> =
            missing.map(|index| format!("the {} of {index}", stage.message())).collect();
        match missing.is_empty() || go_on {
            true => self.store.close(stage).map(|()| None),
            false => Ok(Some(missing)),
        }
    }

    fn offer(
        &mut self,
        stage: Stage,
        index: NodeIndex,
        expected: &[NodeIndex],
        bytes: &[u8],
    ) -> Result<()> {
        // Head, id, then the index: a message under another's name would be counted as missing.
        const INDEX_AT: usize = 8 + 32;
        if !expected.contains(&index) || bytes.get(INDEX_AT) != Some(&index.get()) {
            return Err(Fault::Ceremony(format!("no message of {index} that is expected")));
        }
        self.board.post(bytes)?;
        self.store.take(stage, index, bytes)
    }

    /// Takes this node's own message and shows it.
    fn publish(&mut self, stage: Stage, index: NodeIndex, bytes: &[u8]) -> Result<()> {
        self.store.take(stage, index, bytes)?;
        files::write(&self.folder.join(file_name(stage, index)), bytes, Existing::Replaced)
    }

    /// The deal of this node, if it is a dealer; the same one each time.
    fn own_deal(&mut self) -> Result<Option<Dealing>> {
        let Some(index) = self.agreed.dealer(&self.keys) else { return Ok(None) };
        let Some(seed) = self.store.seed()? else { return Ok(None) };
        let rng = &mut ChaCha20Rng::from_seed(*seed);
        let signing = &self.keys.signing;
        let setting = &self.agreed.setting;
        let (dealing, bytes) = match &self.agreed.before {
            None => setting.deal(index, signing, rng)?,
            Some(before) => {
                let epoch = before.committee().epoch;
                let share = self.home.share(epoch)?.ok_or_else(|| {
                    Fault::Ceremony(format!("this node has no share of epoch {epoch} to pass on"))
                })?;
                setting.deal_share(&share, signing, rng)?
            }
        };
        let open = !self.store.is_closed(Stage::Deals);
        let taken = self.store.message(Stage::Deals, index)?;
        if open || taken.is_some() {
            self.publish(Stage::Deals, index, &bytes)?;
        }
        Ok(Some(dealing))
    }

    fn own_verdict(&mut self) -> Result<Option<Received>> {
        let Some(index) = self.agreed.member(&self.keys) else { return Ok(None) };
        let NodeKeys { opening, signing } = &self.keys;
        let (received, bytes) = self.board.verdict(index, opening, signing)?;
        self.publish(Stage::Verdicts, index, &bytes)?;
        Ok(Some(received))
    }

    /// Dealers that have something to answer.
    fn accused(&self) -> Vec<NodeIndex> {
        let threshold = self.agreed.setting.threshold();
        let answers = |index: &NodeIndex| {
            let accusers = self.board.accusers(*index).len();
            accusers > 0 && accusers < usize::from(threshold)
        };
        self.agreed.dealers().into_iter().filter(answers).collect()
    }

    fn own_answer(&mut self, dealing: Option<&Dealing>, accused: &[NodeIndex]) -> Result<()> {
        let index = self.agreed.dealer(&self.keys).filter(|index| accused.contains(index));
        let (Some(dealing), Some(index)) = (dealing, index) else { return Ok(()) };
        if let Some(bytes) = self.board.answer(dealing, &self.keys.signing)? {
            self.publish(Stage::Answers, index, &bytes)?;
        }
        Ok(())
    }

    /// Signs the record, gathers the others' signatures, and ends the ceremony once there are enough.
    fn sign(mut self, committee: Committee, share: Option<&KeyShare>) -> Result<Progress> {
        let digest = committee.digest();
        let signing = &self.keys.signing;
        if let Some(index) = self.agreed.member(&self.keys) {
            let signature = committee.sign(signing);
            self.show(&Signed { purpose: Purpose::Record, index, digest, signature })?;
        }
        if let (Some(_), Some(index)) = (&self.agreed.before, self.agreed.dealer(&self.keys)) {
            let signature = committee.sign_handover(signing);
            self.show(&Signed { purpose: Purpose::Handover, index, digest, signature })?;
        }
        let shown = Some(hex::encode(digest));
        let mut waiting = Vec::new();
        let mut signatures = Vec::new();
        for member in self.agreed.members.clone() {
            match self.find(Purpose::Record, member.index, &digest) {
                Some(signature) => signatures.push(signature),
                None => waiting.push(format!("the signature of {} on the record", member.index)),
            }
        }
        let mut handover = Vec::new();
        if let Some(before) = self.agreed.before.clone() {
            let dealers = self.agreed.dealers().into_iter();
            let found = dealers
                .filter_map(|index| Some((index, self.find(Purpose::Handover, index, &digest)?)));
            handover = found.collect();
            handover.sort_by_key(|(index, _)| *index);
            let threshold = usize::from(before.committee().threshold);
            if handover.len() < threshold {
                let count = handover.len();
                waiting.push(format!("signatures of the committee before: {count} of {threshold}"));
            }
        }
        if !waiting.is_empty() {
            return Ok(self.waits(waiting, shown));
        }
        let record = CommitteeRecord::new(committee, signatures, handover, self.dealer)?;
        if let Some(before) = &self.agreed.before {
            record.follows(before)?;
        }
        self.home.install(&record, share)?;
        files::write(
            &self.folder.join("committee.record"),
            &record.to_bytes(),
            Existing::Replaced,
        )?;
        self.store.erase_seed()?;
        Ok(self.waits(Vec::new(), shown))
    }

    fn show(&self, signed: &Signed) -> Result<()> {
        let path = self.folder.join(signature_name(signed.purpose, signed.index));
        files::write(&path, signed.to_toml().as_bytes(), Existing::Replaced)
    }

    fn find(&mut self, purpose: Purpose, index: NodeIndex, digest: &[u8; 32]) -> Option<[u8; 64]> {
        let path = self.folder.join(signature_name(purpose, index));
        if !path.exists() {
            return None;
        }
        let note = match Signed::read(&path) {
            Ok(signed) if (signed.purpose, signed.index) != (purpose, index) => {
                "a signature of another, or for something else".to_owned()
            }
            Ok(signed) if signed.digest != *digest => {
                "it signs another record: its node took other messages, so begin anew".to_owned()
            }
            Ok(signed) => return Some(signed.signature),
            Err(fault) => fault.to_string(),
        };
        self.notes.push(format!("{}: {note}", path.display()));
        None
    }
}

fn signature_name(purpose: Purpose, index: NodeIndex) -> String {
    match purpose {
        Purpose::Record => format!("record-signature-{index}"),
        Purpose::Handover => format!("handover-signature-{index}"),
    }
}
