//! Escrows as accounts publish them. Asking nodes is tested with node processes, in apps/salt-node.

mod find;
