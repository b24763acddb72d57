//! Two hosts talk to each other without a person: the whole way, checked.
//!
//! Each host is a process of its own with a data folder of its own: this program with `--pipe`. They find each
//! other as two chats on one machine do, in a runtime folder that is theirs alone. In the middle of the conversation
//! `chat` is swapped on both. Then both read their history back, one of them is restarted, and reads it again.

mod check;
mod child;
mod summary;

use std::{
    io,
    path::{Path, PathBuf},
    time::Instant,
};

use tokio::time::timeout;

use crate::{
    hosted::bundle::default_plugins,
    limits::{MAX_HISTORY, STEP_DEADLINE, UNATTENDED_DEADLINE, UNATTENDED_WINDOW},
    options::Options,
    pipe::Ask,
    session::{About, ChatLine, Page, Swap, SwapTarget},
};
use child::Child;
pub use summary::{Summary, SwapSummary};

/// Why the conversation could not be led to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnattendedError {
    /// Files or processes.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system says.
        source: io::Error,
    },
    /// A host did not do as asked.
    #[error("{host}: {reason}")]
    Host {
        /// Which.
        host: &'static str,
        /// What it says.
        reason: String,
    },
    /// Something took too long.
    #[error("{what} took longer than {seconds} s")]
    Timeout {
        /// What.
        what: String,
        /// The deadline, in seconds.
        seconds: u64,
    },
}

impl UnattendedError {
    fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        |source| Self::Io { what, source }
    }
}

/// Leads the conversation. Progress goes to standard error.
///
/// # Errors
/// [`UnattendedError`] when it could not be led to its end; what went wrong in it is in the summary.
pub async fn run(options: &Options) -> Result<Summary, UnattendedError> {
    match timeout(UNATTENDED_DEADLINE, converse(options)).await {
        Ok(ended) => ended,
        Err(_) => Err(UnattendedError::Timeout {
            what: "the whole conversation".into(),
            seconds: UNATTENDED_DEADLINE.as_secs(),
        }),
    }
}

async fn converse(options: &Options) -> Result<Summary, UnattendedError> {
    let begun = Instant::now();
    let folder = tempfile::tempdir().map_err(UnattendedError::io("a folder for the data"))?;
    let stage = Stage::new(options, folder.path())?;
    let count = options.messages;

    eprintln!("starting two hosts with four modules each");
    let (alice, bob) = tokio::try_join!(stage.start("alice"), stage.start("bob"))?;
    tokio::try_join!(in_room(&alice), in_room(&bob))?;
    let connected = begun.elapsed();
    eprintln!(
        "they have found each other, after {:.1} s",
        connected.as_secs_f64()
    );

    eprintln!("{count} messages each way, with a swap of chat on both in the middle");
    let talking = Instant::now();
    let (swap_a, swap_b) = tokio::try_join!(
        say(&alice, count, &stage.other_chat),
        say(&bob, count, &stage.other_chat)
    )?;
    tokio::try_join!(alice.hears(count as usize), bob.hears(count as usize))?;
    let talked = talking.elapsed();

    let mut problems = check::heard(&alice, &bob, count);
    eprintln!("reading the history back");
    let (kept_a, kept_b) = tokio::try_join!(history(&alice), history(&bob))?;
    problems.extend(check::kept("alice", &kept_a, count));
    problems.extend(check::kept("bob", &kept_b, count));
    problems.extend(check::same(&kept_a, &kept_b));

    eprintln!("restarting bob");
    bob.stop().await?;
    let bob = stage.start("bob").await?;
    let again = history(&bob).await?;
    problems.extend(check::unchanged(&kept_b, &again));
    tokio::try_join!(in_room(&alice), in_room(&bob))?;
    let answered = alice
        .asks::<ChatLine>(Ask::Send {
            text: "welcome back".into(),
        })
        .await?;
    bob.hears(1).await?;
    problems.extend(check::welcome(&bob, &answered));
    alice.stop().await?;
    bob.stop().await?;
    Ok(Summary {
        messages: count * 2,
        connect_seconds: connected.as_secs_f64(),
        conversation_seconds: talked.as_secs_f64(),
        seconds: begun.elapsed().as_secs_f64(),
        swaps: vec![
            SwapSummary::new("alice", &swap_a),
            SwapSummary::new("bob", &swap_b),
        ],
        history: [kept_a.len(), kept_b.len()],
        history_after_restart: again.len(),
        lost: problems.iter().filter(|it| it.is_lost()).count(),
        duplicates: problems.iter().filter(|it| it.is_duplicate()).count(),
        problems: problems.iter().map(ToString::to_string).collect(),
    })
}

/// What both hosts are started from.
struct Stage<'a> {
    options: &'a Options,
    folder: &'a Path,
    plugins: PathBuf,
    other_chat: PathBuf,
}

impl<'a> Stage<'a> {
    fn new(options: &'a Options, folder: &'a Path) -> Result<Self, UnattendedError> {
        let plugins = match &options.plugins {
            Some(folder) => folder.clone(),
            None => default_plugins().map_err(UnattendedError::io("the plugin folder"))?,
        };
        let other_chat = another_build(&plugins, folder)?;
        Ok(Self {
            options,
            folder,
            plugins,
            other_chat,
        })
    }

    async fn start(&self, name: &'static str) -> Result<Child, UnattendedError> {
        let child = Child::start(name, self.options, self.folder, &self.plugins)?;
        // It answers once all modules are ready.
        child.asks::<About>(Ask::About).await?;
        Ok(child)
    }
}

/// A copy of the chat plugin with a few bytes behind its end: another file with another hash to the host, which
/// loads and runs it beside the first.
fn another_build(plugins: &Path, folder: &Path) -> Result<PathBuf, UnattendedError> {
    use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
    let original = plugins.join(format!("{DLL_PREFIX}chat_plugin{DLL_SUFFIX}"));
    let mut bytes = std::fs::read(&original).map_err(UnattendedError::io(original.display().to_string()))?;
    bytes.extend_from_slice(b"another build");
    let copy = folder.join(format!("{DLL_PREFIX}chat_other{DLL_SUFFIX}"));
    std::fs::write(&copy, bytes).map_err(UnattendedError::io(copy.display().to_string()))?;
    Ok(copy)
}

/// Waits until the other takes part in the conversation.
async fn in_room(child: &Child) -> Result<(), UnattendedError> {
    child
        .until("finding the other host", async || {
            let about: About = child.asks(Ask::About).await?;
            Ok(about.peers_in_room > 0)
        })
        .await
}

/// Sends all messages, some at a time, and swaps `chat` in the middle of them.
async fn say(child: &Child, count: u32, other_chat: &Path) -> Result<Swap, UnattendedError> {
    let texts: Vec<String> = (0..count).map(|number| check::text(child.name, number)).collect();
    let mut swap = None;
    for (round, some) in texts.chunks(UNATTENDED_WINDOW).enumerate() {
        let mut answers = Vec::new();
        for text in some {
            answers.push(child.ask(Ask::Send { text: text.clone() }).await?);
        }
        // The answers are awaited only after this, so that these messages are on their way while it swaps.
        if swap.is_none() && (round + 1) * UNATTENDED_WINDOW * 2 >= texts.len() {
            let target = SwapTarget::File(other_chat.to_owned());
            swap = Some(
                child
                    .ask(Ask::Swap {
                        module: "chat".into(),
                        target,
                    })
                    .await?,
            );
        }
        for answer in answers {
            child.answer::<ChatLine>(answer).await?;
        }
    }
    match swap {
        Some(swap) => child.answer(swap).await,
        None => Err(child.failed("there were no messages to swap in the middle of")),
    }
}

/// The whole history, oldest first.
async fn history(child: &Child) -> Result<Vec<ChatLine>, UnattendedError> {
    let mut pages = Vec::new();
    let mut before = None;
    loop {
        let page: Page = child
            .asks(Ask::History {
                before,
                limit: MAX_HISTORY,
            })
            .await?;
        pages.push(page.lines);
        before = page.older;
        if before.is_none() {
            break;
        }
    }
    Ok(pages.into_iter().rev().flatten().collect())
}

/// Waits at most [`STEP_DEADLINE`].
async fn step<T>(what: &str, work: impl Future<Output = T>) -> Result<T, UnattendedError> {
    timeout(STEP_DEADLINE, work)
        .await
        .map_err(|_| UnattendedError::Timeout {
            what: what.to_owned(),
            seconds: STEP_DEADLINE.as_secs(),
        })
}
