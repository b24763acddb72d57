//! Finding peers where there is no connection yet.

mod discv5;

pub(crate) use discv5::Discv5;
