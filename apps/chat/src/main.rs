//! A terminal chat on top of the host.

fn main() {}
