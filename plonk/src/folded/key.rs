//! The verifying key, its bytes and its digest.
//!
//! A key is self-contained: a verifier needs no circuit. Its encoding has one form; what is read is encoded again and
//! compared. The digest is Keccak-256 over the encoding, so it covers every field, and it opens every transcript.

use halo2_proofs::halo2curves::bn256::{Fr, G1Affine, G2Affine};
use sha3::{Digest, Keccak256};

use super::{
    encoding::{field_bytes, point_bytes, Identity, Reader},
    error::{Error, Result},
    protocol::{Column, Graph, Group, Leaf, Node, Protocol, Shape},
    srs::{g2_bytes, read_g2},
};

const MAGIC: &[u8; 8] = b"foldkey\x01";

/// What a verifier needs: protocol, commitments of the key's groups, \[τ\]_2.
#[derive(Clone, Debug)]
pub struct VerifyingKey {
    protocol: Protocol,
    commitments: Vec<G1Affine>,
    tau_g2: G2Affine,
    digest: [u8; 32],
}

impl VerifyingKey {
    pub(super) fn new(protocol: Protocol, commitments: Vec<G1Affine>, tau_g2: G2Affine) -> Self {
        let mut key = Self { protocol, commitments, tau_g2, digest: [0; 32] };
        key.digest = Keccak256::digest(key.to_bytes()).into();
        key
    }

    /// Groups, rounds and identities.
    pub fn protocol(&self) -> &Protocol {
        &self.protocol
    }

    /// Commitments of [`Protocol::key_groups`]; the identity for columns that are zero.
    pub fn commitments(&self) -> &[G1Affine] {
        &self.commitments
    }

    /// \[τ\]_2.
    pub fn tau_g2(&self) -> &G2Affine {
        &self.tau_g2
    }

    /// Keccak-256 of [`VerifyingKey::to_bytes`].
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The one encoding of this key: numbers in 4 bytes, big-endian, each list after its length; scalars and points
    /// as in a proof.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut w = Writer(MAGIC.to_vec());
        let shape = self.protocol.shape();
        w.number(shape.k);
        w.number(self.protocol.fold() as u32);
        w.number(shape.degree as u32);
        w.number(shape.blinding as u32);
        w.number(shape.fixed as u32);
        w.list(&shape.advice_phases, |w, p| w.number(u32::from(*p)));
        w.list(&shape.public_inputs, |w, count| w.number(*count as u32));
        w.list(&shape.challenge_phases, |w, p| w.number(u32::from(*p)));
        w.list(&shape.permutation, |w, c| w.column(*c));
        w.list(shape.gates.nodes(), |w, node| w.node(node));
        w.list(&shape.gate_outputs, |w, i| w.number(*i));
        w.list(self.protocol.rounds(), |w, round| w.list(&round.groups, Writer::group));
        w.list(self.protocol.key_groups(), Writer::group);
        w.list(&self.commitments, |w, p| w.0.extend(point_bytes(p)));
        w.0.extend(g2_bytes(&self.tau_g2));
        w.0
    }

    /// Reads what [`VerifyingKey::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::Fold`], [`Error::Rows`] or [`Error::TooMany`]: for anything that is not the
    /// encoding of a key.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut r = Reader::new(bytes);
        if r.take(MAGIC.len())? != MAGIC {
            return Err(Error::Malformed { at: 0, what: "not a key of this version" });
        }
        let k = r.u32()?;
        let [fold, degree, blinding, fixed] =
            [r.u32()?, r.u32()?, r.u32()?, r.u32()?].map(|x| x as usize);
        let advice_phases = list(&mut r, byte)?;
        let public_inputs = list(&mut r, |r| Ok(r.u32()? as usize))?;
        let challenge_phases = list(&mut r, byte)?;
        let permutation = list(&mut r, column)?;
        let gates = graph(&mut r)?;
        let gate_outputs = list(&mut r, |r| r.u32())?;
        if gate_outputs.iter().any(|i| *i as usize >= gates.nodes().len()) {
            return Err(r.malformed("a gate that is not there"));
        }
        let shape = Shape {
            k,
            degree,
            blinding,
            advice_phases,
            fixed,
            public_inputs,
            challenge_phases,
            permutation,
            gates,
            gate_outputs,
        };
        let rounds = list(&mut r, |r| list(r, group))?;
        let key_groups = list(&mut r, group)?;
        let commitments = list(&mut r, |r| r.point(Identity::Allowed))?;
        let tau_g2 = read_g2(&mut r)?;
        r.finish()?;
        let protocol = Protocol::with_groups(shape, fold, rounds, key_groups)?;
        if commitments.len() != protocol.key_groups().len() {
            return Err(r.malformed("another number of commitments than groups"));
        }
        let key = Self::new(protocol, commitments, tau_g2);
        if key.to_bytes() != bytes {
            return Err(Error::Malformed { at: 0, what: "not the canonical encoding of this key" });
        }
        Ok(key)
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn number(&mut self, x: u32) {
        self.0.extend(x.to_be_bytes());
    }

    fn list<T>(&mut self, items: &[T], mut each: impl FnMut(&mut Self, &T)) {
        self.number(items.len() as u32);
        items.iter().for_each(|item| each(self, item));
    }

    fn tagged(&mut self, tag: u8, numbers: &[u32]) {
        self.0.push(tag);
        numbers.iter().for_each(|x| self.number(*x));
    }

    fn column(&mut self, c: Column) {
        match c {
            Column::Advice(i) => self.tagged(0, &[i]),
            Column::Product(i) => self.tagged(1, &[i]),
            Column::Mask => self.tagged(2, &[]),
            Column::Fixed(i) => self.tagged(3, &[i]),
            Column::Sigma(i) => self.tagged(4, &[i]),
            Column::Instance(i) => self.tagged(5, &[i]),
        }
    }

    /// Gates read cells and challenges only; the other leaves are the permutation argument's, which is not written.
    fn node(&mut self, node: &Node) {
        match *node {
            Node::Constant(x) => {
                self.tagged(0, &[]);
                self.0.extend(field_bytes::<Fr, _>(&x));
            }
            Node::Leaf(Leaf::Cell(c, rotation)) => {
                self.tagged(1, &[]);
                self.column(c);
                self.0.extend(rotation.to_be_bytes());
            }
            Node::Leaf(Leaf::Challenge(i)) => self.tagged(2, &[i]),
            Node::Leaf(_) => self.tagged(255, &[]),
            Node::Sum(a, b) => self.tagged(3, &[a, b]),
            Node::Difference(a, b) => self.tagged(4, &[a, b]),
            Node::Product(a, b) => self.tagged(5, &[a, b]),
        }
    }

    fn group(&mut self, group: &Group) {
        self.number(group.fold as u32);
        self.list(&group.columns, |w, c| w.column(*c));
        self.list(&group.rotations, |w, r| w.0.extend(r.to_be_bytes()));
    }
}

/// A list after its length; nothing is reserved before it is there.
fn list<T>(
    r: &mut Reader<'_>,
    mut each: impl FnMut(&mut Reader<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let count = r.u32()?;
    (0..count).map(|_| each(r)).collect()
}

fn byte(r: &mut Reader<'_>) -> Result<u8> {
    let x = r.u32()?;
    u8::try_from(x).map_err(|_| r.malformed("a phase above 255"))
}

fn column(r: &mut Reader<'_>) -> Result<Column> {
    Ok(match tag(r)? {
        0 => Column::Advice(r.u32()?),
        1 => Column::Product(r.u32()?),
        2 => Column::Mask,
        3 => Column::Fixed(r.u32()?),
        4 => Column::Sigma(r.u32()?),
        5 => Column::Instance(r.u32()?),
        _ => return Err(r.malformed("an unknown kind of column")),
    })
}

fn tag(r: &mut Reader<'_>) -> Result<u8> {
    Ok(r.take(1)?.iter().fold(0, |_, b| *b))
}

fn graph(r: &mut Reader<'_>) -> Result<Graph> {
    let mut out = Graph::default();
    for i in 0..r.u32()? {
        let node = match tag(r)? {
            0 => Node::Constant(r.scalar()?),
            1 => {
                let column = column(r)?;
                Node::Leaf(Leaf::Cell(column, r.u32()? as i32))
            }
            2 => Node::Leaf(Leaf::Challenge(r.u32()?)),
            3 => Node::Sum(r.u32()?, r.u32()?),
            4 => Node::Difference(r.u32()?, r.u32()?),
            5 => Node::Product(r.u32()?, r.u32()?),
            _ => return Err(r.malformed("an unknown kind of node")),
        };
        if node.operands().is_some_and(|(a, b)| a >= i || b >= i) {
            return Err(r.malformed("a node that reads a later one"));
        }
        if out.push(node) != i {
            return Err(r.malformed("a node that stands twice"));
        }
    }
    Ok(out)
}

fn group(r: &mut Reader<'_>) -> Result<Group> {
    Ok(Group {
        fold: r.u32()? as usize,
        columns: list(r, column)?,
        rotations: list(r, |r| Ok(r.u32()? as i32))?,
    })
}
