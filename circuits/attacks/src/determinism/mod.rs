//! The determinism check of the statement's circuit: what it is told, and what it must answer.
//!
//! [`zkdkim_determinism`] knows no gate and no name. Here stands what a prover may choose ([`given`], [`unread`]), what
//! each instance is for that determines nothing ([`assertions`]), attacks made by machine ([`attack`]), and the
//! commands' answers ([`report`], [`drops`], [`weaken`], [`compare`] over [`headers`]).

pub mod assertions;
pub mod attack;
pub mod breaks;
pub mod compare;
pub mod cross;
pub mod drops;
pub mod given;
pub mod grammar;
pub mod headers;
pub mod open;
pub mod report;
pub mod spare;
pub mod state;
pub mod subject;
pub mod unread;
pub mod verdict;
pub mod weaken;
pub mod whole;
