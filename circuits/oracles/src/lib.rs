//! Tests of the plain-Rust reference against independent implementations. They stand in a crate of their own because
//! those implementations bring a whole resolver along, which no other build should wait for.
