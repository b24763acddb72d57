//! The command `backplane`, as a person and as a script see it: the real program with fixture plugins.

mod bad;
mod bindgen;
mod forms;
mod host;
mod lifecycle;
mod packages;
mod protocol;
mod signals;
mod storage;
mod without_host;
