//! The command line.

use std::path::PathBuf;

use clap::Parser;

const EXAMPLES: &str = "\
Examples:
  backplane-chat --nick alice
  backplane-chat --nick bob --connect /ip4/127.0.0.1/tcp/60000/p2p/16Uiu2HAm...
  backplane-chat --listen /ip4/0.0.0.0/tcp/60000 --data-dir ~/chat
  backplane-chat --content-topic /toy-chat/3/mingde/proto --cluster-id 1
  backplane-chat --unattended --json

In the chat, /help lists the commands.";

/// Chat in the terminal, through a host with the modules waku, chat, storage and wallet.
#[derive(Debug, Clone, PartialEq, Eq, Parser)]
#[command(name = "backplane-chat", version, after_help = EXAMPLES)]
pub struct Options {
    /// Your nickname; the last one you used when left out
    #[arg(long, value_name = "NAME")]
    pub nick: Option<String>,

    /// Address to listen on; may be repeated [default: a free port of 127.0.0.1]
    #[arg(long, value_name = "MULTIADDR", value_parser = multiaddr)]
    pub listen: Vec<String>,

    /// Peer to connect to; may be repeated
    #[arg(long, value_name = "MULTIADDR", value_parser = multiaddr)]
    pub connect: Vec<String>,

    /// Folder for history, keys and settings [default: one of yours that no other chat uses]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// Folder with the plugin files [default: beside this program]
    #[arg(long, value_name = "DIR")]
    pub plugins: Option<PathBuf>,

    /// The conversation to join
    #[arg(long, value_name = "TOPIC", default_value = "/toy-chat/2/huilong/proto", value_parser = content_topic)]
    pub content_topic: String,

    /// The Waku network to join
    #[arg(long, value_name = "NUMBER", default_value_t = 99)]
    pub cluster_id: u16,

    /// How many shards that network spreads its topics over
    #[arg(long, value_name = "NUMBER", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub shards: u16,

    /// Do not look for other chats of yours on this machine
    #[arg(long)]
    pub no_local: bool,

    /// Read requests from standard input and write answers and events to standard output, one JSON object a line
    #[arg(long)]
    pub pipe: bool,

    /// Let two hosts talk to each other, swap a plugin meanwhile, and check what both have kept
    #[arg(long, conflicts_with_all = ["pipe", "nick", "listen", "connect", "data_dir"])]
    pub unattended: bool,

    /// With --unattended: how many messages each of the two sends
    #[arg(long, value_name = "NUMBER", default_value_t = 100, requires = "unattended",
          value_parser = clap::value_parser!(u32).range(2..=10_000))]
    pub messages: u32,

    /// With --unattended: give the summary as JSON
    #[arg(long, requires = "unattended")]
    pub json: bool,
}

/// The form of a multiaddr; the waku module judges the rest.
fn multiaddr(text: &str) -> Result<String, &'static str> {
    let parts = text
        .strip_prefix('/')
        .map_or(0, |rest| rest.split('/').filter(|part| !part.is_empty()).count());
    if parts < 2 {
        return Err("a multiaddr looks like /ip4/127.0.0.1/tcp/60000");
    }
    Ok(text.to_owned())
}

/// The form of a content topic (spec 23/WAKU2-TOPICS); the chat module judges the rest.
fn content_topic(text: &str) -> Result<String, &'static str> {
    let parts: Vec<&str> = text.strip_prefix('/').unwrap_or_default().split('/').collect();
    if !(4..=5).contains(&parts.len()) || parts.iter().any(|part| part.is_empty()) {
        return Err("a content topic looks like /APPLICATION/VERSION/NAME/ENCODING");
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn refusal(arguments: &[&str]) -> String {
        let arguments = [&["backplane-chat"], arguments].concat();
        Options::try_parse_from(arguments).unwrap_err().to_string()
    }

    #[test]
    fn the_command_line_is_consistent() {
        Options::command().debug_assert();
    }

    #[test]
    fn without_options_it_is_toy_chat_on_the_local_network() {
        let options = Options::try_parse_from(["backplane-chat"]).unwrap();
        assert_eq!(
            (&*options.content_topic, options.cluster_id),
            ("/toy-chat/2/huilong/proto", 99)
        );
        assert!((options.shards, options.no_local) == (8, false));
        assert!(options.nick.is_none() && options.connect.is_empty() && options.data_dir.is_none());
    }

    #[test]
    fn help_shows_every_option_and_examples() {
        let help = Options::command().render_long_help().to_string();
        for part in [
            "--nick <NAME>",
            "--listen <MULTIADDR>",
            "--connect <MULTIADDR>",
            "--data-dir <DIR>",
            "--content-topic <TOPIC>",
            "--cluster-id <NUMBER>",
            "[default: /toy-chat/2/huilong/proto]",
            "Examples:\n  backplane-chat --nick alice\n",
        ] {
            assert!(help.contains(part), "{part} is missing in:\n{help}");
        }
    }

    #[test]
    fn a_malformed_value_is_refused_with_its_form() {
        let address = refusal(&["--connect", "localhost:60000"]);
        assert!(
            address.contains("'localhost:60000' for '--connect <MULTIADDR>': a multiaddr looks like"),
            "{address}"
        );
        let topic = refusal(&["--content-topic", "/toy-chat/2"]);
        assert!(
            topic.contains("a content topic looks like /APPLICATION/VERSION/NAME/ENCODING"),
            "{topic}"
        );
        assert!(refusal(&["--shards", "0"]).contains("0 is not in 1..=1024"));
        assert!(refusal(&["--json"]).contains("--unattended"));
        assert!(refusal(&["--cluster-id", "65536"]).contains("65536 is not in 0..=65535"));
    }

    #[test]
    fn addresses_may_be_repeated() {
        let one = "/ip4/127.0.0.1/tcp/1";
        let options = Options::try_parse_from([
            "backplane-chat",
            "--connect",
            one,
            "--connect",
            one,
            "--listen",
            one,
        ]);
        let options = options.unwrap();
        assert_eq!((options.connect.len(), options.listen.len()), (2, 1));
    }
}
