//! Reading a body.

use serde::de::DeserializeOwned;

use crate::{error::Refusal, http::Request};

const JSON: &str = "application/json";
const TEXT: &str = "text/plain";

/// Reads a JSON body, which may be called text.
pub(crate) fn decode<T: DeserializeOwned>(request: &Request) -> Result<T, Refusal> {
    decode_as(
        request,
        &[JSON, TEXT],
        "Wrong Content-Type, expected application/json or text/plain",
    )
}

/// Reads a body that must be called JSON.
pub(crate) fn decode_json<T: DeserializeOwned>(request: &Request) -> Result<T, Refusal> {
    decode_as(request, &[JSON], "Wrong Content-Type, expected application/json")
}

fn decode_as<T: DeserializeOwned>(request: &Request, types: &[&str], wrong: &str) -> Result<T, Refusal> {
    if request.body.is_empty() {
        return Err(Refusal::bad_request("Missing content body"));
    }
    if !request
        .media_type()
        .is_some_and(|it| types.contains(&it.as_str()))
    {
        return Err(Refusal::bad_request(wrong));
    }
    serde_json::from_slice(&request.body).map_err(|error| {
        let text = "Invalid content body, could not decode. Unable to deserialize data";
        Refusal::bad_request(format!("{text}: {error}"))
    })
}
