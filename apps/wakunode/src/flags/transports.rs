//! Transports beside TCP.

use super::{Flag, Kind::*, PORT, Role::*, flags};

flags! {
    WEBSOCKET_SUPPORT = "websocket-support", (Switch), ["false"], Does("adds an address with `/ws` to `listen-addresses`"),
        "Listen on WebSocket";
    WEBSOCKET_PORT = "websocket-port", (PORT), ["8000"], Does("is the port of that address"), "The port of WebSocket; 0 for any";
    WEBSOCKET_SECURE_SUPPORT = "websocket-secure-support", (Switch), ["false"],
        Does("listens with `/wss` on the port of WebSocket, in the place of `/ws`"), "Listen on secure WebSocket";
    WEBSOCKET_SECURE_KEY_PATH = "websocket-secure-key-path", (Path), [],
        Does("is `websocket-secure-key-path`, with --websocket-secure-support"), "The key of the certificate, in PEM";
    WEBSOCKET_SECURE_CERT_PATH = "websocket-secure-cert-path", (Path), [],
        Does("is `websocket-secure-cert-path`, with --websocket-secure-support"), "The certificate, and those up to the authority, in PEM";
    QUIC_SUPPORT = "quic-support", (Switch), ["false"],
        Lacks("there is no QUIC; leave the flag out, peers use TCP or WebSocket"), "Listen on QUIC";
    QUIC_PORT = "quic-port", (PORT), ["60000"], Lacks("there is no QUIC; leave the flag out"), "The port of QUIC";
}
