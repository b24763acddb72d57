//! The key of the node, from which its peer id follows. It lies beside the index, as 32 bytes.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use libp2p::identity::{Keypair, secp256k1};

use crate::error::{Error, Result};
use crate::files;

const KEY_BYTES: usize = 32;

/// Reads the key, or makes one.
pub(super) fn load(root: &Path) -> Result<Keypair> {
    let path = root.join("node.key");
    if path.exists() {
        return read(&path);
    }
    let pair = secp256k1::Keypair::generate();
    let unfinished = root.join("node.key.new");
    let mut file = files::open(&unfinished)?;
    let write = file
        .set_len(0)
        .and_then(|()| file.write_all(&pair.secret().to_bytes()));
    write
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&unfinished, &path))
        .map_err(Error::io("write the key of the node"))?;
    files::sync_names(root)?;
    Ok(pair.into())
}

fn read(path: &Path) -> Result<Keypair> {
    let mut bytes = Vec::with_capacity(KEY_BYTES + 1);
    let file = fs::File::open(path).map_err(Error::io("open the key of the node"))?;
    let read = file.take(KEY_BYTES as u64 + 1).read_to_end(&mut bytes);
    read.map_err(Error::io("read the key of the node"))?;
    let secret = secp256k1::SecretKey::try_from_bytes(&mut bytes).map_err(|_| Error::Network {
        part: "node.key",
        reason: "holds no secp256k1 key of 32 bytes".into(),
    })?;
    Ok(secp256k1::Keypair::from(secret).into())
}
