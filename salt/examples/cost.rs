//! What the operations cost on this machine: the best of some runs of each, in milliseconds.
//!
//! ```text
//! cargo run --release -p zkdkim-salt --example cost
//! ```

use std::{hint::black_box, time::Instant};

use rand::SeedableRng;
use zkdkim_relation::Salt;
use zkdkim_salt::{
    dealer::deal_insecurely, Error, Escrow, Identity, IdentityKey, MailAddress, Member, NetworkId,
    NodeIndex, OpeningKey, SigningKey,
};

fn best<T>(what: &str, runs: usize, mut run: impl FnMut() -> T) {
    let mut best = f64::INFINITY;
    for _ in 0..runs {
        let start = Instant::now();
        black_box(run());
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!("{what:<48} {:8.2} ms", best * 1e3);
}

fn main() -> Result<(), Error> {
    let mut rng = rand_chacha::ChaCha20Rng::from_entropy();
    let member = |index| Member {
        index,
        url: format!("https://node-{index}.example"),
        sealing: OpeningKey::random(&mut rng).sealing_key(),
        verifying: SigningKey::random(&mut rng).verifying_key(),
    };
    let members = (1..=5).filter_map(NodeIndex::new).map(member).collect();
    let network = NetworkId::parse("insecure-dealer-1")?;
    let (committee, shares) = deal_insecurely(&network, 3, members, &mut rng)?;
    let ann = MailAddress::parse("ann@example.org")?;
    let identity = Identity::new(&network, &committee.master, &ann);
    let salt = Salt::random(&mut rng);
    let escrow = Escrow::seal(&identity, &committee.master, &salt, &mut rng);
    let parts: Vec<_> = shares[..3].iter().map(|share| share.partial_key(&identity)).collect();
    let key = IdentityKey::combine(&committee, &identity, &parts)?.key;
    let other = Identity::new(&network, &committee.master, &MailAddress::parse("bob@example.org")?);

    best("identity of an address", 200, || Identity::new(&network, &committee.master, &ann));
    best("a node's partial key", 200, || shares[0].partial_key(&identity));
    best("check of one partial key", 100, || parts[0].verify(&identity, &committee.nodes[0].key));
    best("3 of 5: checks, combination, final check", 50, || {
        IdentityKey::combine(&committee, &identity, &parts)
    });
    best("encrypting a salt", 100, || Escrow::seal(&identity, &committee.master, &salt, &mut rng));
    best("opening an escrow", 100, || escrow.open(&identity, &key));
    best("trying an escrow of somebody else", 100, || escrow.open(&other, &key));
    best("reading an escrow", 100, || Escrow::from_bytes(&escrow.to_bytes()));
    best("checking a committee of 5", 20, || committee.check());
    Ok(())
}
