//! The `sortie-temporal` program.

fn main() {}
