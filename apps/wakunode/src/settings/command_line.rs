//! The command line, made from the table of flags.

use std::ffi::OsString;

use clap::{Arg, ArgAction, ArgMatches, Command, ValueHint, builder::PossibleValuesParser, value_parser};
use clap_complete::Shell;

use super::{Settings, SettingsError, Source, value::entries};
use crate::flags::{self, Flag, GROUPS, Kind, Role};

/// What the command line asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// To run the node.
    Run,
    /// What version it is.
    Version,
    /// The completions of a shell.
    Completions(Shell),
    /// wakunode2's command `generateRlnKeystore`.
    RlnKeystore,
}

const VERSION: &str = "version";
const COMPLETIONS: &str = "completions";
const COMMAND: &str = "command";
const RLN_KEYSTORE: &str = "generateRlnKeystore";

const ABOUT: &str = "\
A Waku node with the command line of wakunode2

Values stand behind `=`, `:` or a space; switches may stand alone. What the command line does not say is taken from
environment variables (WAKUNODE2_TCP_PORT for --tcp-port), then from the file that --config-file names.";

const EXAMPLES: &str = "\
Examples:
  A relay that keeps messages, in cluster 99 with 8 shards:
    wakunode --cluster-id=99 --num-shards-in-network=8 --store
  A second one on the same machine, that finds the first by its record:
    wakunode --cluster-id=99 --num-shards-in-network=8 --ports-shift=1 --local-storage-path=data-2 \\
             --discv5-bootstrap-node=enr:…
  A light node of a known network:
    wakunode --preset=twn --relay=false

Exit codes:
  0    stopped as asked, by SIGINT, SIGTERM or the control socket
  1    a flag is wrong or asks for what is lacking, the node did not start, or it ended by itself
  130  ended at once by a second signal";

/// The command, as clap knows it.
pub fn command() -> Command {
    let mut command = Command::new("wakunode")
        .about(ABOUT)
        .after_help(EXAMPLES)
        .args_override_self(true)
        .disable_version_flag(true)
        .arg(
            Arg::new(VERSION)
                .long(VERSION)
                .short('V')
                .action(ArgAction::SetTrue)
                .help("Print the version"),
        )
        .arg(
            Arg::new(COMPLETIONS)
                .long(COMPLETIONS)
                .value_name("SHELL")
                .value_parser(value_parser!(Shell))
                .help("Print the completions of a shell"),
        )
        .arg(
            Arg::new(COMMAND)
                .value_parser(PossibleValuesParser::new([RLN_KEYSTORE]))
                .hide(true),
        );
    for group in GROUPS {
        for flag in group.flags {
            command = command.arg(argument(flag).help_heading(group.title));
        }
    }
    command
}

fn argument(flag: &'static Flag) -> Arg {
    let argument = Arg::new(flag.name).long(flag.name).help(help(flag));
    let argument = match flag.kind {
        Kind::Switch => argument
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true"),
        Kind::Path => argument.value_hint(ValueHint::AnyPath),
        _ => argument,
    };
    let name = match flag.kind {
        Kind::Switch => "true|false",
        Kind::Number(..) => "NUMBER",
        Kind::Choice(_) => "WORD",
        Kind::Ip => "IP",
        Kind::Path => "PATH",
        Kind::Text | Kind::Secret => "TEXT",
    };
    let action = if flag.list {
        ArgAction::Append
    } else {
        ArgAction::Set
    };
    argument.value_name(name).action(action)
}

fn help(flag: &Flag) -> String {
    let mut help = flag.help.to_owned();
    if let Kind::Choice(choices) = flag.kind {
        help += &format!(": {}", choices.join(", "));
    }
    if flag.list {
        help += "; may be given several times";
    }
    if !flag.default.is_empty() {
        help += &format!(" [default: {}]", flag.default.join(", "));
    }
    match flag.role {
        Role::Lacks(_) => help + " [not available]",
        Role::Idle(_) => help + " [no effect]",
        Role::Key(_) | Role::Does(_) => help,
    }
}

/// Notes the flags of the command line.
pub(super) fn read(
    arguments: impl IntoIterator<Item = OsString>,
    settings: &mut Settings,
) -> Result<Asked, SettingsError> {
    let arguments = arguments.into_iter().enumerate();
    let arguments = arguments.map(|(place, argument)| {
        if place == 0 {
            argument
        } else {
            with_equals(argument)
        }
    });
    let mut matches = command().try_get_matches_from(arguments)?;
    for flag in flags::all() {
        if let Some(values) = matches.remove_many::<String>(flag.name) {
            let values = values.flat_map(|value| entries(flag.list, value)).collect();
            settings.note(flag, values, Source::CommandLine);
        }
    }
    Ok(asked(&matches))
}

fn asked(matches: &ArgMatches) -> Asked {
    if matches.get_flag(VERSION) {
        return Asked::Version;
    }
    if let Some(shell) = matches.get_one::<Shell>(COMPLETIONS) {
        return Asked::Completions(*shell);
    }
    match matches.contains_id(COMMAND) {
        true => Asked::RlnKeystore,
        false => Asked::Run,
    }
}

/// `--name:value` as `--name=value`, the name in small letters: wakunode2 takes both, in any case.
fn with_equals(argument: OsString) -> OsString {
    let Some((name, rest)) = argument.to_str().and_then(|text| {
        let text = text.strip_prefix("--")?;
        Some(text.split_at(text.find(['=', ':']).unwrap_or(text.len())))
    }) else {
        return argument;
    };
    let name = name.to_ascii_lowercase();
    if flags::named(&name).is_none() {
        return argument;
    }
    match rest.get(1..) {
        Some(value) => format!("--{name}={value}").into(),
        None => format!("--{name}").into(),
    }
}
