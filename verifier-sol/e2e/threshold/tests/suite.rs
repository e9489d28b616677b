//! The threshold group, as a library and as a program.

mod group;
mod program;
