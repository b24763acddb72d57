//! `backplane completion`

use crate::args::Args;
use crate::exit::Failure;
use crate::output::print;
use clap::{CommandFactory as _, ValueEnum};
use clap_complete::{Shell, generate};

/// Print the completion script of a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  source <(backplane completion bash)
  backplane completion zsh > ~/.zfunc/_backplane
  backplane completion fish > ~/.config/fish/completions/backplane.fish")]
pub(crate) struct Completion {
    /// The shell
    shell: Known,
}

/// The shells.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Known {
    Bash,
    Zsh,
    Fish,
}

impl Completion {
    pub(crate) fn execute(self) -> Result<(), Failure> {
        let shell = match self.shell {
            Known::Bash => Shell::Bash,
            Known::Zsh => Shell::Zsh,
            Known::Fish => Shell::Fish,
        };
        let mut script = Vec::new();
        generate(shell, &mut Args::command(), "backplane", &mut script);
        print(&String::from_utf8_lossy(&script))
    }
}
