//! A host with the subject in one placement, and its mate beside it.

use backplane_host::bundle::{Bundle, Grants, Placement};
use backplane_host::library::Linked;
use backplane_host::{FrontEnd, Host, ModuleState};
use backplane_sdk::CallError;
use backplane_test_support::fixture;
use fixture_subject_api::{MateClient, SubjectClient};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The placements that there are.
pub(crate) const PLACEMENTS: [Placement; 3] = [Placement::Native, Placement::Static, Placement::Process];

/// Longer than anything takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What a bundle says.
struct Told<'a> {
    /// The grants of the subject.
    grants: &'a [&'a str],
    /// What else it says of the subject.
    of_subject: &'a str,
    /// What else it says of the mate.
    of_mate: &'a str,
}

impl Told<'_> {
    /// Nothing but what everybody needs.
    const NOTHING: Self = Self {
        grants: &["fixture.mate"],
        of_subject: "",
        of_mate: "",
    };
}

/// A host, and who calls.
pub(crate) struct Bench {
    pub(crate) placement: Placement,
    pub(crate) host: Arc<Host>,
    pub(crate) front: FrontEnd,
    pub(crate) folder: TempDir,
}

impl Bench {
    pub(crate) fn start(placement: Placement) -> Self {
        Self::start_with(placement, "")
    }

    /// `more` is what else the bundle says of the subject.
    pub(crate) fn start_with(placement: Placement, more: &str) -> Self {
        Self::start_both(placement, more, "")
    }

    /// `more` is what else the bundle says of the mate.
    pub(crate) fn start_with_mate(placement: Placement, more: &str) -> Self {
        Self::start_both(placement, "", more)
    }

    /// `grants` are those of the subject.
    pub(crate) fn start_granted(placement: Placement, grants: &[&str]) -> Self {
        Self::start_all(
            placement,
            &Told {
                grants,
                ..Told::NOTHING
            },
        )
    }

    fn start_both(placement: Placement, of_subject: &str, of_mate: &str) -> Self {
        let told = Told {
            of_subject,
            of_mate,
            ..Told::NOTHING
        };
        Self::start_all(placement, &told)
    }

    fn start_all(placement: Placement, told: &Told<'_>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let host = start(folder.path(), placement, told);
        let front = host.front_end("tester", &Grants::all()).expect("a front end");
        Self {
            placement,
            host: Arc::new(host),
            front,
            folder,
        }
    }

    /// The subject and its mate, in a bundle whose data lie in `folder`.
    pub(crate) fn bundle(folder: &Path, placement: Placement, more: &str) -> Bundle {
        let told = Told {
            of_subject: more,
            ..Told::NOTHING
        };
        bundle(folder, placement, &told)
    }

    pub(crate) fn subject(&self) -> SubjectClient {
        self.front.client().expect("the subject is there")
    }

    pub(crate) fn mate(&self) -> MateClient {
        self.front.client().expect("the mate is there")
    }

    /// What takes the place of the subject: the same plugin, which is another instance.
    pub(crate) fn successor(&self) -> std::path::PathBuf {
        match self.placement {
            Placement::Static => "linked:subject".into(),
            _ => fixture("subject"),
        }
    }

    /// Generation and state of the subject.
    pub(crate) fn settled(&self) -> (u32, ModuleState) {
        let report = self.host.module("subject").expect("it is there");
        (report.generation, report.state)
    }

    pub(crate) fn stop(self) {
        assert_eq!(self.host.stop(), [""; 0]);
        // An answer that nobody has asked for is kept for some seconds.
        let deadline = Instant::now() + PATIENCE;
        while self.host.pending_calls() > 0 {
            assert!(
                Instant::now() < deadline,
                "{} calls are left over",
                self.host.pending_calls()
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

fn start(folder: &Path, placement: Placement, told: &Told<'_>) -> Host {
    let linked = Linked::none()
        .with::<fixture_subject::Subject>()
        .expect("its manifest is right");
    let host = Host::start_with(bundle(folder, placement, told), linked).expect("the host starts");
    assert!(host.wait_ready(PATIENCE), "{:?}", host.state_changes());
    host
}

fn bundle(folder: &Path, placement: Placement, told: &Told<'_>) -> Bundle {
    let Told {
        grants,
        of_subject,
        of_mate,
    } = told;
    let plugin = match placement {
        Placement::Static => "subject".into(),
        _ => fixture("subject"),
    };
    let text = format!(
        "[host]\ndata-dir = {:?}\n\
         [modules.mate]\nplugin = {:?}\ngrants = [\"fixture.subject\"]\n{of_mate}\n\
         [modules.subject]\nplugin = {plugin:?}\nplacement = {:?}\ngrants = {grants:?}\n\
         restart-backoff-ms = 1\n{of_subject}\n",
        folder.join("data"),
        fixture("mate"),
        placement.name(),
    );
    let bundle = Bundle::parse(&folder.join("bundle.toml"), text.as_bytes(), folder, None);
    bundle.expect("the bundle is right")
}

/// The status and the message of an error.
pub(crate) fn status_of<T: std::fmt::Debug>(result: Result<T, CallError>) -> (i32, String) {
    match result.expect_err("the call fails") {
        CallError::Host { status, message } => (status, message),
        CallError::Interface(never) => match never {},
    }
}

/// Waits until `done`, which has to come.
pub(crate) async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !done().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, wait).await;
    assert!(waited.is_ok(), "waited in vain for: {what}");
}
