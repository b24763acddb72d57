//! Lets the linker take the first of the entry symbols, which are one and the same in all plugins.
//!
//! A program outside of this workspace takes the plugins with their feature `linked`, which leaves the symbols out. Here
//! the same build makes their libraries, which need them.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-link-arg-tests=-Wl,--allow-multiple-definition");
}
