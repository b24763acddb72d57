//! What the host is asked to run.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::options::Options;

/// The text of the bundle: the four modules, joined to the network and the conversation of the options.
pub fn text(options: &Options, data_dir: &Path, plugins: &Path) -> String {
    let host = table([
        ("data-dir", path(data_dir)),
        ("plugins", vec![path(plugins)].into()),
    ]);
    let mut waku = table([
        ("cluster-id", i64::from(options.cluster_id).into()),
        ("num-shards-in-network", i64::from(options.shards).into()),
    ]);
    if !options.listen.is_empty() {
        waku.insert("listen-addresses".into(), options.listen.clone().into());
    }
    let chat = table([("content-topic", options.content_topic.clone().into())]);
    let modules = table([
        ("storage", Table::new().into()),
        (
            "waku",
            table([("grants", vec!["storage.kv"].into()), ("config", waku.into())]).into(),
        ),
        (
            "chat",
            table([
                ("grants", vec!["storage.kv", "waku.relay"].into()),
                ("config", chat.into()),
            ])
            .into(),
        ),
        ("wallet", Table::new().into()),
    ]);
    table([("host", host.into()), ("modules", modules.into())]).to_string()
}

fn table<const N: usize>(entries: [(&str, Value); N]) -> Table {
    entries
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

fn path(path: &Path) -> Value {
    path.display().to_string().into()
}

/// The plugin folder when nobody names one: `plugins` beside the program if it is there, else the program's own.
///
/// # Errors
/// The system does not tell where the program is.
pub fn default_plugins() -> std::io::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let folder = program.parent().unwrap_or(Path::new("/"));
    let plugins = folder.join("plugins");
    Ok(if plugins.is_dir() {
        plugins
    } else {
        folder.to_owned()
    })
}

#[cfg(test)]
mod tests {
    use backplane_host::bundle::Bundle;
    use clap::Parser;

    use super::*;

    fn bundle(arguments: &[&str]) -> Bundle {
        let options = Options::try_parse_from([&["backplane-chat"], arguments].concat()).unwrap();
        let text = text(&options, Path::new("/data \"of\" mine"), Path::new("/plug'ins"));
        Bundle::parse(Path::new("chat"), text.as_bytes(), Path::new("/"), None).unwrap()
    }

    #[test]
    fn the_host_reads_it_whatever_the_paths_are_called() {
        let bundle = bundle(&[]);
        assert_eq!(bundle.host.data_dir, Path::new("/data \"of\" mine"));
        assert_eq!(bundle.host.plugins, [Path::new("/plug'ins")]);
        let names: Vec<&String> = bundle.modules.keys().collect();
        assert_eq!(names, ["chat", "storage", "waku", "wallet"]);
    }

    #[test]
    fn modules_may_call_only_what_they_need() {
        let bundle = bundle(&[]);
        let grants = |name: &str| serde_json::to_string(&bundle.modules[name].grants).unwrap();
        assert_eq!(grants("chat"), r#"["storage.kv","waku.relay"]"#);
        assert_eq!(grants("waku"), r#"["storage.kv"]"#);
        for module in ["storage", "wallet"] {
            assert_eq!(grants(module), "[]");
        }
    }

    #[test]
    fn network_and_conversation_are_those_of_the_options() {
        let json = serde_json::to_value(bundle(&[])).unwrap();
        assert_eq!(json["modules"]["waku"]["config"]["cluster-id"], 99);
        assert!(json["modules"]["waku"]["config"]["listen-addresses"].is_null());
        let address = "/ip4/0.0.0.0/tcp/60000";
        let topic = "/toy-chat/3/mingde/proto";
        let bundle = bundle(&["--cluster-id", "1", "--listen", address, "--content-topic", topic]);
        let json = serde_json::to_value(bundle).unwrap();
        assert_eq!(json["modules"]["waku"]["config"]["cluster-id"], 1);
        assert_eq!(
            json["modules"]["waku"]["config"]["listen-addresses"],
            serde_json::json!([address])
        );
        assert_eq!(json["modules"]["chat"]["config"]["content-topic"], topic);
    }
}
