//! The REST server as its embedder sees it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use backplane_host::Host;
use hyper::{Response, body::Incoming};
use tokio::task::AbortHandle;

use crate::{
    RestConfig, ServeError,
    answer::{Answer, Body},
    cache::Cache,
    feed::feed,
    http::{self, Bodies, Listening, Origins},
    limits::{FILTER_CACHE, RELAY_CACHE_CEILING},
    route,
    waku::Waku,
};

/// The name by which modules know the REST API: subscriptions belong to it.
const CALLER: &str = "rest";

/// A REST server that listens. It stops with [`stop`](Self::stop); when it is dropped, it goes on until the runtime
/// ends.
#[derive(Debug)]
pub struct Rest {
    state: Arc<State>,
    listening: Listening,
    feeding: Mutex<Option<AbortHandle>>,
}

/// What requests are answered from.
pub(crate) struct State {
    pub(crate) config: RestConfig,
    waku: OnceLock<Arc<Waku>>,
    relay: Mutex<Cache>,
    filter: Mutex<Cache>,
}

impl Rest {
    /// Listens. Until a host is [attached](Self::attach), only `/health` answers, with `INITIALIZING`. Needs a tokio
    /// runtime with time and IO.
    ///
    /// # Errors
    /// [`ServeError`]: the configuration is out of bounds, or the address cannot be listened on.
    pub async fn start(config: RestConfig) -> Result<Self, ServeError> {
        if config.relay_cache > RELAY_CACHE_CEILING {
            return Err(ServeError::TooMany {
                field: "relay_cache",
                value: config.relay_cache,
                limit: RELAY_CACHE_CEILING,
            });
        }
        let origins = Origins::new(&config.allow_origins)?;
        let address = config.address;
        let state = Arc::new(State {
            relay: Mutex::new(Cache::new(config.relay_cache)),
            filter: Mutex::new(Cache::new(FILTER_CACHE)),
            waku: OnceLock::new(),
            config,
        });
        let service = Service {
            state: state.clone(),
            origins: Arc::new(origins),
            bodies: Bodies::default(),
        };
        let listening = http::serve(address, service).await?;
        tracing::info!(address = %listening.address, "the REST API listens");
        Ok(Self {
            state,
            listening,
            feeding: Mutex::new(None),
        })
    }

    /// Serves the module `waku` of a host from the moment on when it is ready. Once; later calls change nothing.
    ///
    /// # Errors
    /// [`ServeError::Host`]: a module has the name `rest`.
    pub fn attach(&self, host: &Arc<Host>) -> Result<(), ServeError> {
        let waku = Arc::new(Waku::new(host, CALLER)?);
        if self.state.waku.set(waku.clone()).is_ok() {
            let task = tokio::spawn(feed(self.state.clone(), waku));
            *lock(&self.feeding) = Some(task.abort_handle());
        }
        Ok(())
    }

    /// Where it listens, with the port that the system chose.
    pub fn address(&self) -> SocketAddr {
        self.listening.address
    }

    /// Ends the server: no more connections, and five seconds for requests under way.
    pub async fn stop(self) {
        if let Some(feeding) = lock(&self.feeding).take() {
            feeding.abort();
        }
        self.listening.stop().await;
    }
}

impl State {
    pub(crate) fn waku(&self) -> Option<&Arc<Waku>> {
        self.waku.get()
    }

    /// What came by the relay.
    pub(crate) fn relay(&self) -> MutexGuard<'_, Cache> {
        lock(&self.relay)
    }

    /// What came by filter.
    pub(crate) fn filter(&self) -> MutexGuard<'_, Cache> {
        lock(&self.filter)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that runs under these locks leaves anything half changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct Service {
    state: Arc<State>,
    origins: Arc<Origins>,
    bodies: Bodies,
}

impl http::Service for Service {
    async fn answer(&self, request: hyper::Request<Incoming>) -> Response<Body> {
        let verdict = match self.origins.judge(request.headers()) {
            Ok(verdict) => verdict,
            Err(refusal) => return Answer::from(refusal).into_response(),
        };
        let answer = match self.bodies.read(request).await {
            Ok(request) => route::answer(&self.state, &request).await,
            Err(refusal) => refusal.into(),
        };
        let mut response = answer.into_response();
        verdict.tell(&mut response);
        response
    }
}
