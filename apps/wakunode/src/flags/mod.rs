//! The flags: one row for each, from which command line, help, environment, configuration file and the page
//! `docs/wakunode.md` are made.
//!
//! Names, syntax and defaults are those of wakunode2 (logos-delivery `tools/confutils/cli_args.nim` at 69fbffa3).

mod discovery;
mod general;
mod identity;
mod own;
mod relay;
mod rln;
mod servers;
mod services;
mod store;
mod transports;

pub use discovery::*;
pub use general::*;
pub use identity::*;
pub use own::*;
pub use relay::*;
pub use rln::*;
pub use servers::*;
pub use services::*;
pub use store::*;
pub use transports::*;

/// A flag.
#[derive(Debug)]
pub struct Flag {
    /// Its name, as after `--`.
    pub name: &'static str,
    /// What a value of it looks like.
    pub kind: Kind,
    /// Whether it may be given several times.
    pub list: bool,
    /// What holds when nobody says anything, one entry for each value; empty for nothing.
    pub default: &'static [&'static str],
    /// What becomes of it.
    pub role: Role,
    /// What it is for, in a sentence.
    pub help: &'static str,
}

/// What a value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`, in the ways that people write them; the name alone stands for `true`.
    Switch,
    /// A number within these bounds.
    Number(u64, u64),
    /// Any text.
    Text,
    /// One of these, whatever the case.
    Choice(&'static [&'static str]),
    /// An IP address.
    Ip,
    /// A file or folder.
    Path,
    /// A text that is never shown.
    Secret,
}

/// What becomes of a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Its value is that of this key in the configuration of the module `waku`.
    Key(&'static str),
    /// It does this.
    Does(&'static str),
    /// It is accepted and changes nothing, for this reason.
    Idle(&'static str),
    /// It is refused unless it asks for nothing. The sentence says what is lacking and what to do.
    Lacks(&'static str),
}

/// Flags that are listed together.
#[derive(Debug)]
pub struct Group {
    /// Their title.
    pub title: &'static str,
    /// The flags.
    pub flags: &'static [&'static Flag],
}

/// All flags.
pub static GROUPS: &[Group] = &[
    Group {
        title: "General",
        flags: general::TABLE,
    },
    Group {
        title: "Identity and network",
        flags: identity::TABLE,
    },
    Group {
        title: "Relay and shards",
        flags: relay::TABLE,
    },
    Group {
        title: "Store",
        flags: store::TABLE,
    },
    Group {
        title: "Filter and lightpush",
        flags: services::TABLE,
    },
    Group {
        title: "REST and metrics",
        flags: servers::TABLE,
    },
    Group {
        title: "Discovery",
        flags: discovery::TABLE,
    },
    Group {
        title: "WebSocket and QUIC",
        flags: transports::TABLE,
    },
    Group {
        title: "Rate limit proofs (RLN) and mix",
        flags: rln::TABLE,
    },
    Group {
        title: "Of this program alone",
        flags: own::TABLE,
    },
];

/// All flags, in the order of their groups.
pub fn all() -> impl Iterator<Item = &'static Flag> {
    GROUPS.iter().flat_map(|group| group.flags.iter().copied())
}

/// The flag of this name.
pub fn named(name: &str) -> Option<&'static Flag> {
    all().find(|flag| flag.name == name)
}

/// A port; 0 lets the system choose.
const PORT: Kind = Kind::Number(0, 65535);

/// Seconds and numbers that wakunode2 keeps in 32 bits.
const U32: Kind = Kind::Number(0, 4_294_967_295);

/// Declares flags, and `TABLE` with all of them. `[…]` around the kind makes a list.
macro_rules! flags {
    ($($id:ident = $name:literal, $kind:tt, $default:expr, $role:expr, $help:literal;)*) => {
        $(
            #[doc = $help]
            pub static $id: Flag = Flag {
                name: $name,
                kind: flags!(@kind $kind),
                list: flags!(@list $kind),
                default: &$default,
                role: $role,
                help: $help,
            };
        )*
        pub(super) static TABLE: &[&Flag] = &[$(&$id),*];
    };
    (@kind [$kind:expr]) => { $kind };
    (@kind ($kind:expr)) => { $kind };
    (@list [$kind:expr]) => { true };
    (@list ($kind:expr)) => { false };
}
use flags;
