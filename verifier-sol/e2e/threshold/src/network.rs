//! Messages between the parties of one run: bytes through channels, so that a party depends on nothing but
//! what it was sent.
//!
//! The protocols run in rounds. In each, a party sends one envelope to every other and then waits for one
//! from every other. Envelopes of one sender arrive in order; a fast party's envelope for a later round
//! waits.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::mpsc::{channel, Receiver, Sender},
};

use dkls23::protocols::messages::{PhaseInput, PhaseOutput};

use crate::error::{Error, Result};

/// What is on its way.
struct Envelope {
    sender: u8,
    content: Content,
}

enum Content {
    /// The messages of one round.
    Round { broadcast: Vec<u8>, direct: Vec<u8> },
    /// The sender ended, well or not.
    Left,
}

/// One party's end.
pub struct Link {
    index: u8,
    round: usize,
    inbox: Receiver<Envelope>,
    peers: BTreeMap<u8, Sender<Envelope>>,
    /// By sender: what has come and was not taken yet.
    waiting: BTreeMap<u8, VecDeque<Content>>,
}

/// Connects each of these parties with all others.
pub fn connect(parties: &[u8]) -> Vec<Link> {
    let (senders, inboxes): (Vec<_>, Vec<_>) = parties.iter().map(|_| channel()).unzip();
    let link = |(&index, inbox): (&u8, Receiver<Envelope>)| {
        let others = parties.iter().zip(&senders).filter(|(&peer, _)| peer != index);
        let peers: BTreeMap<_, _> = others.map(|(&peer, to)| (peer, to.clone())).collect();
        let waiting = peers.keys().map(|&peer| (peer, VecDeque::new())).collect();
        Link { index, round: 0, inbox, peers, waiting }
    };
    parties.iter().zip(inboxes).map(link).collect()
}

impl Link {
    /// This party's number.
    pub fn index(&self) -> u8 {
        self.index
    }

    /// The numbers of the others, ascending.
    pub fn peers(&self) -> Vec<u8> {
        self.peers.keys().copied().collect()
    }

    /// One round: sends, then waits for what every other party sent.
    ///
    /// # Errors
    ///
    /// [`Error::PeerLeft`].
    pub fn exchange(&mut self, output: PhaseOutput) -> Result<PhaseInput> {
        self.round += 1;
        let PhaseOutput { broadcasts, mut p2p } = output;
        let broadcast = broadcasts.concat();
        for (peer, to) in &self.peers {
            let direct = p2p.remove(peer).unwrap_or_default();
            let content = Content::Round { broadcast: broadcast.clone(), direct };
            // A party that left is noticed where its own messages are missing.
            let _ = to.send(Envelope { sender: self.index, content });
        }
        let mut input = PhaseInput { broadcasts: BTreeMap::new(), p2p: BTreeMap::new() };
        for peer in self.peers() {
            let (broadcast, direct) = self.next_from(peer)?;
            input.broadcasts.insert(peer, broadcast);
            input.p2p.insert(peer, direct);
        }
        Ok(input)
    }

    fn next_from(&mut self, peer: u8) -> Result<(Vec<u8>, Vec<u8>)> {
        let left = Error::PeerLeft { peer, round: self.round };
        loop {
            let queue = self.waiting.get_mut(&peer);
            match queue.and_then(VecDeque::pop_front) {
                Some(Content::Round { broadcast, direct }) => return Ok((broadcast, direct)),
                Some(Content::Left) => return Err(left),
                None => {}
            }
            let Ok(Envelope { sender, content }) = self.inbox.recv() else { return Err(left) };
            self.waiting.entry(sender).or_default().push_back(content);
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        for to in self.peers.values() {
            let _ = to.send(Envelope { sender: self.index, content: Content::Left });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dkls23::protocols::messages::MessageTag;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
    struct Number(u32);
    impl MessageTag for Number {
        const TAG: u8 = 0x70;
    }

    fn broadcast(number: u32) -> PhaseOutput {
        let mut output = PhaseOutput::new();
        output.add_broadcast(&Number(number)).unwrap();
        output
    }

    #[test]
    fn everybody_gets_what_everybody_sent() {
        let links = connect(&[1, 2, 4]);
        std::thread::scope(|scope| {
            for mut link in links {
                scope.spawn(move || {
                    for round in 0..3 {
                        let mut output = broadcast(100 * round + u32::from(link.index()));
                        for peer in link.peers() {
                            let number = Number(u32::from(10 * link.index() + peer));
                            output.add_p2p(peer, &number).unwrap();
                        }
                        let input = link.exchange(output).unwrap();
                        for peer in link.peers() {
                            let expected = Number(100 * round + u32::from(peer));
                            assert_eq!(input.get_broadcast::<Number>(peer).unwrap(), expected);
                            let expected = Number(u32::from(10 * peer + link.index()));
                            assert_eq!(input.get_p2p::<Number>(peer).unwrap(), expected);
                        }
                    }
                });
            }
        });
    }

    #[test]
    fn a_party_that_leaves_is_named_and_blocks_nobody() {
        let mut links = connect(&[1, 2, 3]).into_iter();
        let (mut one, two, mut three) =
            (links.next().unwrap(), links.next().unwrap(), links.next().unwrap());
        drop(two);
        let rest = std::thread::spawn(move || three.exchange(broadcast(3)).map(drop));
        let error = one.exchange(broadcast(1)).map(drop).unwrap_err();
        assert!(matches!(error, Error::PeerLeft { peer: 2, round: 1 }), "{error}");
        drop(one);
        assert!(rest.join().unwrap().is_err());
    }
}
