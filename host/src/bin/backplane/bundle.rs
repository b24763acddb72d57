//! Which bundle is meant: a file that is named, the one in the current folder, or the default one.

use crate::exit::Failure;
use crate::site;
use backplane_host::bundle::{Bundle, default_data_dir};
use std::path::{Path, PathBuf};

/// The bundle file that is looked for in the current folder.
pub(crate) const FILE: &str = "bundle.toml";
/// What runs when there is none.
const DEFAULT: &str = include_str!("default-bundle.toml");
/// The default bundle in messages.
const DEFAULT_NAME: &str = "the default bundle";
/// Where plugins lie beside the program, from its folder on.
const BESIDE: [&str; 3] = [".", "plugins", "../lib/backplane"];

/// Reads the bundle `file`, the one in the current folder, or the default one, whose plugins are looked for
/// beside the program. With a bundle file goes what is installed beside it.
pub(crate) fn read(file: Option<&Path>, data_dir: Option<&Path>) -> Result<Bundle, Failure> {
    let here = Path::new(FILE);
    let named = file.or_else(|| here.exists().then_some(here));
    let mut bundle = match named {
        Some(file) => site::read(file)?,
        None => default(data_dir)?,
    };
    if let Some(data_dir) = data_dir {
        move_data(&mut bundle, absolute(data_dir)?);
    }
    Ok(bundle)
}

fn default(data_dir: Option<&Path>) -> Result<Bundle, Failure> {
    let base = std::env::current_dir()
        .map_err(|error| Failure::failed(format!("the current folder cannot be told: {error}")))?;
    let data_dir = match data_dir {
        Some(data_dir) => Some(absolute(data_dir)?),
        None => default_data_dir(),
    };
    let mut bundle = Bundle::parse(
        Path::new(DEFAULT_NAME),
        DEFAULT.as_bytes(),
        &base,
        data_dir.as_deref(),
    )?;
    bundle.host.plugins = beside();
    Ok(bundle)
}

/// The folders beside the program that are there.
fn beside() -> Vec<PathBuf> {
    let program = std::env::current_exe().and_then(|program| program.canonicalize());
    let folder = program
        .ok()
        .and_then(|program| program.parent().map(Path::to_owned));
    let places = folder
        .iter()
        .flat_map(|folder| BESIDE.map(|place| folder.join(place)));
    places
        .filter_map(|place| place.canonicalize().ok())
        .filter(|place| place.is_dir())
        .collect()
}

/// Everything that lies in the data folder by default moves with it.
fn move_data(bundle: &mut Bundle, data_dir: PathBuf) {
    if let Ok(inside) = bundle.host.socket.strip_prefix(&bundle.host.data_dir) {
        bundle.host.socket = data_dir.join(inside);
    }
    bundle.host.data_dir = data_dir;
}

/// A path that holds in any folder.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_bundle_is_valid_and_grants_what_chat_needs() {
        let bundle = default(Some(Path::new("/data"))).unwrap();
        assert_eq!(
            bundle.modules.keys().collect::<Vec<_>>(),
            ["chat", "storage", "waku", "wallet"]
        );
        let chat = &bundle.modules["chat"].grants;
        assert!(chat.allows("waku.relay") && chat.allows("storage.kv") && !chat.allows("wallet.keys"));
        assert_eq!(bundle.host.socket, Path::new("/data/backplane.sock"));
    }

    #[test]
    fn the_socket_moves_with_the_data_unless_it_lies_elsewhere() {
        let mut bundle = default(Some(Path::new("/data"))).unwrap();
        move_data(&mut bundle, "/other".into());
        assert_eq!(bundle.host.socket, Path::new("/other/backplane.sock"));
        bundle.host.socket = "/run/host.sock".into();
        move_data(&mut bundle, "/third".into());
        assert_eq!(bundle.host.socket, Path::new("/run/host.sock"));
        assert_eq!(bundle.host.data_dir, Path::new("/third"));
    }
}
