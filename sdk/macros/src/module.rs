//! `#[module]`

use crate::docs::docs;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{ImplItem, ItemImpl, LitInt, LitStr, Path, Token, parenthesized};

/// What stands in the attribute.
#[derive(Default)]
struct Arguments {
    name: Option<LitStr>,
    provides: Vec<Path>,
    requires: Vec<Required>,
    subscribes: Vec<Subscribed>,
    state: Option<State>,
    exclusive: Vec<LitStr>,
    clean_unload: bool,
    workers: Option<LitInt>,
    linked: bool,
}

struct Required {
    client: Path,
    version: LitStr,
    optional: bool,
}

struct Subscribed {
    event: Path,
    handler: Ident,
    version: Option<LitStr>,
    overflow: String,
    depth: u32,
}

struct State {
    version: u32,
    reads: Vec<LitInt>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut arguments = Self::default();
        while !input.is_empty() {
            let key: Ident = input.parse()?;
            match key.to_string().as_str() {
                "name" => {
                    input.parse::<Token![=]>()?;
                    arguments.name = Some(input.parse()?);
                }
                "linked" => arguments.linked = true,
                "workers" => {
                    input.parse::<Token![=]>()?;
                    arguments.workers = Some(workers(input)?);
                }
                "unload" => {
                    input.parse::<Token![=]>()?;
                    let text: LitStr = input.parse()?;
                    arguments.clean_unload = match text.value().as_str() {
                        "clean" => true,
                        "never" => false,
                        _ => return Err(syn::Error::new_spanned(text, "unload is \"never\" or \"clean\"")),
                    };
                }
                "provides" => arguments.provides = list(input, Path::parse)?,
                "requires" => arguments
                    .requires
                    .extend(list(input, |it| Required::parse(it, false))?),
                "optional" => arguments
                    .requires
                    .extend(list(input, |it| Required::parse(it, true))?),
                "subscribes" => arguments.subscribes = list(input, Subscribed::parse)?,
                "exclusive" => arguments.exclusive = list(input, <LitStr as Parse>::parse)?,
                "state" => arguments.state = Some(State::parse(input)?),
                _ => {
                    let known = "name, provides, requires, optional, subscribes, state, exclusive, unload, workers, linked";
                    return Err(syn::Error::new_spanned(
                        &key,
                        format!("unknown key `{key}`; known are {known}"),
                    ));
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(arguments)
    }
}

fn workers(input: ParseStream<'_>) -> syn::Result<LitInt> {
    let count: LitInt = input.parse()?;
    match count.base10_parse() {
        Ok(1..=64u8) => Ok(count),
        _ => Err(syn::Error::new_spanned(count, "workers is from 1 to 64")),
    }
}

fn list<T>(input: ParseStream<'_>, each: fn(ParseStream<'_>) -> syn::Result<T>) -> syn::Result<Vec<T>> {
    let content;
    parenthesized!(content in input);
    let items = Punctuated::<T, Token![,]>::parse_terminated_with(&content, each)?;
    Ok(items.into_iter().collect())
}

impl Required {
    fn parse(input: ParseStream<'_>, optional: bool) -> syn::Result<Self> {
        let client = input.parse()?;
        input.parse::<Token![=]>()?;
        Ok(Self {
            client,
            version: input.parse()?,
            optional,
        })
    }
}

impl Subscribed {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let event = input.parse()?;
        input.parse::<Token![=]>()?;
        let mut this = Self {
            event,
            handler: input.parse()?,
            version: None,
            overflow: "block".to_owned(),
            depth: 1024,
        };
        if !input.peek(syn::token::Paren) {
            return Ok(this);
        }
        let options;
        parenthesized!(options in input);
        while !options.is_empty() {
            let key: Ident = options.parse()?;
            options.parse::<Token![=]>()?;
            match key.to_string().as_str() {
                "version" => this.version = Some(options.parse()?),
                "depth" => this.depth = options.parse::<LitInt>()?.base10_parse()?,
                "overflow" => {
                    let text: LitStr = options.parse()?;
                    this.overflow = text.value();
                    if !["block", "drop-oldest", "drop-newest"].contains(&this.overflow.as_str()) {
                        let message = "overflow is \"block\", \"drop-oldest\" or \"drop-newest\"";
                        return Err(syn::Error::new_spanned(text, message));
                    }
                }
                _ => {
                    return Err(syn::Error::new_spanned(
                        &key,
                        "a subscription has version, overflow and depth",
                    ));
                }
            }
            if !options.is_empty() {
                options.parse::<Token![,]>()?;
            }
        }
        Ok(this)
    }
}

impl State {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let content;
        parenthesized!(content in input);
        let (mut version, mut reads) = (None, Vec::new());
        while !content.is_empty() {
            let key: Ident = content.parse()?;
            match key.to_string().as_str() {
                "version" => {
                    content.parse::<Token![=]>()?;
                    version = Some(content.parse::<LitInt>()?);
                }
                "reads" => reads = list(&content, <LitInt as Parse>::parse)?,
                _ => {
                    return Err(syn::Error::new_spanned(
                        &key,
                        "a state has version and reads(...)",
                    ));
                }
            }
            if !content.is_empty() {
                content.parse::<Token![,]>()?;
            }
        }
        let version = version.ok_or_else(|| content.error("a state has a version"))?;
        if reads.is_empty() {
            reads.push(version.clone());
        }
        Ok(Self {
            version: version.base10_parse()?,
            reads,
        })
    }
}

pub(crate) fn expand(attribute: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let arguments: Arguments = syn::parse2(attribute)?;
    let mut item: ItemImpl = syn::parse2(item)?;
    complete(&mut item, &arguments);
    let plug = plug(&item, &arguments);
    let entry = entry(&item, arguments.linked, &plug);
    Ok(quote!(#item #entry))
}

/// Adds what the author left out.
fn complete(item: &mut ItemImpl, arguments: &Arguments) {
    let has_type = |item: &ItemImpl, name: &str| {
        item.items
            .iter()
            .any(|it| matches!(it, ImplItem::Type(ty) if ty.ident == name))
    };
    if !has_type(item, "Config") {
        item.items.push(syn::parse_quote!(
            type Config = ();
        ));
    }
    if !has_type(item, "State") {
        item.items.push(syn::parse_quote!(
            type State = ();
        ));
    }
    if arguments.state.is_none() {
        item.items.push(syn::parse_quote! {
            async fn export(&self) -> ::core::result::Result<(), ::backplane_sdk::Error> { Ok(()) }
        });
        item.items.push(syn::parse_quote! {
            async fn import(&self, _: u32, (): ()) -> ::core::result::Result<(), ::backplane_sdk::Error> { Ok(()) }
        });
    }
}

/// `path::Room` and `Interface` as `path::RoomInterface`.
fn with_suffix(path: &Path, suffix: &str) -> Path {
    let mut path = path.clone();
    if let Some(last) = path.segments.last_mut() {
        last.ident = format_ident!("{}{suffix}", last.ident);
    }
    path
}

fn plug(item: &ItemImpl, arguments: &Arguments) -> TokenStream {
    let ty = &item.self_ty;
    let manifest = manifest(item, arguments);
    let workers = arguments
        .workers
        .as_ref()
        .map(|count| quote!(const WORKERS: usize = #count;));
    let serve = (0u32..).zip(&arguments.provides).map(|(index, path)| {
        let interface = with_suffix(path, "Interface");
        quote!(#index => <#interface as ::backplane_sdk::Serve<Self>>::serve(module, incoming),)
    });
    let deliver = (0u32..).zip(&arguments.subscribes).map(|(index, subscribed)| {
        let (event, handler) = (&subscribed.event, &subscribed.handler);
        quote! {
            #index => {
                let body = match incoming.decode_value::<<#event as ::backplane_sdk::EventSpec>::Body>() {
                    Ok(body) => body,
                    Err(refusal) => return refusal,
                };
                let event = ::backplane_sdk::Event {
                    body,
                    sequence: incoming.sequence(),
                    lost: incoming.lost(),
                    publisher: incoming.caller().to_owned(),
                };
                let module = ::std::sync::Arc::clone(module);
                ::backplane_sdk::Outcome::later(async move {
                    module.#handler(event).await;
                    ::backplane_sdk::generated::Reply::EMPTY
                })
            }
        }
    });
    quote! {
        // SAFETY: the declaration is a static of this library, and describes this very type.
        unsafe impl ::backplane_sdk::Plug for #ty {
            const MANIFEST: ::backplane_sdk::generated::ManifestTy = #manifest;
            const DECLARATION: &'static ::backplane_sdk::generated::PluginDeclaration = &DECLARATION;
            #workers

            #[allow(unused_variables)]
            fn serve(
                module: &::std::sync::Arc<Self>,
                interface: u32,
                incoming: &::backplane_sdk::Incoming<'_>,
            ) -> ::backplane_sdk::Outcome {
                match interface {
                    #(#serve)*
                    other => ::backplane_sdk::Outcome::error(
                        ::backplane_sdk::plugin_api::status::NOT_FOUND,
                        ::std::format!("the module provides no interface number {other}"),
                    ),
                }
            }

            #[allow(unused_variables)]
            fn deliver(
                module: &::std::sync::Arc<Self>,
                subscription: u32,
                incoming: &::backplane_sdk::Incoming<'_>,
            ) -> ::backplane_sdk::Outcome {
                match subscription {
                    #(#deliver)*
                    other => ::backplane_sdk::Outcome::error(
                        ::backplane_sdk::plugin_api::status::NOT_FOUND,
                        ::std::format!("the module has no subscription number {other}"),
                    ),
                }
            }
        }
    }
}

fn manifest(item: &ItemImpl, arguments: &Arguments) -> TokenStream {
    let ty = &item.self_ty;
    let name = arguments
        .name
        .as_ref()
        .map_or_else(|| quote!(env!("CARGO_PKG_NAME")), |name| quote!(#name));
    let docs = docs(&item.attrs);
    let docs = if docs.is_empty() {
        quote!(env!("CARGO_PKG_DESCRIPTION"))
    } else {
        quote!(#docs)
    };
    let provides = arguments.provides.iter().map(|path| {
        let interface = with_suffix(path, "Interface");
        quote!(<#interface as ::backplane_sdk::Interface>::TY)
    });
    let requires = arguments.requires.iter().map(|Required { client, version, optional }| {
        quote!(::backplane_sdk::generated::RequirementTy {
            interface: <#client as ::backplane_sdk::Client>::INTERFACE.id, version: #version, optional: #optional,
        })
    });
    let subscribes = arguments.subscribes.iter().map(|it| {
        let (event, overflow, depth) = (&it.event, &it.overflow, it.depth);
        let interface = quote!(<#event as ::backplane_sdk::EventSpec>::INTERFACE);
        let version = it
            .version
            .as_ref()
            .map_or_else(|| quote!(#interface.version), |version| quote!(#version));
        quote!(::backplane_sdk::generated::SubscriptionTy {
            interface: #interface.id, version: #version, event: <#event as ::backplane_sdk::EventSpec>::NAME,
            overflow: #overflow, depth: #depth,
        })
    });
    let state = match &arguments.state {
        Some(State { version, reads }) => {
            quote!(Some(::backplane_sdk::generated::StateTy { version: #version, reads: &[#(#reads),*] }))
        }
        None => quote!(None),
    };
    let (exclusive, clean_unload) = (&arguments.exclusive, arguments.clean_unload);
    quote! {
        ::backplane_sdk::generated::ManifestTy {
            name: #name, version: env!("CARGO_PKG_VERSION"), docs: #docs, license: env!("CARGO_PKG_LICENSE"),
            provides: &[#(#provides),*], requires: &[#(#requires),*], subscribes: &[#(#subscribes),*],
            config: &<<#ty as ::backplane_sdk::Module>::Config as ::backplane_sdk::Value>::TY,
            state: #state, exclusive: &[#(#exclusive),*], clean_unload: #clean_unload,
        }
    }
}

/// The manifest in its section, what the module is to the SDK, and the entry symbol. A module that is linked in does
/// without the symbol: of several in one program it would be the same.
fn entry(item: &ItemImpl, linked: bool, plug: &TokenStream) -> TokenStream {
    let ty = &item.self_ty;
    let symbol = (!linked).then(|| {
        quote! {
            /// The entry of the plugin.
            #[cfg(not(feature = "linked"))]
            #[unsafe(no_mangle)]
            pub extern "C" fn backplane_plugin_v1(
                _host_abi: u32,
            ) -> *const ::backplane_sdk::generated::PluginDeclaration {
                &raw const DECLARATION
            }
        }
    });
    quote! {
        #[allow(long_running_const_eval, unexpected_cfgs, unreachable_pub)]
        const _: () = {
            const MANIFEST: ::backplane_sdk::generated::ManifestTy = <#ty as ::backplane_sdk::Plug>::MANIFEST;
            const LEN: usize = ::backplane_sdk::generated::rendered_len(&MANIFEST);

            #[used]
            #[cfg_attr(not(target_vendor = "apple"), unsafe(link_section = ".backplane"))]
            #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__DATA,__backplane"))]
            static JSON: [u8; LEN] = ::backplane_sdk::generated::render(&MANIFEST);

            static LAYOUT: ::backplane_sdk::generated::LayoutRecord =
                ::backplane_sdk::generated::LayoutRecord::of::<::backplane_sdk::generated::AbiTables>();

            static DECLARATION: ::backplane_sdk::generated::PluginDeclaration =
                ::backplane_sdk::generated::declaration::<#ty>(&JSON, &LAYOUT);

            #symbol

            #plug
        };
    }
}
