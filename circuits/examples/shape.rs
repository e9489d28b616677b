//! Prints the circuit's shape: columns, queries, degree, blinding rows. Development aid.
use halo2_proofs::{halo2curves::bn256::Bn256, poly::kzg::commitment::ParamsKZG, plonk::*};
use rand_chacha::{rand_core::SeedableRng, ChaCha20Rng};
use zkdkim_circuits::statement::{CircuitParams, StatementCircuit};

fn main() {
    let params = CircuitParams::default();
    let srs = ParamsKZG::<Bn256>::setup(params.k, ChaCha20Rng::from_seed([0; 32]));
    let circuit = StatementCircuit::keygen(params);
    let t = std::time::Instant::now();
    let vk = keygen_vk_custom(&srs, &circuit, true).unwrap();
    println!("keygen vk {:?}", t.elapsed());
    let cs = vk.cs();
    println!("advice {} fixed {} permutation {} selectors(in cs) {}", cs.num_advice_columns(), cs.num_fixed_columns(), vk.permutation().commitments().len(), cs.num_selectors());
    println!("advice queries {} fixed queries {} degree {} blinding {}", cs.advice_queries().len(), cs.fixed_queries().len(), cs.degree(), cs.blinding_factors());
    println!("gate polys {}", cs.gates().iter().map(|g| g.polynomials().len()).sum::<usize>());
    for gate in cs.gates() { println!("{:55} {:?}", gate.name(), gate.polynomials().iter().map(|p| p.degree()).collect::<Vec<_>>()); }
    let mut per: std::collections::BTreeMap<usize, Vec<i32>> = Default::default();
    for (c, r) in cs.advice_queries() { per.entry(c.index()).or_default().push(r.0); }
    for (c, r) in per { println!("advice {c}: {r:?}"); }
}
