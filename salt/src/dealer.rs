//! One dealer makes all shares: for development. It knows the key, so it can open every escrow; the network's name says
//! so for ever ([`INSECURE_PREFIX`](crate::identity::INSECURE_PREFIX)), in every record, share, identity and Subject.

use rand_core::{CryptoRng, RngCore};

use crate::{
    committee::{check_members, Committee, Member, Node},
    error::{Error, Result},
    identity::NetworkId,
    keys::KeyShare,
    polynomial::Polynomial,
};

/// Makes a key, its shares, and a committee that still has to be signed.
///
/// # Errors
///
/// [`Error::InsecureDealer`] where the network's name does not begin with `insecure-dealer-`; [`Error::Committee`] for
/// members or a threshold that can't be.
pub fn deal_insecurely(
    network: &NetworkId,
    threshold: u8,
    members: Vec<Member>,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<(Committee, Vec<KeyShare>)> {
    if !network.is_insecure() {
        return Err(Error::InsecureDealer);
    }
    check_members(&members.iter().collect::<Vec<_>>(), threshold, true)?;
    let polynomial = Polynomial::random(threshold, rng);
    let shares: Vec<_> = members.iter().map(|member| polynomial.at(member.index)).collect();
    let keys = shares.iter().map(|share| share.public());
    let nodes = members.into_iter().zip(keys).map(|(member, key)| Node { member, key }).collect();
    let committee = Committee {
        network: network.clone(),
        epoch: 1,
        threshold,
        master: polynomial.commitments()[0],
        nodes,
        transcript: [0; 32],
        previous: [0; 32],
    };
    let of = |(node, share): (&Node, _)| KeyShare::new(&committee, node.member.index, share);
    let shares = committee.nodes.iter().zip(shares).map(of).collect();
    Ok((committee, shares))
}
