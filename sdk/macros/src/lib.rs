//! The macros of the SDK: `#[record]`, `#[interface]` and `#[module]`.
//!
//! What they generate is ordinary code on the SDK's public traits, without `unsafe` but for the entry symbol;
//! `cargo expand` shows it.

mod docs;
mod interface;
mod module;
mod record;

use proc_macro::TokenStream;

/// Makes a struct or an enum a type that may cross an interface.
///
/// Adds `Serialize`, `Deserialize` and `Value`. A field may carry `#[default(literal)]`: then it may be left
/// out. Enum cases travel under their names in snake_case.
#[proc_macro_attribute]
pub fn record(_: TokenStream, item: TokenStream) -> TokenStream {
    record::expand(item.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Makes a trait an interface: `#[interface(id = "waku.relay", version = "1.0.0")]`.
///
/// For a trait `Relay` there are then the client `RelayClient`, the publisher of its events `RelayEvents`, the
/// type `RelayInterface` that stands for the interface, and one type for each event in `relay_events`.
///
/// A method is `async fn` or, when it answers at once, `fn`, with `&self`. `#[deadline(ms)]` sets how long a
/// caller waits who says nothing (30 s). `#[sensitive]` has the host note each call of it. A function with `#[event]` or `#[event(retained)]`, without `self`
/// and with one parameter, is an event.
#[proc_macro_attribute]
pub fn interface(attribute: TokenStream, item: TokenStream) -> TokenStream {
    interface::expand(attribute.into(), item.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Makes `impl Module for T` a plugin.
///
/// `#[module(name = "chat", provides(Room), requires(RelayClient = "^1"), optional(KeysClient = "^1"),
/// subscribes(relay_events::Message = on_message), state(version = 1), exclusive("tcp port"), unload = "clean")]`
///
/// A subscription may say `on_message(overflow = "drop-oldest", depth = 64)`; the handler is an `async fn` of
/// the type with `&self` and an `Event<Body>`. The associated types `Config` and `State` may be left out.
/// `workers = 4` gives the runtime of the module so many threads instead of one.
/// With the key `linked` there is no entry symbol, so that several modules can be linked into one program.
#[proc_macro_attribute]
pub fn module(attribute: TokenStream, item: TokenStream) -> TokenStream {
    module::expand(attribute.into(), item.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
