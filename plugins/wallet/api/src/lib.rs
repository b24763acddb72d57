//! The typed contract of the wallet plugin: profiles and their session, keys and accounts, signatures.
//!
//! Addresses, key identifiers and signatures travel as bytes: one value has one spelling, so that equality of
//! bytes is equality of meaning. Where a person reads or types an address it is text with its EIP-55 checksum,
//! which catches typing errors. Passwords, mnemonics and private keys are a [`Secret`].

mod error;
mod keys;
mod profile;
mod secret;
mod sign;
mod types;

pub use error::WalletError;
pub use keys::{Account, Keypair, KeypairKind, Keys, KeysClient, KeysInterface, KeysListing, Preview, Role};
pub use profile::{
    Created, ListedProfile, Profile, ProfileClient, ProfileEvents, ProfileInfo, ProfileInterface, Session,
    SessionState, profile_events,
};
pub use secret::Secret;
pub use sign::{Sign, SignClient, SignInterface};
pub use types::{Address, KeyUid, PublicKey, Signature};
