//! `/info` and `/version`, and the same under `/debug/v1`.

use hyper::StatusCode;
use serde::Serialize;

use super::within;
use crate::{RestConfig, answer::Answer, error::Refusal, limits::CALL_TIMEOUT, waku::Waku};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Info {
    listen_addresses: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enr_uri: Option<String>,
}

pub(crate) fn version(config: &RestConfig) -> Answer {
    Answer::text(StatusCode::OK, config.version.clone())
}

pub(crate) async fn info(waku: &Waku) -> Result<Answer, Refusal> {
    let call = waku.clients()?.node.info();
    let info = within(CALL_TIMEOUT, call, "the node does not answer").await??;
    Ok(Answer::json(&Info {
        // Where others reach it.
        listen_addresses: match info.announced_addresses.is_empty() {
            true => info.listen_addresses,
            false => info.announced_addresses,
        },
        enr_uri: info.enr,
    }))
}
