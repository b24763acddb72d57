//! Calling a method of a module: `call`.

use super::{Done, done};
use crate::gateway::RpcError;
use crate::gateway::service::{Service, blocking};
use backplane_plugin_api::status;
use backplane_sdk::CallError;
use serde::Deserialize;
use serde_json::Value as Json;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

type Answering = Pin<Box<dyn Future<Output = Result<Json, CallError<Json>>> + Send>>;

/// Which method, and with what.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    target: String,
    #[serde(default)]
    args: Json,
    deadline_ms: Option<u64>,
}

pub(super) async fn run(service: &Service, call: Call) -> Result<Done, RpcError> {
    let front_end = Arc::clone(&service.front_end);
    let Call {
        target,
        args,
        deadline_ms,
    } = call;
    let name = target.clone();
    let deadline = deadline_ms.map(Duration::from_millis);
    let call = async move { front_end.call_json_within(&target, &args, deadline).await };
    let answer = answer(Box::pin(call)).await?;
    done(answer.map_err(|error| explain(&name, error))?)
}

/// A method may do all its work while it is called: that happens where it holds up nobody else.
async fn answer(mut answering: Answering) -> Result<Result<Json, CallError<Json>>, RpcError> {
    let called = blocking(move || {
        let mut context = Context::from_waker(Waker::noop());
        match answering.as_mut().poll(&mut context) {
            Poll::Ready(answer) => Ok(answer),
            Poll::Pending => Err(answering),
        }
    });
    match called.await? {
        Ok(answer) => Ok(answer),
        Err(answering) => Ok(answering.await),
    }
}

fn explain(target: &str, error: CallError<Json>) -> RpcError {
    match error {
        CallError::Host { status, message } => RpcError::of_status(status, message),
        CallError::Interface(own) => {
            let mut error = RpcError::of_status(status::FAILED, format!("{target} answered an error"));
            if let Some(data) = &mut error.data {
                data["error"] = own;
            }
            error
        }
    }
}
