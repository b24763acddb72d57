//! `backplane inspect`

use crate::args::Global;
use crate::bundle::absolute;
use crate::connect::Connection;
use crate::exit::Failure;
use crate::output::{fields, lasted, list, print, print_json, text};
use backplane_descriptor::{Codec, Interface, Manifest, is_interface_id, is_module_name, signature};
use backplane_host::library;
use serde_json::{Value as Json, json};
use std::path::Path;

/// Show what a module, an interface or a plugin file offers: manifest, methods, events, types and their docs.
/// A file is read without running it, and needs no host
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  backplane inspect chat                       a module of the host
  backplane inspect storage.kv                 an interface that a module provides
  backplane inspect ./libchat_plugin.so        a file, not loaded

What has a '/' or ends in .so, .dylib or .dll is a file.")]
pub(crate) struct Inspect {
    /// A module, an interface or a file
    #[arg(value_name = "NAME|INTERFACE|FILE", value_hint = clap::ValueHint::FilePath)]
    subject: String,
}

impl Inspect {
    pub(crate) async fn execute(self, global: &Global) -> Result<(), Failure> {
        let subject = &*self.subject;
        let found = if is_file(subject) {
            file(Path::new(subject))?
        } else if is_module_name(subject) || is_interface_id(subject) {
            ask(global, subject).await?
        } else {
            return Err(Failure::usage(format!(
                "{subject:?} is neither the name of a module nor the id of an interface; write a file with its folder, as in ./FILE"
            )));
        };
        if global.json {
            return print_json(&found);
        }
        print(&show(&found)?)
    }
}

fn is_file(subject: &str) -> bool {
    let library = [".so", ".dylib", ".dll"].iter().any(|end| subject.ends_with(end));
    library || subject.contains('/')
}

fn file(path: &Path) -> Result<Json, Failure> {
    let inspected = library::inspect(&absolute(path)?)?;
    let manifest: Json = serde_json::from_str(&inspected.manifest_json).unwrap_or_default();
    Ok(json!({
        "file": {
            "path": inspected.path,
            "sha256": inspected.sha256.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
            "size": inspected.size,
            "architecture": inspected.architecture,
        },
        "manifest": manifest,
    }))
}

/// A name without a dot may be that of either: the module comes first.
async fn ask(global: &Global, subject: &str) -> Result<Json, Failure> {
    let mut host = Connection::open(global).await?;
    if is_module_name(subject) {
        match host.request("inspect", json!({ "module": subject })).await {
            Err(failure) if failure.is_not_found() => {
                let interface = host.request("inspect", json!({ "interface": subject })).await;
                return interface.map_err(|_| failure);
            }
            answer => return answer,
        }
    }
    host.request("inspect", json!({ "interface": subject })).await
}

fn show(found: &Json) -> Result<String, Failure> {
    let mut out = String::new();
    if let Some(file) = found.get("file") {
        out += &fields(&[
            ("file", text(file, "path")),
            ("sha256", text(file, "sha256")),
            ("size", format!("{} bytes", text(file, "size"))),
            ("built for", text(file, "architecture")),
        ]);
    }
    if let Some(report) = found.get("report") {
        out += &show_report(report);
    }
    match found.get("manifest") {
        Some(manifest @ Json::Object(_)) => out += &format!("\n{}", show_manifest(&read(manifest)?)),
        // A module whose file has changed since: its interfaces are known all the same.
        _ => {
            for interface in found["interfaces"].as_array().into_iter().flatten() {
                out += &format!("\n{}", signature::interface(&read::<Interface>(interface)?));
            }
        }
    }
    if let Some(interface) = found.get("interface") {
        out += &signature::interface(&read::<Interface>(interface)?);
        out += &format!("\nprovided by {}\n", list(found, "modules"));
    }
    Ok(out)
}

fn read<T: serde::de::DeserializeOwned>(json: &Json) -> Result<T, Failure> {
    T::deserialize(json)
        .map_err(|error| Failure::failed(format!("the host describes it in another way: {error}")))
}

fn show_report(report: &Json) -> String {
    let state = format!("{}: {}", text(report, "state"), text(report, "reason"));
    let mut shown = vec![
        ("module", text(report, "name")),
        ("state", state),
        ("for", lasted(report["since_ms"].as_u64().unwrap_or(0))),
        ("generation", text(report, "generation")),
        ("calls", text(report, "calls")),
        ("errors", text(report, "errors")),
        ("panics", text(report, "panics")),
        ("restarts", text(report, "restarts")),
        ("layout", text(report, "layout")),
        ("file", text(report, "path")),
        ("sha256", text(report, "sha256")),
    ];
    if report["previous"].is_string() {
        shown.push(("rolls back to", text(report, "previous")));
    }
    fields(&shown)
}

fn show_manifest(manifest: &Manifest) -> String {
    let mut shown = vec![
        ("plugin", format!("{} {}", manifest.name, manifest.version)),
        (
            "about",
            manifest.docs.split_whitespace().collect::<Vec<_>>().join(" "),
        ),
        ("licence", manifest.license.clone()),
    ];
    if manifest.codec == Codec::Json {
        shown.push(("speaks", "json".to_owned()));
    }
    for required in &manifest.requires {
        let optional = if required.optional { ", optional" } else { "" };
        shown.push((
            "requires",
            format!("{} {}{optional}", required.interface, required.version),
        ));
    }
    for heard in &manifest.subscribes {
        let event = format!("{}.{} {}", heard.interface, heard.event, heard.version);
        shown.push(("subscribes", event));
    }
    if let Some(state) = &manifest.state {
        let reads: Vec<String> = state.reads.iter().map(ToString::to_string).collect();
        let state = format!("writes schema {}, reads {}", state.version, reads.join(", "));
        shown.push(("state", state));
    }
    for exclusive in &manifest.exclusive {
        shown.push(("exclusive", exclusive.clone()));
    }
    shown.retain(|(_, value)| !value.is_empty());
    let mut out = fields(&shown);
    let config = signature::types([&manifest.config]);
    if !config.is_empty() {
        out += &format!("\nconfiguration\n{config}");
    }
    for interface in &manifest.provides {
        out += &format!("\n{}", signature::interface(interface));
    }
    out
}
