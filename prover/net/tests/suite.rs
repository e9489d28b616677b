//! A chain's node on this machine, as honest and as odd as they come.

mod chain;
