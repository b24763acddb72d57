//! The development commands of the workspace.

fn main() {}
