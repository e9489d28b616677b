//! Random circuits: our proof system, the stock one and the front end's own checker agree on what is accepted.

use super::common::{keys, rng, Random, Spec};
use halo2_proofs::{
    dev::MockProver,
    halo2curves::bn256::{Bn256, Fr, G1Affine},
    plonk::{create_proof, keygen_pk2, verify_proof, ProvingKey},
    poly::commitment::ParamsProver,
    poly::kzg::{
        commitment::{KZGCommitmentScheme, ParamsKZG},
        multiopen::{ProverSHPLONK, VerifierSHPLONK},
        strategy::SingleStrategy,
    },
    transcript::{
        Blake2bRead, Blake2bWrite, Challenge255, TranscriptReadBuffer, TranscriptWriterBuffer,
    },
};
use zkdkim_plonk::folded::{prove, verify, Error};

struct Stock {
    params: ParamsKZG<Bn256>,
    pk: ProvingKey<G1Affine>,
}

impl Stock {
    fn new(spec: &Spec) -> Self {
        let params = ParamsKZG::<Bn256>::setup(spec.k, rng(spec.seed));
        let pk = keygen_pk2(&params, &Random(spec.clone()), true).unwrap();
        Self { params, pk }
    }

    fn accepts(&self, spec: &Spec) -> bool {
        type Scheme = KZGCommitmentScheme<Bn256>;
        let instances = spec.instance_slices();
        let mut t = Blake2bWrite::<_, G1Affine, Challenge255<_>>::init(Vec::new());
        create_proof::<Scheme, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
            &self.params,
            &self.pk,
            &[Random(spec.clone())],
            &[&instances],
            rng(spec.seed + 1),
            &mut t,
        )
        .unwrap();
        let proof = t.finalize();
        let mut t = Blake2bRead::<_, G1Affine, Challenge255<_>>::init(&proof[..]);
        verify_proof::<Scheme, VerifierSHPLONK<'_, Bn256>, _, _, _>(
            self.params.verifier_params(),
            self.pk.get_vk(),
            SingleStrategy::new(&self.params),
            &[&instances],
            &mut t,
        )
        .is_ok()
    }
}

fn mock_accepts(spec: &Spec) -> bool {
    let instances: Vec<Vec<Fr>> = spec.instances.clone();
    MockProver::run(spec.k, &Random(spec.clone()), instances).unwrap().verify().is_ok()
}

#[test]
fn agrees_with_the_stock_prover_satisfied_and_spoiled() {
    let (mut accepted, mut refused, mut compared, mut folds) = (0, 0, 0u32, 0u32);
    for seed in 0..24 {
        let mut spec = Spec::random(seed);
        let fold = 1 + (seed as usize * 7) % 16;
        folds |= 1 << fold;
        // The stock prover cannot close a third phase; the front end's checker can.
        let phases = spec.columns.iter().map(|c| c.0).max().unwrap_or(0) + 1;
        let stock = (phases < 3).then(|| Stock::new(&spec));
        compared += u32::from(stock.is_some());
        let (srs, pk) = keys(&spec, fold);
        let mut spoiling = rng(seed);
        for round in 0..3 {
            let circuit = Random(spec.clone());
            let instances = spec.instance_slices();
            let proof = prove(&srs, &pk, &circuit, &instances, rng(100 + round)).unwrap();
            assert_eq!(proof.len(), pk.vk().protocol().proof_len());
            let ours = match verify(pk.vk(), &instances, &proof) {
                Ok(()) => true,
                Err(Error::Refused) => false,
                Err(e) => panic!("seed {seed}: {e}"),
            };
            let others = stock.iter().map(|stock| stock.accepts(&spec));
            for other in others.chain([mock_accepts(&spec)]) {
                assert_eq!(ours, other, "seed {seed}, round {round}, fold {fold}");
            }
            assert!(ours || round > 0, "seed {seed}: the honest witness is refused");
            *(if ours { &mut accepted } else { &mut refused }) += 1;
            spec.spoil(&mut spoiling);
        }
    }
    assert!(compared >= 12, "{compared} circuits were given to the stock prover");
    assert!(accepted > 24 && refused > 10, "{accepted} accepted, {refused} refused");
    assert_eq!(folds, 0x1fffe, "every fold was tried");
}

#[test]
fn recomputed_cosets_give_the_same_proof() {
    use zkdkim_plonk::folded::{Cosets, ProvingKey};
    let spec = Spec::random(3);
    let (srs, kept) = keys(&spec, 4);
    let circuit = Random(spec.clone());
    let recomputed =
        ProvingKey::new(&srs, &circuit, &spec.public_inputs(), Cosets::Recomputed).unwrap();
    assert_eq!(recomputed.vk().digest(), kept.vk().digest());
    let instances = spec.instance_slices();
    let proof = |pk: &ProvingKey| prove(&srs, pk, &circuit, &instances, rng(9)).unwrap();
    assert_eq!(proof(&kept), proof(&recomputed));
}
