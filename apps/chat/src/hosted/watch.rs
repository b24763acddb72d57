//! What happens on its own, told to the screen. Each function is a task that ends with the session.

use std::{collections::HashSet, io, path::PathBuf, sync::Arc};

use backplane_host::{FrontEnd, Host, ModuleState, StateChange, gateway::Gateway};
use backplane_sdk::{CallError, Client as _, descriptor::Overflow};
use chat_api::room_events;
use tokio::{
    sync::mpsc::Sender,
    task::{AbortHandle, spawn_blocking},
    time::{Duration, MissedTickBehavior, interval},
};
use waku_api::{NodeClient, node_events};

use super::{
    convert,
    neighbours::{Neighbours, is_local},
    session::stop as stop_host,
};
use crate::{
    limits::{EVENT_QUEUE, NEIGHBOUR_DEADLINE, NEIGHBOUR_INTERVAL, STATE_INTERVAL},
    session::SessionEvent,
};

/// New messages.
pub(super) fn messages(
    front: &FrontEnd,
    to: Sender<SessionEvent>,
) -> Result<impl Future<Output = ()> + use<>, CallError> {
    let mut messages = front.subscribe::<room_events::Message>(Overflow::DropOldest, EVENT_QUEUE)?;
    Ok(async move {
        loop {
            let event = match messages.next().await {
                Ok(event) => event,
                Err(error) => {
                    tracing::warn!("an event of chat.room is not readable: {error}");
                    continue;
                }
            };
            if event.lost > 0 {
                let notice = format!("{} messages are not shown; the history has them", event.lost);
                if to.send(SessionEvent::Notice(notice)).await.is_err() {
                    return;
                }
            }
            let line = convert::line(event.body);
            if to.send(SessionEvent::Message(line)).await.is_err() {
                return;
            }
        }
    })
}

/// The number of peers.
pub(super) fn peers(
    front: &FrontEnd,
    to: Sender<SessionEvent>,
) -> Result<impl Future<Output = ()> + use<>, CallError> {
    // Only the newest number matters.
    let mut counts = front.subscribe::<node_events::PeersChanged>(Overflow::DropOldest, 1)?;
    Ok(async move {
        loop {
            match counts.next().await {
                Ok(count) => {
                    let count = usize::try_from(count.connected).unwrap_or(usize::MAX);
                    if to.send(SessionEvent::Peers(count)).await.is_err() {
                        return;
                    }
                }
                Err(error) => tracing::warn!("an event of waku.node is not readable: {error}"),
            }
        }
    })
}

/// The states of the modules, and the host's wish to stop: then it is stopped, and the control socket closed.
pub(super) async fn states(host: Arc<Host>, control: AbortHandle, to: Sender<SessionEvent>) {
    let mut ticks = ticks(STATE_INTERVAL);
    let mut seen = host.state_changes().last().map_or(0, |change| change.number);
    let mut broken = HashSet::new();
    loop {
        ticks.tick().await;
        let looking = Arc::clone(&host);
        let look = move || {
            (
                looking.state_changes(),
                looking.modules(),
                looking.stop_requested(Duration::ZERO),
            )
        };
        let Ok((changes, modules, stop)) = spawn_blocking(look).await else {
            return;
        };
        let news: Vec<StateChange> = changes
            .into_iter()
            .filter(|change| change.number > seen)
            .collect();
        let mut told = Vec::new();
        if let Some(last) = news.last() {
            seen = last.number;
            told.push(SessionEvent::Modules(convert::modules(modules)));
        }
        told.extend(
            news.iter()
                .filter_map(|change| notice(change, &mut broken))
                .map(SessionEvent::Notice),
        );
        if let Some(reason) = &stop {
            let problems = stop_host(Arc::clone(&host)).await;
            told.extend(problems.into_iter().map(SessionEvent::Notice));
            // Whoever asked for it learns from the end of the connection that the host has stopped.
            control.abort();
            told.push(SessionEvent::Closed(reason.clone()));
        }
        for event in told {
            if to.send(event).await.is_err() {
                return;
            }
        }
        if stop.is_some() {
            return;
        }
    }
}

/// A word about a module that goes down, or comes back; `broken` holds those that are down.
fn notice(change: &StateChange, broken: &mut HashSet<String>) -> Option<String> {
    let tell = match change.state {
        ModuleState::Failed | ModuleState::Stopped => broken.insert(change.module.clone()),
        ModuleState::Ready => broken.remove(&change.module),
        _ => false,
    };
    tell.then(|| format!("{} is {}: {}", change.module, change.state.name(), change.reason))
}

/// Opens the control socket, so that the command `backplane` steers the host of this chat as any other.
pub(super) async fn serve(host: Arc<Host>, socket: PathBuf, to: Sender<SessionEvent>) {
    let ended = async { Gateway::bind(&socket).await?.serve(host).await };
    let Err(error) = ended.await;
    // Whoever does not listen any more needs no notice.
    let _ = to
        .send(SessionEvent::Notice(format!("no control socket: {error}")))
        .await;
}

/// Tells other chats on this machine where we are, and connects to them.
pub(super) async fn neighbours(place: io::Result<Neighbours>, node: NodeClient, to: Sender<SessionEvent>) {
    let mut place = match place {
        Ok(place) => place,
        Err(error) => {
            let notice = format!("other chats on this machine are not looked for: {error}");
            // Whoever does not listen any more needs no notice.
            let _ = to.send(SessionEvent::Notice(notice)).await;
            return;
        }
    };
    let node = node.with_deadline(NEIGHBOUR_DEADLINE);
    let mut ticks = ticks(NEIGHBOUR_INTERVAL);
    loop {
        ticks.tick().await;
        if let Err(error) = meet(&mut place, &node).await {
            tracing::debug!("looking for other chats on this machine: {error}");
        }
    }
}

async fn meet(
    place: &mut Neighbours,
    node: &NodeClient,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let own = node.info().await?;
    if let Some(address) = own.listen_addresses.iter().find(|address| is_local(address)) {
        place.tell(address)?;
    }
    let others = place.others()?;
    if others.is_empty() {
        return Ok(());
    }
    let connected: Vec<String> = node
        .peers()
        .await?
        .into_iter()
        .filter(|peer| peer.direction.is_some())
        .filter_map(|peer| peer.peer_id)
        .collect();
    for address in others {
        let known = |peer: &String| address.ends_with(&format!("/{peer}"));
        if !connected.iter().any(known)
            && let Err(error) = node.connect(&address).await
        {
            tracing::info!("another chat at {address}: {error}");
        }
    }
    Ok(())
}

fn ticks(every: Duration) -> tokio::time::Interval {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
