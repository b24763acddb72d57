//! Whom a command believes.

use crate::exit::Failure;
use crate::output::printable;
use backplane_host::bundle::default_data_dir;
use backplane_package::{Keyring, Policy, PublicKey, Trust};
use clap::ValueEnum;
use std::path::PathBuf;

/// The folder in the data folder that holds the keys of those who are believed.
const KEYRING: &str = "keyring";

/// Where the keyring is.
#[derive(Debug, clap::Args)]
pub(super) struct KeyringArgs {
    /// The folder with the public keys of those whom you believe. Without it: `keyring` in the default data folder
    #[arg(long, value_name = "DIR", env = "BACKPLANE_KEYRING", value_hint = clap::ValueHint::DirPath)]
    keyring: Option<PathBuf>,
}

/// Whom to believe.
#[derive(Debug, clap::Args)]
pub(super) struct BelieveArgs {
    #[command(flatten)]
    keyring: KeyringArgs,
    /// What becomes of that which no key of the keyring has signed
    #[arg(
        long,
        value_name = "POLICY",
        default_value = "require",
        env = "BACKPLANE_POLICY"
    )]
    policy: PolicyArg,
}

/// The policies.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum PolicyArg {
    /// It is taken
    None,
    /// It is taken with a warning
    Warn,
    /// It is refused
    Require,
}

/// A keyring and a policy.
pub(super) struct Belief {
    keyring: Keyring,
    policy: Policy,
}

impl KeyringArgs {
    pub(super) fn open(&self) -> Result<Keyring, Failure> {
        let folder = match &self.keyring {
            Some(folder) => folder.clone(),
            None => default_data_dir()
                .ok_or_else(|| {
                    Failure::usage(
                        "neither XDG_DATA_HOME nor HOME says where the keyring is; name it with --keyring",
                    )
                })?
                .join(KEYRING),
        };
        Ok(Keyring::open(&folder)?)
    }
}

impl BelieveArgs {
    pub(super) fn open(&self) -> Result<Belief, Failure> {
        let policy = match self.policy {
            PolicyArg::None => Policy::None,
            PolicyArg::Warn => Policy::Warn,
            PolicyArg::Require => Policy::Require,
        };
        let keyring = self.keyring.open()?;
        Ok(Belief { keyring, policy })
    }
}

impl Belief {
    /// Takes `what` or refuses it; a warning goes to the error output. Who has signed it, for people.
    pub(super) fn admit(&self, signer: Option<PublicKey>, what: &str) -> Result<String, Failure> {
        let trust = self.keyring.trust_in(signer);
        if let Some(warning) = self.policy.admit(&trust, what)? {
            eprintln!("backplane: warning: {}", printable(&warning));
        }
        Ok(match trust {
            Trust::Known { name, .. } => name,
            Trust::Unknown { key } => format!("unknown key {key}"),
            Trust::Unsigned => "nobody".to_owned(),
        })
    }
}
