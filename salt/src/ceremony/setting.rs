//! What all agree on before a ceremony, and the dealer's part of it.

use std::fmt;

use rand_core::{CryptoRng, RngCore};
use sha2::{Digest, Sha256};

use super::messages::{share_context, Answer, Deal, SHARE_INFO};
use crate::{
    bytes::{Kind, Writer},
    committee::{check_members, write_member, Committee, CommitteeRecord, Member, NodeIndex},
    error::{Error, Result},
    group::PublicPoint,
    identity::NetworkId,
    keys::KeyShare,
    polynomial::Polynomial,
    sign::{SigningKey, VerifyingKey},
};

/// What all agree on beforehand: for whom the key is, and where it comes from.
#[derive(Clone, Debug)]
pub struct Setting {
    pub(super) network: NetworkId,
    pub(super) epoch: u32,
    pub(super) threshold: u8,
    pub(super) members: Vec<Member>,
    /// The committee whose members deal their shares; none where the key is new.
    pub(super) before: Option<Committee>,
    id: [u8; 32],
}

impl Setting {
    /// A new key for a new network.
    ///
    /// # Errors
    ///
    /// [`Error::Committee`] for members or a threshold that can't be; [`Error::Network`] where the network's name says
    /// that one dealer makes the key.
    pub fn generation(network: NetworkId, threshold: u8, members: Vec<Member>) -> Result<Setting> {
        if network.is_insecure() {
            return Err(Error::Network);
        }
        Setting::new(network, 1, threshold, members, None)
    }

    /// New shares of the key of a committee, for the members of the next epoch.
    ///
    /// # Errors
    ///
    /// [`Error::Committee`] for members or a threshold that can't be, or where epochs run out.
    pub fn resharing(
        before: &CommitteeRecord,
        threshold: u8,
        members: Vec<Member>,
    ) -> Result<Setting> {
        let before = before.committee().clone();
        let epoch = before.epoch.checked_add(1);
        let epoch = epoch.ok_or(Error::Committee { detail: "there is no later epoch" })?;
        Setting::new(before.network.clone(), epoch, threshold, members, Some(before))
    }

    fn new(
        network: NetworkId,
        epoch: u32,
        threshold: u8,
        members: Vec<Member>,
        before: Option<Committee>,
    ) -> Result<Setting> {
        check_members(&members.iter().collect::<Vec<_>>(), threshold, network.is_insecure())?;
        let mut writer = Writer::new(Kind::Setting, 512 * (1 + members.len()));
        writer.short(network.as_str().as_bytes()).u32(epoch).u8(threshold).u8(members.len() as u8);
        members.iter().for_each(|member| write_member(&mut writer, member));
        writer.fixed(&before.as_ref().map_or([0; 32], Committee::digest));
        let id = Sha256::digest(writer.public()).into();
        Ok(Setting { network, epoch, threshold, members, before, id })
    }

    /// SHA-256 of the setting: every message of the ceremony names it.
    pub fn id(&self) -> [u8; 32] {
        self.id
    }

    /// t of the committee that is made.
    pub fn threshold(&self) -> u8 {
        self.threshold
    }

    /// Who may deal, and the keys of their signatures.
    pub(super) fn dealer(&self, index: NodeIndex) -> Option<&VerifyingKey> {
        match &self.before {
            Some(before) => before.node(index).map(|node| &node.member.verifying),
            None => self.receiver(index).map(|member| &member.verifying),
        }
    }

    pub(super) fn receiver(&self, index: NodeIndex) -> Option<&Member> {
        self.members.iter().find(|member| member.index == index)
    }

    /// What the first commitment of a dealer must be, where that is known.
    pub(super) fn constant(&self, dealer: NodeIndex) -> Option<PublicPoint> {
        Some(self.before.as_ref()?.node(dealer)?.key)
    }

    /// A dealer of a generation makes its message. What is returned beside it answers complaints, and is dropped when the
    /// ceremony is over.
    ///
    /// # Errors
    ///
    /// [`Error::CeremonyStage`] in a resharing; [`Error::Ceremony`] where the key is not that of a dealer with this index.
    pub fn deal(
        &self,
        index: NodeIndex,
        signing: &SigningKey,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<(Dealing, Vec<u8>)> {
        if self.before.is_some() {
            return Err(Error::CeremonyStage("a resharing deals the shares that there are"));
        }
        self.deal_polynomial(index, signing, Polynomial::random(self.threshold, rng), rng)
    }

    /// A dealer of a resharing makes its message out of its share.
    ///
    /// # Errors
    ///
    /// [`Error::CeremonyStage`] in a generation; [`Error::Share`] where the share is not one of the committee before.
    pub fn deal_share(
        &self,
        share: &KeyShare,
        signing: &SigningKey,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<(Dealing, Vec<u8>)> {
        let before = self.before.as_ref();
        share.check(before.ok_or(Error::CeremonyStage("a generation deals no shares"))?)?;
        let constant = share.secret().clone();
        let polynomial = Polynomial::with_constant(constant, self.threshold, rng);
        self.deal_polynomial(share.index(), signing, polynomial, rng)
    }

    fn deal_polynomial(
        &self,
        index: NodeIndex,
        signing: &SigningKey,
        polynomial: Polynomial,
        rng: &mut (impl RngCore + CryptoRng),
    ) -> Result<(Dealing, Vec<u8>)> {
        if self.dealer(index) != Some(&signing.verifying_key()) {
            return Err(Error::Ceremony { index, detail: "the key is not that of this dealer" });
        }
        let commitments = polynomial.commitments();
        let mut boxes = Vec::with_capacity(self.members.len());
        for member in &self.members {
            let context = share_context(&self.id, index, member.index, &commitments);
            let share = polynomial.at(member.index).to_bytes();
            boxes.push(member.sealing.seal(SHARE_INFO, &context, &*share, rng)?);
        }
        let message = Deal { index, commitments, boxes }.encode(&self.id, signing);
        Ok((Dealing { index, polynomial }, message))
    }

    pub(super) fn answer(
        &self,
        dealing: &Dealing,
        accusers: &[NodeIndex],
        signing: &SigningKey,
    ) -> Vec<u8> {
        let revealed = accusers.iter().map(|index| (*index, dealing.polynomial.at(*index)));
        Answer { index: dealing.index, revealed: revealed.collect() }.encode(&self.id, signing)
    }
}

/// A dealer's secret until the ceremony is over.
pub struct Dealing {
    pub(super) index: NodeIndex,
    polynomial: Polynomial,
}

impl fmt::Debug for Dealing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dealing(dealer {}, redacted)", self.index)
    }
}
