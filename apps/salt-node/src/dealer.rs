//! One dealer for development, which knows the key of every address: folders of all nodes at once, marked for ever.

use std::path::{Path, PathBuf};

use rand::rngs::OsRng;
use zkdkim_salt::{
    dealer::deal_insecurely, node::NodeKeys, CommitteeRecord, Dealer, Member, NetworkId, NodeIndex,
};

use crate::{
    error::{Fault, Result},
    files::{self, Existing},
    home::Home,
};

/// Makes a committee with a folder for each URL, `node-1`, `node-2`, …, and its record, `committee.record`.
pub fn deal(network: &str, threshold: u8, urls: &[String], out: &Path) -> Result<PathBuf> {
    let network = NetworkId::parse(network)?;
    let mut nodes = Vec::new();
    for (at, url) in urls.iter().enumerate() {
        let index = u8::try_from(at + 1).ok().and_then(NodeIndex::new);
        let index = index.ok_or_else(|| Fault::Ceremony("more than 32 nodes".into()))?;
        let keys = NodeKeys::random(&mut OsRng);
        let member = Member {
            index,
            url: url.clone(),
            sealing: keys.opening.sealing_key(),
            verifying: keys.signing.verifying_key(),
        };
        nodes.push((keys, member));
    }
    let members = nodes.iter().map(|(_, member)| member.clone()).collect();
    // Before anything is written.
    let (committee, shares) = deal_insecurely(&network, threshold, members, &mut OsRng)?;
    let signatures = nodes.iter().map(|(keys, _)| committee.sign(&keys.signing)).collect();
    let record = CommitteeRecord::new(committee, signatures, vec![], Dealer::AllowedInsecurely)?;
    for ((keys, member), share) in nodes.iter().zip(&shares) {
        let home = Home::new(&out.join(format!("node-{}", member.index)));
        home.init(keys)?;
        home.install(&record, Some(share))?;
    }
    let path = out.join("committee.record");
    files::write(&path, &record.to_bytes(), Existing::Kept)?;
    Ok(path)
}
