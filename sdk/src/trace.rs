//! What a module says with `tracing`, and its panics, into the host's log.
//!
//! Each library has its own `tracing` and its own panic hook; both are installed when the first instance is
//! made, and find the host of the instance that the thread works for.

use crate::current;
use crate::host::HostHandle;
use backplane_plugin_api::{Host, LogRecord, Reply, Slice, level, status};
use std::cell::{Cell, RefCell};
use std::sync::Once;
use tracing::field::{Field, Visit};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

thread_local! {
    /// Set while a handle of it lives: the instance's, or that of `MEMBER`.
    static HOST: Cell<Option<For>> = const { Cell::new(None) };
    static MEMBER: RefCell<Option<Member>> = const { RefCell::new(None) };
    static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Whom a thread works for.
#[derive(Clone, Copy)]
struct For {
    host: Host,
    /// What it says is not for the host's log.
    silent: bool,
}

impl For {
    const fn module(host: &HostHandle) -> Self {
        Self {
            host: host.raw(),
            silent: false,
        }
    }

    fn with<T>(self, work: impl FnOnce(&HostHandle) -> T) -> T {
        // SAFETY: whoever sets `HOST` takes it back before its handle is dropped.
        let host = unsafe { HostHandle::borrowed(self.host) };
        work(&host)
    }
}

/// The longest message and the longest fields of one line, each, in bytes.
const TEXT_LIMIT: usize = 8 * 1024;

/// What a thread of a module's runtime holds until it ends.
struct Member(#[expect(dead_code, reason = "held, not read")] HostHandle);

impl Drop for Member {
    fn drop(&mut self) {
        HOST.set(None);
    }
}

/// From now on this thread works for an instance of `host`.
pub(crate) fn enter_module(host: HostHandle) {
    HOST.set(Some(For::module(&host)));
    MEMBER.set(Some(Member(host)));
}

/// The host that this thread works for, if any.
pub(crate) fn current_host() -> Option<HostHandle> {
    HOST.get().map(|it| it.with(HostHandle::clone))
}

/// Runs `work` with the host that wants to hear what this thread says, if any.
fn with_listener<T>(work: impl FnOnce(&HostHandle) -> T) -> Option<T> {
    let listener = HOST.get().filter(|it| !it.silent)?;
    // In one program with the module the host speaks through the same subscriber: it must not hear itself.
    let silent = For {
        silent: true,
        ..listener
    };
    Some(enter(silent, || listener.with(work)))
}

/// Runs `work` for an instance of `host`. A thread that calls from one module into another of the
/// same library works for the first again afterwards.
pub(crate) fn within<T>(host: &HostHandle, work: impl FnOnce() -> T) -> T {
    enter(For::module(host), work)
}

/// The same for what stands in for another module: `host` does not hear what it says.
#[cfg(feature = "test")]
pub(crate) fn within_silent<T>(host: &HostHandle, work: impl FnOnce() -> T) -> T {
    let whom = For {
        silent: true,
        ..For::module(host)
    };
    enter(whom, work)
}

fn enter<T>(whom: For, work: impl FnOnce() -> T) -> T {
    /// Also comes back when `work` panics.
    struct Restore(Option<For>);
    impl Drop for Restore {
        fn drop(&mut self) {
            HOST.set(self.0);
        }
    }
    let _restore = Restore(HOST.replace(Some(whom)));
    work()
}

/// Installs subscriber and panic hook of this library, once.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let subscriber = tracing_subscriber::registry().with(ToHost);
        // Linked into a program that has a subscriber already, that one stays.
        drop(tracing::subscriber::set_global_default(subscriber));
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let message = panic.to_string();
            if with_listener(|host| log(host, level::ERROR, "panic", &message, "")).is_none() {
                return previous(panic);
            }
            LAST_PANIC.set(message);
        }));
    });
}

/// What the last panic on this thread said.
pub(crate) fn last_panic() -> String {
    let message = LAST_PANIC.with_borrow(String::clone);
    if message.is_empty() {
        "the module panicked".to_owned()
    } else {
        message
    }
}

/// The answer to a call in which the module panicked on this thread.
pub(crate) fn panic_reply() -> Reply {
    let message = last_panic();
    LAST_PANIC.take();
    Reply::error(status::PANICKED, message)
}

fn log(host: &HostHandle, level: u32, target: &str, message: &str, fields: &str) {
    host.log(&LogRecord {
        level,
        target: Slice::new(target.as_bytes()),
        message: Slice::new(message.as_bytes()),
        fields: Slice::new(fields.as_bytes()),
        context: current::context(),
    });
}

/// Sends events to the host of the thread.
struct ToHost;

impl<S: Subscriber> Layer<S> for ToHost {
    /// The answer differs from thread to thread, and changes with the host's level: it must not be cached.
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        with_listener(|host| number(*metadata.level()) <= host.log_level()).unwrap_or(false)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        let metadata = event.metadata();
        let level = number(*metadata.level());
        with_listener(|host| log(host, level, metadata.target(), &text.message, &text.finish()));
    }
}

fn number(level: Level) -> u32 {
    match level {
        Level::ERROR => level::ERROR,
        Level::WARN => level::WARN,
        Level::INFO => level::INFO,
        Level::DEBUG => level::DEBUG,
        Level::TRACE => level::TRACE,
    }
}

/// The message of an event, and its other fields as JSON.
#[derive(Default)]
struct Text {
    message: String,
    fields: serde_json::Map<String, serde_json::Value>,
}

impl Text {
    fn finish(&self) -> String {
        let fields = serde_json::to_string(&self.fields).unwrap_or_default();
        if self.fields.is_empty() || fields.len() > TEXT_LIMIT {
            String::new()
        } else {
            fields
        }
    }
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let mut text = format!("{value:?}");
        let mut end = text.len().min(TEXT_LIMIT);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        if field.name() == "message" {
            self.message = text;
        } else {
            self.fields.insert(field.name().to_owned(), text.into());
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.fields.insert(field.name().to_owned(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.fields.insert(field.name().to_owned(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.fields.insert(field.name().to_owned(), value.into());
    }
}
