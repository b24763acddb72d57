//! Runs a module without a host, with fakes for what it requires.
//!
//! The module is made and called through its C table, as a host does it: encoding, panics, deferral, deadlines
//! and cancellation are the real ones. A [`Bench`] holds the fakes and starts the module, [`Running`] is the
//! module at work.
//!
//! ```
//! use backplane_sdk::{prelude::*, test::Bench};
//!
//! /// Tells the time.
//! #[interface(id = "demo.clock", version = "1.0.0")]
//! pub trait Clock {
//!     /// Seconds since midnight.
//!     fn now(&self) -> u32;
//! }
//!
//! /// Says what time it is.
//! #[interface(id = "demo.voice", version = "1.0.0")]
//! pub trait Voice {
//!     /// The time as a sentence.
//!     async fn say(&self) -> Result<String, Muted>;
//! }
//!
//! /// There is nothing to say.
//! #[record]
//! #[derive(Debug)]
//! pub struct Muted {}
//!
//! struct Speaker(ClockClient);
//!
//! #[module(name = "speaker", provides(Voice), requires(ClockClient = "^1"))]
//! impl Module for Speaker {
//!     async fn start(context: Context, _: ()) -> Result<Self, Error> {
//!         Ok(Self(context.client()?))
//!     }
//! }
//!
//! impl Voice for Speaker {
//!     async fn say(&self) -> Result<String, Muted> {
//!         let seconds = self.0.now().await.map_err(|_| Muted {})?;
//!         Ok(format!("It is {:02}:{:02}.", seconds / 3600, seconds / 60 % 60))
//!     }
//! }
//!
//! struct Noon;
//!
//! impl Clock for Noon {
//!     fn now(&self) -> u32 {
//!         12 * 3600
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let speaker = Bench::new().fake::<ClockInterface, _>(Noon).start::<Speaker>(()).await.unwrap();
//! let voice: VoiceClient = speaker.client();
//! assert_eq!(voice.say().await.unwrap(), "It is 12:00.");
//! # });
//! ```

mod bench;
mod board;
mod error;
mod fake;
mod logs;
mod published;
mod running;
mod seat;
mod streams;
mod table;
mod target;
mod tickets;

pub use bench::Bench;
pub use error::BenchError;
pub use logs::Line;
pub use published::Received;
pub use running::Running;

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// How long `start`, `export` and `import` may take, unless the bench says otherwise.
const LIFECYCLE: Duration = Duration::from_secs(30);
/// How long `stop` may take.
const STOP: Duration = Duration::from_secs(5);
/// How long [`Received::next`] waits for an event.
const EVENT: Duration = Duration::from_secs(10);
/// How many calls may wait for their answer at the same time; the next one is refused with `BUSY`.
const CALLS: usize = 1024;
/// How long an end of a stream waits for the other one.
const STREAM: Duration = Duration::from_secs(30);
/// The bounds of streams: those of the host.
const STREAMS: crate::pipe::Limits = crate::pipe::Limits {
    window: 1 << 20,
    items: 1024,
    item: 1 << 20,
    open: 256,
};
/// How many bindings there may be.
const BINDINGS: usize = 4096;
/// How many published events are kept, of each kind; the oldest give way.
const EVENTS: usize = 1024;
/// How many lines of the log are kept; the oldest give way.
const LINES: usize = 4096;

/// Where fakes wait and deadlines pass. The test may use any executor, or none.
fn runtime() -> &'static Runtime {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(2).thread_name("bench").enable_time();
        builder.build().expect("the system has threads")
    });
    &RUNTIME
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
