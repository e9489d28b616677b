//! A witness as its differences from the image of an honest one.

use zkdkim_plonk::halo2curves::bn256::Fr;
use zkdkim_testkit::Alteration;

/// A witness by what it changes of the first phase, with its public inputs.
pub struct Witness {
    /// The name of its attack or honest block, which a verdict quotes.
    pub name: String,
    /// The cells that differ from the image.
    pub changes: Alteration<Fr>,
    /// Values by instance column, of which there is one, in the statement's order.
    pub instance: Vec<Vec<Fr>>,
}
