//! One party's part in a signature.

use dkls23::{
    protocols::{
        messages::PhaseOutput,
        signing::{Broadcast3to4, SignData, TransmitPhase1to2, TransmitPhase2to3},
        PartyIndex,
    },
    EcdsaSignature, SignSession,
};
use k256::Secp256k1;

use crate::{
    error::{Error, Result},
    network::Link,
    Party,
};

/// An ECDSA signature as Ethereum writes it: `s` in the lower half of the group order, `v` 27 or 28.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// x-coordinate of the nonce point, modulo the group order.
    pub r: [u8; 32],
    /// The other half.
    pub s: [u8; 32],
    /// Which of the two points with that x-coordinate.
    pub v: u8,
}

impl Signature {
    /// The 65 bytes that `ecrecover` wrappers take: r, s, v.
    pub fn to_bytes(&self) -> [u8; 65] {
        let mut bytes = [0; 65];
        bytes[..32].copy_from_slice(&self.r);
        bytes[32..64].copy_from_slice(&self.s);
        bytes[64] = self.v;
        bytes
    }

    /// `None` where r was reduced by the group order (one nonce in 2^127), which `ecrecover` can't express.
    fn new(signature: &EcdsaSignature) -> Option<Signature> {
        let EcdsaSignature { r, s, recovery_id } = *signature;
        (recovery_id < 2).then_some(Signature { r, s, v: 27 + recovery_id })
    }
}

/// Runs this party's part; the other signers run theirs at the same time. All get the same signature.
///
/// `sign_id` is the same for all signers and used once.
///
/// # Errors
///
/// [`Error::PeerLeft`], malformed messages, and whatever the protocol finds wrong with what it was sent.
pub fn sign(mut link: Link, party: &Party, sign_id: &[u8], digest: &[u8; 32]) -> Result<Signature> {
    let peers = link.peers();
    let counterparties = peers.iter().map(|&peer| PartyIndex::new(peer));
    let data = SignData {
        sign_id: sign_id.to_vec(),
        counterparties: counterparties.collect::<Result<_, _>>()?,
        message_hash: *digest,
    };

    let (mut session, messages) = SignSession::<Secp256k1>::new(party, data)?;
    let mut output = PhaseOutput::new();
    for message in &messages {
        output.add_p2p(message.parties.receiver.as_u8(), message)?;
    }
    let input = link.exchange(output)?;
    let received = peers.iter().map(|&peer| input.get_p2p::<TransmitPhase1to2>(peer));

    let messages = session.phase2(&received.collect::<Result<Vec<_>, _>>()?)?;
    let mut output = PhaseOutput::new();
    for message in &messages {
        output.add_p2p(message.parties.receiver.as_u8(), message)?;
    }
    let input = link.exchange(output)?;
    let received = peers.iter().map(|&peer| input.get_p2p::<TransmitPhase2to3<Secp256k1>>(peer));

    let own = session.phase3(&received.collect::<Result<Vec<_>, _>>()?)?;
    let mut output = PhaseOutput::new();
    output.add_broadcast(&own)?;
    let input = link.exchange(output)?;
    let mut parts = vec![own];
    for &peer in &peers {
        parts.push(input.get_broadcast::<Broadcast3to4<Secp256k1>>(peer)?);
    }

    // Checks the result under the group's key, and takes the lower s.
    let signature = session.phase4(&parts, true)?;
    Signature::new(&signature).ok_or(Error::Unrecoverable)
}
