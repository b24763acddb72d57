//! The terminal, given back as it was whatever happens.

use std::{
    io::{self, Write},
    panic,
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
};

use crossterm::{
    cursor, event,
    terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode},
};

/// The terminal is ours. One process has one terminal, so this is one flag.
static TAKEN: AtomicBool = AtomicBool::new(false);
static PANIC_HOOK: Once = Once::new();

/// Holds the terminal in raw mode on its second screen; gives it back when dropped, and before a panic
/// prints its message.
#[derive(Debug)]
pub struct Screen(());

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    /// What the terminal says; it is then as it was.
    pub fn take() -> io::Result<Self> {
        PANIC_HOOK.call_once(|| {
            let previous = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                give_back();
                previous(info);
            }));
        });
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        let screen = Self(());
        crossterm::execute!(io::stdout(), EnterAlternateScreen, event::EnableBracketedPaste)?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back if it is ours. There is nobody left to tell about a failure.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = write_leaving(&mut io::stdout());
        let _ = disable_raw_mode();
    }
}

fn write_leaving(out: &mut impl Write) -> io::Result<()> {
    crossterm::execute!(
        out,
        event::DisableBracketedPaste,
        LeaveAlternateScreen,
        cursor::Show
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaving_undoes_what_entering_did_and_shows_the_cursor() {
        let mut out = Vec::new();
        write_leaving(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "\x1b[?2004l\x1b[?1049l\x1b[?25h");
    }
}
