//! Requests, answers and errors of JSON-RPC 2.0.

use backplane_plugin_api::status;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// The line is not JSON (JSON-RPC 2.0, section 5.1).
pub const PARSE_ERROR: i64 = -32700;
/// The JSON is not a request.
pub const INVALID_REQUEST: i64 = -32600;
/// There is no such method.
pub const METHOD_NOT_FOUND: i64 = -32601;
/// The parameters do not fit the method.
pub const INVALID_PARAMS: i64 = -32602;
/// What the code of a call's status starts from: a status is the code `STATUS - status`.
pub const STATUS: i64 = -32000;

/// Why a request failed, as it travels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RpcError {
    /// One of the codes of JSON-RPC, or [`STATUS`] less one of [`status`].
    pub code: i64,
    /// What happened, for people.
    pub message: String,
    /// `{"status": "timeout"}` for a status, with the interface's own error in `error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Json>,
}

impl RpcError {
    /// One of the codes of JSON-RPC.
    pub(super) fn new(code: i64, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            code,
            message,
            data: None,
        }
    }

    /// A status of a call, or what comes nearest to it.
    pub(super) fn of_status(code: i32, message: impl Into<String>) -> Self {
        Self {
            code: STATUS - i64::from(code),
            message: message.into(),
            data: Some(json!({ "status": status::name(code) })),
        }
    }

    /// The status of a call, where the code is that of one.
    pub fn status(&self) -> Option<i32> {
        let code = i32::try_from(STATUS - self.code).ok()?;
        (status::PENDING..=status::INTERNAL)
            .contains(&code)
            .then_some(code)
    }

    /// The interface's own error, where there is one.
    pub fn own_error(&self) -> Option<&Json> {
        self.data.as_ref()?.get("error")
    }
}

/// A request that is well-formed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Request {
    /// None: nobody waits for an answer.
    pub(super) id: Option<Json>,
    pub(super) method: String,
    pub(super) params: Json,
}

impl Request {
    /// Reads a request; a refusal comes with the id to answer to.
    pub(super) fn read(json: Json) -> Result<Self, (Json, RpcError)> {
        let Json::Object(mut members) = json else {
            return Err(refuse(Json::Null, "a request is an object"));
        };
        let id = members.remove("id");
        if !matches!(id, None | Some(Json::Null | Json::String(_) | Json::Number(_))) {
            return Err(refuse(Json::Null, "id must be a string, a number or null"));
        }
        let answer_to = || id.clone().unwrap_or_default();
        if members.get("jsonrpc").and_then(Json::as_str) != Some("2.0") {
            return Err(refuse(answer_to(), "jsonrpc must be \"2.0\""));
        }
        let Some(Json::String(method)) = members.remove("method") else {
            return Err(refuse(answer_to(), "method must be a string"));
        };
        let params = match members.remove("params") {
            None => Json::Object(serde_json::Map::new()),
            Some(params @ (Json::Object(_) | Json::Array(_))) => params,
            Some(_) => return Err(refuse(answer_to(), "params must be an object")),
        };
        Ok(Self { id, method, params })
    }
}

fn refuse(id: Json, message: &str) -> (Json, RpcError) {
    (id, RpcError::new(INVALID_REQUEST, message))
}

/// The parameters of a method, which go by their names.
pub(super) fn params<T: DeserializeOwned>(json: Json) -> Result<T, RpcError> {
    if json.is_array() {
        let message = "params must be an object: parameters go by their names";
        return Err(RpcError::new(INVALID_PARAMS, message));
    }
    serde_json::from_value(json).map_err(|error| RpcError::new(INVALID_PARAMS, error.to_string()))
}

/// An answer as it travels.
pub(super) fn answer(id: &Json, outcome: Result<Json, RpcError>) -> Json {
    match outcome {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(error) => json!({ "jsonrpc": "2.0", "id": id, "error": error }),
    }
}

/// A message that nobody has asked for.
pub(super) fn notification(method: &str, params: Json) -> Json {
    json!({ "jsonrpc": "2.0", "method": method, "params": params })
}

/// What travels as one line.
pub(super) fn line(json: &Json) -> Vec<u8> {
    let mut line = json.to_string().into_bytes();
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_a_code_of_its_own_and_comes_back() {
        let error = RpcError::of_status(status::TIMEOUT, "too late");
        assert_eq!((error.code, error.status()), (-32004, Some(status::TIMEOUT)));
        assert_eq!(error.data, Some(json!({ "status": "timeout" })));
        for code in [PARSE_ERROR, INVALID_PARAMS, -31999, STATUS, -32017] {
            assert_eq!(RpcError::new(code, "").status(), None, "{code}");
        }
    }

    #[test]
    fn a_request_that_breaks_a_rule_is_answered_with_its_id() {
        for (request, id, message) in [
            (json!(1), json!(null), "a request is an object"),
            (
                json!({ "id": [1] }),
                json!(null),
                "id must be a string, a number or null",
            ),
            (json!({ "id": 7 }), json!(7), "jsonrpc must be \"2.0\""),
            (
                json!({ "id": 7, "jsonrpc": "2.0" }),
                json!(7),
                "method must be a string",
            ),
            (
                json!({ "id": "a", "jsonrpc": "2.0", "method": "x", "params": 1 }),
                json!("a"),
                "params must be an object",
            ),
        ] {
            let (found, error) = Request::read(request).unwrap_err();
            assert_eq!(
                (found, error.code, &*error.message),
                (id, INVALID_REQUEST, message)
            );
        }
        let plain = Request::read(json!({ "jsonrpc": "2.0", "method": "version" })).unwrap();
        assert_eq!((plain.id, plain.params), (None, json!({})));
    }
}
