//! No secret in a trace. Alone in its file: `tracing` decides once a process which events anybody
//! listens to, and another test's thread could decide first.

mod support;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use support::*;
use tracing_subscriber::fmt::MakeWriter;
use wallet_plugin::address::parse_address;

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn traces_of_logins_tell_what_happened_and_no_secret() {
    let captured = Captured::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(captured.clone())
        .finish();
    let folder = tempfile::tempdir().unwrap();
    tracing::subscriber::with_default(subscriber, || {
        let vault = with_profile(folder.path());
        vault.logout();
        vault.login(key_uid(), &password(WRONG)).unwrap_err();
        vault.login(key_uid(), &password(RIGHT)).unwrap();
        vault.personal_sign(parse_address(FIRST).unwrap(), b"x").unwrap();
        vault.lock();
        vault
            .change_password(key_uid(), &password(RIGHT), &password(WRONG))
            .unwrap();
        vault.delete(key_uid(), &password(WRONG)).unwrap();
    });
    let text = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    for event in [
        "profile created",
        "profile logged out",
        "login refused",
        "wrong password",
        "profile logged in",
        "profile locked",
        "password changed",
        "profile deleted",
        KEY_UID,
    ] {
        assert!(text.contains(event), "{event} is not in: {text}");
    }
    assert_clean(&text);
}
