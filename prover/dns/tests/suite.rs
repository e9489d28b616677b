//! Resolvers on this machine, over TLS and without, and what counts of their answers.

mod live;
mod registry;
mod server;
