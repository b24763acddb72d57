//! What the interfaces have in common.

use backplane_sdk::Fixed;

/// An Ethereum address: the last 20 bytes of the Keccak-256 of the public key.
pub type Address = Fixed<20>;

/// Status' name of a keypair, and of a profile: the SHA-256 of the uncompressed public key of its master key,
/// or of the key itself for a single private key.
pub type KeyUid = Fixed<32>;

/// An uncompressed secp256k1 public key, `0x04` first.
pub type PublicKey = Fixed<65>;

/// A recoverable signature: `r` and `s` of 32 bytes each, `s` in the lower half of the group order, then `v`,
/// which is 27 or 28.
pub type Signature = Fixed<65>;
