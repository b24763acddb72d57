//! HTTP: connections and requests of any client, bounded in number, size and time.

mod body;
mod connection;
mod origin;
mod patience;
mod server;

pub(crate) use body::{Bodies, Request};
pub(crate) use connection::Service;
pub(crate) use origin::Origins;
pub(crate) use server::{Listening, serve};
