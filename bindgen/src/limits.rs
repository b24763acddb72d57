//! Every bound of what is made, in one place.

/// The longest fixed bytes for which Nim has an array, which may lie on the stack.
pub(crate) const NIM_FIXED: u32 = 1 << 16;
/// The longest name of a type in a name that is put together, in bytes: C compilers take more.
pub(crate) const NAME: usize = 400;
