//! What third parties do: plugins that are made, built, packed, installed, granted, run, called and swapped outside of the
//! workspace, with nothing but the SDK and the command.

mod examples;
mod guide;
mod irc;
mod project;
mod scaffold;
