//! Servers on this machine, honest and hostile.

mod honest;
mod hostile;
mod server;
mod slow;
mod tls;

use super::*;

/// A file of a server, of at most 1 KiB.
fn get(web: &Web, url: &str) -> Result<Vec<u8>, WebError> {
    get_sized(web, url, Size::AtMost(1024))
}

fn get_sized(web: &Web, url: &str, size: Size) -> Result<Vec<u8>, WebError> {
    let (folder, file) = url.rsplit_once('/').unwrap();
    web.get(&Address::of(folder).unwrap().file([file]), size)
}
