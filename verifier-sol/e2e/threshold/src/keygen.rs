//! One party's part in the distributed key generation. Nobody deals shares: each party adds its own
//! polynomial, and the group's secret is the sum that nobody computes.

use std::collections::BTreeMap;

use dkls23::{
    protocols::{
        dkg::{
            BroadcastDerivationPhase2to4, BroadcastDerivationPhase3to4, ProofCommitment,
            TransmitInitMulPhase3to4, TransmitInitZeroSharePhase2to4,
            TransmitInitZeroSharePhase3to4,
        },
        messages::{MessageTag, PhaseInput, PhaseOutput},
        Parameters, PartyIndex,
    },
    secp256k1::compute_eth_address,
    DkgSession,
};
use k256::{Scalar, Secp256k1};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    error::{Error, Result},
    network::Link,
    Party,
};

/// The value of the sender's polynomial at the receiver's number.
#[derive(Serialize, Deserialize)]
struct Fragment(Scalar);
impl MessageTag for Fragment {
    const TAG: u8 = 0x40;
}

/// The hash of a proof that is revealed one round later.
#[derive(Serialize, Deserialize)]
struct Commitment([u8; 32]);
impl MessageTag for Commitment {
    const TAG: u8 = 0x41;
}

/// Runs this party's part; the others run theirs at the same time.
///
/// `session_id` is the same for all and used once.
///
/// # Errors
///
/// [`Error::PeerLeft`], malformed messages, and whatever the protocol finds wrong with what it was sent.
pub fn keygen(mut link: Link, parameters: &Parameters, session_id: &[u8]) -> Result<Party> {
    let me = PartyIndex::new(link.index())?;
    let mut session = DkgSession::<Secp256k1>::new(parameters.clone(), me, session_id.to_vec());

    // Round 1: a value of the own polynomial for each.
    let values = Zeroizing::new(session.phase1());
    let mut output = PhaseOutput::new();
    let mut fragments = Zeroizing::new(Vec::new());
    for (party, value) in (1..).zip(values.iter()) {
        match party == link.index() {
            true => fragments.push(*value),
            false => output.add_p2p(party, &Fragment(*value))?,
        }
    }
    let input = link.exchange(output)?;
    for peer in link.peers() {
        fragments.push(input.get_p2p::<Fragment>(peer)?.0);
    }

    // Round 2: commitments only, so that nobody chooses a point after having seen the others'.
    let (own_proof, own_zero, own_derivation) = session.phase2(&fragments)?;
    let mut output = PhaseOutput::new();
    output.add_broadcast(&Commitment(own_proof.commitment))?;
    output.add_broadcast(&own_derivation)?;
    for message in &own_zero {
        output.add_p2p(message.parties.receiver.as_u8(), message)?;
    }
    let round_2 = link.exchange(output)?;

    // Round 3: the proofs, and what each pair sets up for its multiplications.
    let (zero, multiplications, derivation) = session.phase3()?;
    let mut output = PhaseOutput::new();
    output.add_broadcast(&own_proof)?;
    output.add_broadcast(&derivation)?;
    for message in &zero {
        output.add_p2p(message.parties.receiver.as_u8(), message)?;
    }
    for message in &multiplications {
        output.add_p2p(message.parties.receiver.as_u8(), message)?;
    }
    let round_3 = link.exchange(output)?;

    let peers = link.peers();
    let mut proofs = vec![own_proof];
    for &peer in &peers {
        proofs.push(revealed_proof(peer, &round_2, &round_3)?);
    }
    let mut derivations_2 = BTreeMap::from([(me, own_derivation)]);
    let mut derivations_3 = BTreeMap::from([(me, derivation)]);
    for &peer in &peers {
        let index = PartyIndex::new(peer)?;
        derivations_2.insert(index, round_2.get_broadcast::<BroadcastDerivationPhase2to4>(peer)?);
        derivations_3.insert(index, round_3.get_broadcast::<BroadcastDerivationPhase3to4>(peer)?);
    }
    let (party, _) = session.phase4(
        &proofs,
        &direct::<TransmitInitZeroSharePhase2to4>(&peers, &round_2)?,
        &direct::<TransmitInitZeroSharePhase3to4>(&peers, &round_3)?,
        &direct::<TransmitInitMulPhase3to4<Secp256k1>>(&peers, &round_3)?,
        &derivations_2,
        &derivations_3,
        compute_eth_address,
    )?;
    Ok(party)
}

/// The proof that a party revealed, if it is its own and the one that it had committed to.
fn revealed_proof(
    peer: u8,
    committed: &PhaseInput,
    revealed: &PhaseInput,
) -> Result<ProofCommitment<Secp256k1>> {
    let commitment = committed.get_broadcast::<Commitment>(peer)?;
    let proof = revealed.get_broadcast::<ProofCommitment<Secp256k1>>(peer)?;
    if proof.commitment != commitment.0 || proof.index.as_u8() != peer {
        return Err(Error::CommitmentChanged { peer });
    }
    Ok(proof)
}

/// What each of the peers sent to this party alone.
fn direct<T: MessageTag>(peers: &[u8], input: &PhaseInput) -> Result<Vec<T>> {
    peers.iter().map(|&peer| Ok(input.get_p2p::<T>(peer)?)).collect()
}
