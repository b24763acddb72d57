//! `backplane install`

mod apply;
mod asked;
mod resolve;
mod restore;
mod show;
mod swap;

use super::believe::BelieveArgs;
use super::registries::WebArgs;
use crate::args::Global;
use crate::exit::Failure;
use crate::site::Site;
use apply::Placed;
use asked::Asked;
use backplane_package::Allowed;
use std::path::PathBuf;
use swap::Swap;

/// Install packages beside a bundle, or newer versions of them
///
/// The highest versions are taken that fit each other, the bundle, and what else is installed; if there are none, the
/// refusal says why. A module of the bundle whose plugin has the name of the package runs what is installed, and
/// nothing else: backplane.lock holds the hashes. Without a name, what the lock lists is put right.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  backplane install ./chat-0.1.0.bpkg
  backplane install chat --registry /srv/registry
  backplane install chat --registry https://plugins.example.org
  backplane install chat@^0.2 storage --dry-run
  backplane install chat --swap             the host that runs goes over to it, or stays as it is
  backplane install                         what backplane.lock lists, for example in a fresh copy

What has a '/' or ends in .bpkg is a file; anything else is a name, with a version requirement after @ if need be.
A name belongs to the key that its first package was signed with.")]
pub(crate) struct Install {
    /// Packages
    #[arg(value_name = "NAME|FILE", value_hint = clap::ValueHint::FilePath)]
    packages: Vec<String>,
    /// The registry to take them from: a folder, or a file://, http:// or https:// URL. Without it: the one that a package came from
    #[arg(long, value_name = "REGISTRY", env = "BACKPLANE_REGISTRY", value_hint = clap::ValueHint::DirPath)]
    registry: Option<String>,
    /// The bundle file. Without it: ./bundle.toml
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    bundle: Option<PathBuf>,
    #[command(flatten)]
    believe: BelieveArgs,
    #[command(flatten)]
    web: WebArgs,
    /// Show what would be installed, and install nothing
    #[arg(long)]
    dry_run: bool,
    /// Swap the modules of the running host to what is installed. If one cannot be, nothing changes
    #[arg(long, conflicts_with = "dry_run")]
    swap: bool,
    /// Also take an older version than the one that is installed
    #[arg(long)]
    allow_downgrade: bool,
    /// Also take what another key has signed than the one that the name, or the registry, belongs to
    #[arg(long)]
    allow_new_key: bool,
}

impl Install {
    pub(crate) async fn execute(self, global: &Global) -> Result<(), Failure> {
        let mut site = Site::open(self.bundle.as_deref())?;
        let belief = self.believe.open()?;
        let registries = self.web.open(&belief)?;
        // Nothing is written before everything is checked.
        let _guard = (!self.dry_run).then(|| site.store.guard()).transpose()?;
        if self.packages.is_empty() {
            return restore::restore(&site, &belief, &registries, self.dry_run, global);
        }
        let allowed = Allowed {
            downgrade: self.allow_downgrade,
            new_key: self.allow_new_key,
        };
        let asked = Asked::gather(
            &mut site,
            &registries,
            &self.packages,
            self.registry.as_deref(),
            allowed,
        )?;
        let steps = resolve::resolve(&site, &belief, &asked, allowed)?;
        if self.dry_run {
            return show::steps(&site, &steps, &[], global.json);
        }
        let swap = match self.swap {
            true => Some(Swap::open(global, &site).await?),
            false => None,
        };
        let placed = Placed::all(&site, &asked, &steps)?;
        let swapped = match swap {
            Some(swap) => match swap.run(&site, &placed).await {
                Ok(swapped) => swapped,
                Err(failure) => {
                    placed.take_back(&site);
                    return Err(failure);
                }
            },
            None => Vec::new(),
        };
        placed.keep(&mut site)?;
        show::steps(&site, &steps, &swapped, global.json)
    }
}
