//! The REST interface and the metrics.

use super::{Flag, Kind::*, PORT, Role::*, U32, flags};

flags! {
    REST = "rest", (Switch), ["false"], Does("is whether REST is served"), "Serve the REST interface";
    REST_ADDRESS = "rest-address", (Ip), ["127.0.0.1"], Does("is where REST is served"), "The address of the REST interface";
    REST_PORT = "rest-port", (PORT), ["8645"], Does("is where REST is served"), "The port of the REST interface; 0 for any";
    REST_RELAY_CACHE_CAPACITY = "rest-relay-cache-capacity", (U32), ["50"],
        Does("is the number of messages that REST keeps until they are asked for"), "Messages in the cache of the REST interface";
    REST_ADMIN = "rest-admin", (Switch), ["false"], Does("lets REST serve `/admin`"), "Serve the paths below /admin";
    REST_ALLOW_ORIGIN = "rest-allow-origin", [Text], [], Does("is told to browsers (CORS)"),
        "An origin whose pages may use the REST interface, with * and ? as wildcards";
    METRICS_SERVER = "metrics-server", (Switch), ["false"], Does("is whether metrics are served"),
        "Serve metrics to Prometheus";
    METRICS_SERVER_ADDRESS = "metrics-server-address", (Ip), ["127.0.0.1"], Does("is where metrics are served"),
        "The address of the metrics";
    METRICS_SERVER_PORT = "metrics-server-port", (PORT), ["8008"], Does("is where metrics are served"),
        "The port of the metrics; 0 for any";
    METRICS_LOGGING = "metrics-logging", (Switch), ["true"], Idle("metrics are not logged"), "Log metrics now and then";
}
