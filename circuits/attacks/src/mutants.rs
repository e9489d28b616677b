//! Mutants of the statement's circuit, and whether the attacks notice them.
//!
//! A mutant is noticed, in the order in which it is tried, if
//!
//! 1. an honest witness no longer holds in it, or
//! 2. one altered cell passes that the circuit refuses: what the tamper sweep of all cells does, or
//! 3. a forgery of a few cells passes that the circuit refuses: what the automatic prover does, or
//! 4. an attack on the place that was mutated passes that the circuit refuses ([`crate::nearby`]).
//!
//! Digests of verifying keys are not asked: they would notice everything and prove nothing.

use std::collections::{BTreeMap, BTreeSet};

use rand::{seq::SliceRandom, SeedableRng};
use rand_chacha::ChaCha20Rng;
use zkdkim_plonk::halo2curves::{bn256::Fr, ff::Field as _};
use zkdkim_testkit::{Alteration, Cell, Constraint, Effort, End, Image, Mutation, Sweep};

use crate::{argument::Term, nearby, statement::Statement, witness::Witness, Claim, SAMPLE_HEADER};

/// A bug to plant in the statement's circuit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mutant {
    /// In the constraint system.
    Planted(Mutation<Fr>),
    /// In the lookup argument that the circuit builds for itself.
    Term(Term),
}

/// The kinds of mutants, of which a sample takes each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A polynomial in all rows.
    Polynomial,
    /// A part of the lookup argument in all rows.
    Term,
    /// One copy constraint between two cells.
    Copy,
    /// A gate in one row.
    Selector,
    /// One fixed cell: becomes zero, or one where it was zero.
    Fixed,
}

impl Kind {
    /// Every kind, in the order in which a sample draws them.
    pub const ALL: [Self; 5] =
        [Self::Polynomial, Self::Term, Self::Copy, Self::Selector, Self::Fixed];

    /// How many of a hundred.
    fn share(self) -> usize {
        match self {
            Self::Polynomial => 30,
            Self::Term => 5,
            Self::Copy => 25,
            Self::Selector | Self::Fixed => 20,
        }
    }

    /// The name under which a report counts it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Polynomial => "polynomial",
            Self::Term => "lookup",
            Self::Copy => "copy",
            Self::Selector => "selector",
            Self::Fixed => "fixed",
        }
    }
}

/// Rows of a polynomial in which it is attacked.
const ROWS: usize = 4;

/// The attacks, and the circuit to plant bugs in.
pub struct Suite<'a> {
    statement: &'a Statement,
    sweep: Sweep<'a, Fr>,
    honest: Vec<Witness>,
}

impl<'a> Suite<'a> {
    /// A suite over an honest statement.
    pub fn new(statement: &'a Statement) -> Self {
        let sweep = statement.sweep();
        let mut suite = Self { statement, sweep, honest: Vec::new() };
        for (name, block) in honest_blocks() {
            let plan = Claim::honest(block.as_bytes()).in_layout(statement.layout());
            let circuit = plan.circuit(|_, _| (), |_, _| ());
            suite.honest.push(suite.statement.witness(name, suite.image(), &circuit));
        }
        suite
    }

    /// The circuit, with the bug that is planted.
    pub fn image(&self) -> &Image<Fr> {
        self.sweep.image()
    }

    /// The honest witnesses that do not hold in the circuit as it is: none, or no verdict counts.
    pub fn refused_honest(&mut self) -> Vec<String> {
        let honest = std::mem::take(&mut self.honest);
        let verdicts = honest.iter().filter_map(|witness| {
            let verdict = self.sweep.witness(witness.changes.clone(), witness.instance.clone())?;
            Some(format!("{}: {verdict}", witness.name))
        });
        let refused = verdicts.collect();
        self.honest = honest;
        refused
    }

    /// All mutants of a kind.
    pub fn all(&self, kind: Kind) -> Vec<Mutant> {
        let image = self.image();
        match kind {
            Kind::Polynomial => {
                let polys = image.polynomials();
                polys.map(|(i, ..)| Mutant::Planted(Mutation::Polynomial(i))).collect()
            }
            Kind::Term => Term::all().map(Mutant::Term).collect(),
            Kind::Copy => {
                (0..image.copies().len()).map(|i| Mutant::Planted(Mutation::Copy(i))).collect()
            }
            Kind::Selector => {
                let enabled = image.enabled();
                let planted = enabled.map(|(selector, row)| Mutation::Selector { selector, row });
                planted.map(Mutant::Planted).collect()
            }
            Kind::Fixed => {
                let cells = image.fixed_cells().map(|(column, row)| {
                    let zero = image.fixed_at(column, row) == Fr::ZERO;
                    let value = if zero { Fr::ONE } else { Fr::ZERO };
                    Mutant::Planted(Mutation::Fixed { column, row, value })
                });
                cells.collect()
            }
        }
    }

    /// A seeded sample of `count` mutants, in which each kind has its share, and within selectors,
    /// copies and fixed cells each gate, each pair of columns and each column.
    pub fn sample(&self, seed: u64, count: usize) -> Vec<Mutant> {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut sample = Vec::new();
        for kind in Kind::ALL {
            let mut classes: BTreeMap<String, Vec<Mutant>> = BTreeMap::new();
            for mutant in self.all(kind) {
                classes.entry(self.class(mutant)).or_default().push(mutant);
            }
            let mut classes: Vec<Vec<Mutant>> = classes.into_values().collect();
            classes.iter_mut().for_each(|class| class.shuffle(&mut rng));
            classes.shuffle(&mut rng);
            for i in 0..(count * kind.share()).div_ceil(100) {
                let among = classes.len();
                sample.extend(classes[i % among].pop());
            }
        }
        sample.shuffle(&mut rng);
        sample.truncate(count);
        sample
    }

    /// What a mutant has in common with those of which a sample should not take too many.
    fn class(&self, mutant: Mutant) -> String {
        let text = self.describe(mutant);
        match mutant {
            Mutant::Term(_) | Mutant::Planted(Mutation::Polynomial(_)) => text,
            Mutant::Planted(Mutation::Copy(_)) => {
                let words = text.split(' ').filter(|word| word.parse::<usize>().is_err());
                words.collect()
            }
            _ => text.split(" at ").next().unwrap_or_default().to_owned(),
        }
    }

    /// A mutant by the name and place of what it changes.
    pub fn describe(&self, mutant: Mutant) -> String {
        let image = self.image();
        match mutant {
            Mutant::Term(term) => format!("lookup {}", term.name()),
            Mutant::Planted(mutation) => match mutation {
                Mutation::Polynomial(poly) => {
                    format!("polynomial {}", image.name(Constraint::Gate { poly, row: 0 }))
                }
                Mutation::Lookup(_) => unreachable!("the circuit has no lookup but its own"),
                Mutation::Copy(copy) => {
                    let [a, b] = image.copies()[copy].map(|end| match end {
                        End::Advice(cell) => self.statement.place(cell),
                        End::Fixed { column, row } => {
                            let (name, place) = self.statement.fixed_name(column, row);
                            format!("{name} {place}")
                        }
                        End::Public { row, .. } => format!("public input {row}"),
                    });
                    format!("copy {a} to {b}")
                }
                Mutation::Selector { row, .. } => {
                    let touched = image.touched(mutation);
                    let name = image.name(touched[0]);
                    let gate = name.split('[').next().unwrap_or_default().to_owned();
                    format!("selector {gate} at {}", self.statement.row_name(row))
                }
                Mutation::Fixed { column, row, value } => {
                    let becomes = if value == Fr::ZERO { "zero" } else { "one" };
                    let (name, place) = self.statement.fixed_name(column, row);
                    format!("fixed {name} becomes {becomes} at {place}")
                }
            },
        }
    }

    /// The kind of a mutant.
    pub fn kind(mutant: Mutant) -> Kind {
        match mutant {
            Mutant::Term(_) => Kind::Term,
            Mutant::Planted(Mutation::Polynomial(_) | Mutation::Lookup(_)) => Kind::Polynomial,
            Mutant::Planted(Mutation::Copy(_)) => Kind::Copy,
            Mutant::Planted(Mutation::Selector { .. }) => Kind::Selector,
            Mutant::Planted(Mutation::Fixed { .. }) => Kind::Fixed,
        }
    }

    /// What notices a mutant.
    pub fn notice(&mut self, mutant: Mutant, rng: &mut ChaCha20Rng) -> Option<String> {
        let touched = match mutant {
            Mutant::Planted(mutation) => self.image().touched(mutation),
            Mutant::Term(_) => Vec::new(),
        };
        let constraints: Vec<Constraint> = match mutant {
            Mutant::Planted(Mutation::Polynomial(_)) => {
                touched.choose_multiple(rng, ROWS).copied().collect()
            }
            _ => touched.clone(),
        };
        let cells: BTreeSet<Cell> =
            constraints.iter().flat_map(|c| self.image().cells_of(*c)).collect();
        let place = self.place(mutant, &constraints, &cells);
        self.plant(Some(mutant));
        let noticed = self
            .honest_refused(mutant, &touched)
            .or_else(|| self.altered(&cells))
            .or_else(|| self.forged(&cells))
            .or_else(|| self.attacked(mutant, &place));
        self.plant(None);
        noticed
    }

    /// What attacks on a mutant are directed at.
    fn place(
        &self,
        mutant: Mutant,
        constraints: &[Constraint],
        cells: &BTreeSet<Cell>,
    ) -> nearby::Place {
        let mut place = nearby::Place {
            rows: BTreeSet::new(),
            cells: cells.clone(),
            term: None,
            everywhere: matches!(mutant, Mutant::Planted(Mutation::Polynomial(_))),
            public: Vec::new(),
        };
        for constraint in constraints {
            match *constraint {
                Constraint::Gate { row, .. } | Constraint::Lookup { row, .. } => {
                    place.rows.insert(row);
                }
                Constraint::Copy(copy) => {
                    for end in self.image().copies()[copy] {
                        match end {
                            End::Advice(cell) => {
                                place.rows.insert(cell.row);
                            }
                            End::Public { row, .. } => place.public.push(row),
                            End::Fixed { .. } => {}
                        }
                    }
                }
            }
        }
        place.term = match mutant {
            Mutant::Term(term) => Some(term),
            // Without one of its own sums the argument proves nothing, so any tuple will do.
            Mutant::Planted(_) => {
                let own = |c: &Constraint| self.statement.argument.owns(self.image(), *c);
                constraints.iter().any(own).then_some(Term::Range(0))
            }
        };
        place
    }

    fn plant(&mut self, mutant: Option<Mutant>) {
        let (mutation, term) = match mutant {
            Some(Mutant::Planted(mutation)) => (Some(mutation), None),
            Some(Mutant::Term(term)) => (None, Some(term)),
            None => (None, None),
        };
        self.sweep.image_mut().plant(mutation);
        self.statement.argument.leave_out(term);
        self.statement.argument.read(self.sweep.image());
    }

    /// Only a changed fixed cell can refuse an honest witness.
    fn honest_refused(&mut self, mutant: Mutant, touched: &[Constraint]) -> Option<String> {
        let Mutant::Planted(Mutation::Fixed { column, row, .. }) = mutant else { return None };
        let honest = std::mem::take(&mut self.honest);
        let mut refusals = honest.iter().map(|w| self.refusal(w, column, touched));
        let mut refused = refusals.find_map(|refusal| refusal);
        self.honest = honest;
        if refused.is_none() {
            for plan in nearby::honest(self.statement, row) {
                let plan = plan.in_layout(self.statement.layout());
                let circuit = plan.circuit(|_, _| (), |_, _| ());
                self.plant(None);
                let witness = self.statement.witness("at this place", self.image(), &circuit);
                self.plant(Some(mutant));
                refused = refused.or_else(|| self.refusal(&witness, column, touched));
            }
        }
        let c = &self.statement.config.columns;
        let shared = c.narrow.as_ref().map(|narrow| &narrow.shared);
        let in_table = c.table.iter().chain(shared).any(|of| of.index() == column);
        refused.or_else(|| {
            let wrong = in_table && !self.statement.table_is_as_defined(self.image());
            wrong.then(|| "the table is not as defined".to_owned())
        })
    }

    /// What refuses an honest witness among the constraints that a fixed cell changes.
    fn refusal(
        &mut self,
        witness: &Witness,
        column: usize,
        touched: &[Constraint],
    ) -> Option<String> {
        let image = self.sweep.image_mut();
        let instance = image.set_instance(witness.instance.clone());
        let set =
            |image: &mut Image<Fr>, (cell, value): &(Cell, Fr)| (*cell, image.set(*cell, *value));
        let undo: Alteration<Fr> = witness.changes.iter().map(|c| set(image, c)).collect();
        let image = self.sweep.image();
        let argument = &self.statement.argument;
        // The second phase is that of the first witness.
        let base = witness.changes.is_empty();
        let asked = touched.iter().filter(|constraint| {
            !argument.owns(image, **constraint) && (base || image.first_phase(**constraint))
        });
        let failing = asked.into_iter().find(|constraint| !image.holds(**constraint));
        let name = failing
            .map(|constraint| image.name(*constraint))
            .or_else(|| argument.reads_fixed(column).then(|| argument.notices_anywhere(image))?);
        let image = self.sweep.image_mut();
        undo.iter().for_each(|change| {
            set(image, change);
        });
        image.set_instance(instance);
        name.map(|name| format!("honest witness refused ({}: {name})", witness.name))
    }

    /// Whether the circuit without a planted bug refuses an alteration.
    fn refused(&mut self, mutant: Mutant, check: impl FnOnce(&mut Sweep<'a, Fr>) -> bool) -> bool {
        self.plant(None);
        let refused = check(&mut self.sweep);
        self.plant(Some(mutant));
        refused
    }

    fn planted(&self) -> Mutant {
        let term = self.statement.argument.left_out().map(Mutant::Term);
        let planted = self.image().planted().map(Mutant::Planted);
        planted.or(term).expect("a bug is planted")
    }

    fn values(&self, cell: Cell) -> Vec<Fr> {
        let honest = self.image().get(cell);
        let noise = honest + Fr::from(0xfeed_5eed).square();
        let values = [honest + Fr::ONE, honest - Fr::ONE, Fr::ZERO, noise];
        values.into_iter().filter(|value| *value != honest).collect()
    }

    fn altered(&mut self, cells: &BTreeSet<Cell>) -> Option<String> {
        for cell in cells {
            for value in self.values(*cell) {
                if self.sweep.alter(*cell, value).is_none() {
                    let planted = self.planted();
                    if self.refused(planted, |sweep| sweep.alter(*cell, value).is_some()) {
                        return Some(format!("altered {}", self.statement.place(*cell)));
                    }
                }
            }
        }
        None
    }

    fn forged(&mut self, cells: &BTreeSet<Cell>) -> Option<String> {
        let few = Effort { repairs: 8, steps: 200 };
        // One operand of a product, or as many cells as an evaluation has rows.
        let one = Effort { repairs: 2, steps: 50 };
        let many = Effort { repairs: 80, steps: 1_000 };
        let also = self.statement.also(cells);
        let starts = cells
            .iter()
            .map(|cell| (cell, few))
            .chain(also.iter().flat_map(|cell| [(cell, one), (cell, many)]));
        for (cell, effort) in starts {
            for value in self.values(*cell) {
                let Some(forgery) = self.sweep.forge(*cell, value, effort) else { continue };
                let planted = self.planted();
                let count = forgery.len();
                if self.refused(planted, |sweep| sweep.exactly(forgery).is_some()) {
                    let place = self.statement.place(*cell);
                    return Some(format!("forged from {place} ({count} cells)"));
                }
            }
        }
        None
    }

    fn attacked(&mut self, mutant: Mutant, place: &nearby::Place) -> Option<String> {
        for attack in nearby::attacks(self.statement, place) {
            let Some(circuit) = (attack.build)(self.statement.layout()) else { continue };
            let witness = self.statement.witness(&attack.name, self.image(), &circuit);
            let (changes, instance) = (witness.changes.clone(), witness.instance.clone());
            if self.sweep.witness(changes, instance).is_none() {
                let Witness { name, changes, instance } = witness;
                let refused =
                    self.refused(mutant, |sweep| sweep.witness(changes, instance).is_some());
                if refused {
                    return Some(format!("attack: {name}"));
                }
            }
        }
        None
    }
}

/// Header blocks whose witnesses must hold: a short one, and one with every value as long as it may
/// be.
fn honest_blocks() -> [(&'static str, String); 2] {
    let domain = |first: char| format!("{}.{}.org", first.to_string().repeat(30), "d".repeat(27));
    let [from, signer] = [domain('D'), domain('d')];
    let rest = 1024;
    let long = |filler: usize| {
        format!(
            "x:{}\r\nfrom:<{}@{from}>\r\nsubject:{}\r\ndkim-signature:v=1; a=rsa-sha256; \
             c=relaxed/relaxed; d={signer}; s=k; t=123456789012; bh=a=; h=from:subject; b=",
            "x".repeat(filler),
            "l".repeat(61),
            "S".repeat(186),
        )
    };
    let filler = rest - long(0).len();
    [("short", SAMPLE_HEADER.to_owned()), ("long", long(filler))]
}
