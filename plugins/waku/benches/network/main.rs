//! What a node does for its peers, over loopback: relaying beside a js-libp2p gossipsub relay, pushing to a thousand
//! filter subscribers, connections that idle, and relaying while store queries run and a subscriber has stopped reading.
//!
//! The node runs in a process of its own, this program again; its peers are here.

#[path = "../../tests/support/archive.rs"]
mod archive;
#[path = "../../tests/support/mod.rs"]
mod support;

mod deaf;
mod filter;
mod relay;
mod service;

use std::time::Duration;

use tokio::runtime::Builder;

fn main() {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    if service::is_asked_for() {
        return runtime.block_on(service::serve());
    }
    // What cargo passes to benchmarks is of no meaning here.
    runtime.block_on(async {
        relay::beside_js_libp2p().await;
        relay::beside_other_work().await;
        filter::to_a_thousand().await;
    });
}

/// The middle one and the 99th of a hundred, in milliseconds, for a table.
fn quantiles(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1e3;
    format!("{:>9.2} {:>9.2}", at(50), at(99))
}
