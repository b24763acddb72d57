use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::fmt::MakeWriter;

use super::*;

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Written {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn logged(format: Format, log: impl FnOnce()) -> String {
    let written = Written::default();
    let subscriber = tracing_subscriber::fmt()
        .event_format(format)
        .with_writer(written.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, log);
    let bytes = written.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_line_of_text_has_level_message_and_fields() {
    let line = logged(Format::Text, || {
        tracing::info!(target: "t", full = "[/ip4/1.2.3.4/tcp/1]", peers = 2, said = "two words", "Listening on");
    });
    assert!(line.starts_with("INF "), "{line}");
    let rest = line.split_once("Z ").unwrap().1;
    assert_eq!(
        rest,
        format!(
            "{:<44} topics=\"t\" full=[/ip4/1.2.3.4/tcp/1] peers=2 said=\"two words\"\n",
            "Listening on"
        )
    );
}

#[test]
fn a_line_of_json_is_one_object_with_the_fields_of_the_module() {
    let line = logged(Format::Json, || {
        let fields = r#"{"peer_id":"16U","count":3}"#;
        tracing::warn!(target: "module", module = "waku", from = "waku::node", fields, "a \"quoted\"\nline");
    });
    assert_eq!(line.lines().count(), 1, "{line}");
    let object: Map<String, Value> = serde_json::from_str(&line).unwrap();
    let text = |name: &str| object[name].as_str().unwrap();
    assert_eq!(
        [
            text("lvl"),
            text("msg"),
            text("topics"),
            text("module"),
            text("peer_id")
        ],
        ["WRN", "a \"quoted\"\nline", "module", "waku", "16U"]
    );
    assert_eq!(
        (&object["count"], object.contains_key("fields")),
        (&Value::from(3), false)
    );
}

#[test]
fn no_message_makes_two_lines_of_text() {
    let line = logged(Format::Text, || tracing::info!("one\nINF forged"));
    assert_eq!(line.lines().count(), 1, "{line}");
}
