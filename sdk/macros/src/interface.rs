//! `#[interface]`

use crate::docs::{docs, pascal_case, snake_case, take, take_default};
use crate::record::{field, not_unit};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt as _;
use syn::parse::Parser as _;
use syn::{
    Attribute, FnArg, GenericArgument, ItemTrait, LitInt, LitStr, Pat, PathArguments, ReturnType, TraitItem,
    TraitItemFn, Type,
};

/// How long a caller waits who says nothing, in milliseconds.
const DEFAULT_DEADLINE_MS: u32 = 30_000;

struct Method {
    index: u32,
    name: Ident,
    attrs: Vec<Attribute>,
    params: Vec<Param>,
    returns: Type,
    error: Option<Type>,
    inline: bool,
    sensitive: bool,
    deadline_ms: u32,
}

struct Param {
    name: Ident,
    ty: Type,
    default: Option<crate::docs::Default>,
    docs: String,
}

struct Event {
    index: u32,
    name: Ident,
    attrs: Vec<Attribute>,
    body: Type,
    retained: bool,
}

pub(crate) fn expand(attribute: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let (id, version) = arguments(attribute)?;
    let mut item: ItemTrait = syn::parse2(item)?;
    let (mut methods, mut events) = (Vec::new(), Vec::new());
    for entry in &mut item.items {
        let TraitItem::Fn(function) = entry else {
            return Err(syn::Error::new_spanned(
                entry,
                "an interface has methods and events only",
            ));
        };
        match take(&mut function.attrs, "event") {
            Some(attribute) => events.push(event(events.len() as u32, &attribute, function)?),
            None => methods.push(method(methods.len() as u32, function)?),
        }
    }
    let names = Names::of(&item.ident);
    let parts = [
        trait_item(&item, &methods),
        descriptor(&item, &names, &id, &version, &methods, &events),
        client(&item, &names, &methods),
        server(&item, &names, &methods),
        publisher(&item, &names, &events),
    ];
    Ok(quote!(#(#parts)*))
}

struct Names {
    interface: Ident,
    client: Ident,
    events: Ident,
    event_types: Ident,
}

impl Names {
    fn of(name: &Ident) -> Self {
        Self {
            interface: format_ident!("{name}Interface"),
            client: format_ident!("{name}Client"),
            events: format_ident!("{name}Events"),
            event_types: format_ident!("{}_events", snake_case(&name.to_string())),
        }
    }
}

fn arguments(attribute: TokenStream) -> syn::Result<(String, String)> {
    let (mut id, mut version) = (None, None);
    let parser = syn::meta::parser(|meta| {
        let target = match () {
            () if meta.path.is_ident("id") => &mut id,
            () if meta.path.is_ident("version") => &mut version,
            () => return Err(meta.error("an interface has an id and a version")),
        };
        *target = Some(meta.value()?.parse::<LitStr>()?.value());
        Ok(())
    });
    parser.parse2(attribute)?;
    let missing = |what| {
        syn::Error::new(
            proc_macro2::Span::call_site(),
            format!("the interface needs {what}"),
        )
    };
    Ok((
        id.ok_or_else(|| missing("an id"))?,
        version.ok_or_else(|| missing("a version"))?,
    ))
}

fn event(index: u32, attribute: &Attribute, function: &TraitItemFn) -> syn::Result<Event> {
    let mut retained = false;
    if matches!(attribute.meta, syn::Meta::List(_)) {
        attribute.parse_nested_meta(|meta| {
            retained = meta.path.is_ident("retained");
            if retained {
                Ok(())
            } else {
                Err(meta.error("an event may be `retained`"))
            }
        })?;
    }
    let inputs: Vec<_> = function.sig.inputs.iter().collect();
    let [FnArg::Typed(body)] = inputs[..] else {
        return Err(syn::Error::new_spanned(
            &function.sig,
            "an event has one parameter, and no self",
        ));
    };
    Ok(Event {
        index,
        name: function.sig.ident.clone(),
        attrs: function.attrs.clone(),
        body: (*body.ty).clone(),
        retained,
    })
}

fn method(index: u32, function: &mut TraitItemFn) -> syn::Result<Method> {
    let deadline_ms = match take(&mut function.attrs, "deadline") {
        Some(attribute) => attribute.parse_args::<LitInt>()?.base10_parse()?,
        None => DEFAULT_DEADLINE_MS,
    };
    let sensitive = match take(&mut function.attrs, "sensitive") {
        Some(attribute) => {
            attribute.meta.require_path_only()?;
            true
        }
        None => false,
    };
    if function.sig.receiver().is_none() {
        return Err(syn::Error::new_spanned(
            &function.sig,
            "a method takes &self; an event is marked with #[event]",
        ));
    }
    let mut params = Vec::new();
    for input in &mut function.sig.inputs {
        let FnArg::Typed(input) = input else { continue };
        let Pat::Ident(name) = &*input.pat else {
            return Err(syn::Error::new_spanned(
                &input.pat,
                "a parameter has a plain name",
            ));
        };
        let name = name.ident.clone();
        let default = take_default(&mut input.attrs)?;
        let docs = docs(&input.attrs);
        input.attrs.clear();
        params.push(Param {
            name,
            ty: (*input.ty).clone(),
            default,
            docs,
        });
    }
    let (returns, error) = result_of(&function.sig.output);
    Ok(Method {
        index,
        name: function.sig.ident.clone(),
        attrs: function.attrs.clone(),
        params,
        returns,
        error,
        inline: function.sig.asyncness.is_none(),
        sensitive,
        deadline_ms,
    })
}

/// `Result<T, E>` as `T` and `E`; any other type as itself.
fn result_of(output: &ReturnType) -> (Type, Option<Type>) {
    let ReturnType::Type(_, ty) = output else {
        return (syn::parse_quote!(()), None);
    };
    if let Type::Path(path) = &**ty
        && let Some(last) = path.path.segments.last()
        && last.ident == "Result"
        && let PathArguments::AngleBracketed(arguments) = &last.arguments
    {
        let mut types = arguments.args.iter().filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty.clone()),
            _ => None,
        });
        if let (Some(value), Some(error)) = (types.next(), types.next()) {
            return (value, Some(error));
        }
    }
    ((**ty).clone(), None)
}

fn trait_item(item: &ItemTrait, methods: &[Method]) -> TokenStream {
    let (attrs, vis, name) = (&item.attrs, &item.vis, &item.ident);
    let functions = methods.iter().map(|method| {
        let Method {
            name, attrs, params, ..
        } = method;
        let (names, types) = (params.iter().map(|it| &it.name), params.iter().map(|it| &it.ty));
        let output = output(method);
        let output = if method.inline {
            output
        } else {
            quote!(impl ::core::future::Future<Output = #output> + Send)
        };
        quote!(#(#attrs)* fn #name(&self #(, #names: #types)*) -> #output;)
    });
    quote!(#(#attrs)* #vis trait #name: Send + Sync + 'static { #(#functions)* })
}

fn output(method: &Method) -> TokenStream {
    let returns = &method.returns;
    match &method.error {
        Some(error) => quote!(::core::result::Result<#returns, #error>),
        None => quote!(#returns),
    }
}

fn descriptor(
    item: &ItemTrait,
    names: &Names,
    id: &str,
    version: &str,
    methods: &[Method],
    events: &[Event],
) -> TokenStream {
    let (vis, interface, documentation) = (&item.vis, &names.interface, docs(&item.attrs));
    let about = format!("The interface `{id}` {version} as a type.");
    let ty = |ty: &Type| quote!(<#ty as ::backplane_sdk::Value>::TY);
    let params = methods.iter().flat_map(|method| &method.params);
    let checks = params.map(|param| {
        let message = format!(
            "the parameter {} is of type (), which says nothing: leave it out",
            param.name
        );
        not_unit(&param.ty, &message)
    });
    let methods = methods.iter().map(|method| {
        let (name, docs) = (method.name.unraw().to_string(), docs(&method.attrs));
        let params = method.params.iter().map(|param| {
            let default = param.default.as_ref().map_or("", |it| it.json.as_str());
            field(
                &param.name.unraw().to_string(),
                &param.docs,
                &ty(&param.ty),
                default,
            )
        });
        let returns = ty(&method.returns);
        let error = match &method.error {
            Some(error) => {
                let error = ty(error);
                quote!(Some(&#error))
            }
            None => quote!(None),
        };
        let (inline, sensitive, deadline_ms) = (method.inline, method.sensitive, method.deadline_ms);
        quote!(::backplane_sdk::generated::MethodTy {
            name: #name, docs: #docs, params: &[#(#params),*], returns: &#returns, error: #error,
            inline: #inline, sensitive: #sensitive, deadline_ms: #deadline_ms,
        })
    });
    let events = events.iter().map(|event| {
        let (name, docs) = (event.name.unraw().to_string(), docs(&event.attrs));
        let (body, retained) = (ty(&event.body), event.retained);
        quote!(::backplane_sdk::generated::EventTy { name: #name, docs: #docs, body: &#body, retained: #retained })
    });
    quote! {
        #(#checks)*

        #[doc = #about]
        #[derive(Debug, Clone, Copy)]
        #vis struct #interface;

        impl ::backplane_sdk::Interface for #interface {
            const TY: &'static ::backplane_sdk::generated::InterfaceTy = &::backplane_sdk::generated::InterfaceTy {
                id: #id, version: #version, docs: #documentation,
                methods: &[#(#methods),*], events: &[#(#events),*],
            };
        }
    }
}

fn client(item: &ItemTrait, names: &Names, methods: &[Method]) -> TokenStream {
    let (vis, client, interface) = (&item.vis, &names.client, &names.interface);
    let about = format!("Calls [`{}`] in whichever module provides it.", item.ident);
    let functions = methods.iter().map(client_method);
    quote! {
        #[doc = #about]
        #[derive(Debug, Clone)]
        #vis struct #client(::backplane_sdk::Binding);

        impl ::backplane_sdk::Client for #client {
            const INTERFACE: &'static ::backplane_sdk::generated::InterfaceTy =
                <#interface as ::backplane_sdk::Interface>::TY;

            fn new(binding: ::backplane_sdk::Binding) -> Self {
                Self(binding)
            }

            fn with_deadline(&self, deadline: ::core::time::Duration) -> Self {
                Self(self.0.with_deadline(deadline))
            }
        }

        impl #client { #(#functions)* }
    }
}

fn client_method(method: &Method) -> TokenStream {
    let Method {
        index,
        name,
        attrs,
        params,
        returns,
        ..
    } = method;
    let (keys, types) = (params.iter().map(|it| &it.name), params.iter().map(|it| &it.ty));
    let fields = params.iter().map(|it| &it.name);
    let values = params.iter().map(|it| &it.name);
    let field_types = params.iter().map(|it| &it.ty);
    let lifetime = (!params.is_empty()).then(|| quote!(<'a>));
    let borrow = params.iter().map(|_| quote!(&'a));
    let error = match &method.error {
        Some(error) => quote!(#error),
        None => quote!(::backplane_sdk::NoError),
    };
    quote! {
        #(#attrs)*
        pub fn #name(&self #(, #keys: &#types)*) -> ::backplane_sdk::Calling<#returns, #error> {
            #[derive(::backplane_sdk::generated::serde::Serialize)]
            #[serde(crate = "::backplane_sdk::generated::serde")]
            struct Params #lifetime { #(#fields: #borrow #field_types),* }
            self.0.call(#index, &Params { #(#values),* })
        }
    }
}

fn server(item: &ItemTrait, names: &Names, methods: &[Method]) -> TokenStream {
    let (name, interface) = (&item.ident, &names.interface);
    let arms = methods.iter().map(|method| {
        let Method {
            index,
            name: function,
            params,
            ..
        } = method;
        let fields = params.iter().map(server_field);
        let values: Vec<_> = params.iter().map(|it| &it.name).collect();
        let defaults = params.iter().filter_map(|param| {
            let default = param.default.as_ref()?;
            let (function, ty, make) = (format_ident!("default_{}", param.name), &param.ty, &default.make);
            Some(quote!(fn #function() -> #ty { #make }))
        });
        let answer = match &method.error {
            Some(_) => quote!(::backplane_sdk::Outcome::result(&result)),
            None => quote!(::backplane_sdk::Outcome::value(&result)),
        };
        let serve = if method.inline {
            quote! {
                let result = <T as #name>::#function(module #(, params.#values)*);
                ::backplane_sdk::Outcome::Ready(#answer)
            }
        } else {
            quote! {
                let module = ::std::sync::Arc::clone(module);
                ::backplane_sdk::Outcome::later(async move {
                    let result = <T as #name>::#function(&*module #(, params.#values)*).await;
                    #answer
                })
            }
        };
        quote! {
            #index => {
                #(#defaults)*
                #[derive(::backplane_sdk::generated::serde::Deserialize)]
                #[serde(crate = "::backplane_sdk::generated::serde")]
                struct Params { #(#fields),* }
                #[allow(unused_variables)]
                let params: Params = match incoming.decode() {
                    Ok(params) => params,
                    Err(refusal) => return refusal,
                };
                #serve
            }
        }
    });
    quote! {
        impl<T: #name> ::backplane_sdk::Serve<T> for #interface {
            fn serve(
                module: &::std::sync::Arc<T>,
                incoming: &::backplane_sdk::Incoming<'_>,
            ) -> ::backplane_sdk::Outcome {
                match incoming.method() {
                    #(#arms)*
                    other => ::backplane_sdk::Outcome::no_method(<Self as ::backplane_sdk::Interface>::TY, other),
                }
            }
        }
    }
}

fn server_field(param: &Param) -> TokenStream {
    let (name, ty) = (&param.name, &param.ty);
    let default = param.default.as_ref().map(|_| {
        let path = format!("default_{}", name.unraw());
        quote!(#[serde(default = #path)])
    });
    quote!(#default #name: #ty)
}

fn publisher(item: &ItemTrait, names: &Names, events: &[Event]) -> TokenStream {
    if events.is_empty() {
        return TokenStream::new();
    }
    let (vis, publisher, interface, module) =
        (&item.vis, &names.events, &names.interface, &names.event_types);
    let functions = events.iter().map(|event| {
        let Event { index, name, attrs, body, .. } = event;
        quote! {
            #(#attrs)*
            ///
            /// # Errors
            /// `TIMEOUT` when a subscriber that blocks had no room in time.
            pub async fn #name(&self, body: &#body) -> ::core::result::Result<(), ::backplane_sdk::CallError> {
                self.0.emit(#index, body).await
            }
        }
    });
    let types = events.iter().map(|event| {
        let (attrs, ty) = (&event.attrs, event_type(event));
        quote!(#(#attrs)* #[derive(Debug, Clone, Copy)] pub struct #ty;)
    });
    let specs = events.iter().map(|event| {
        let Event {
            index, name, body, ..
        } = event;
        let (text, ty) = (name.unraw().to_string(), event_type(event));
        quote! {
            impl ::backplane_sdk::EventSpec for #module::#ty {
                type Body = #body;
                const INTERFACE: &'static ::backplane_sdk::generated::InterfaceTy =
                    <#interface as ::backplane_sdk::Interface>::TY;
                const NAME: &'static str = #text;
                const INDEX: u32 = #index;
            }
        }
    });
    let about = format!("Publishes the events of [`{}`].", item.ident);
    let module_about = format!("The events of `{}` as types.", item.ident);
    quote! {
        #[doc = #about]
        #[derive(Debug, Clone)]
        #vis struct #publisher(::backplane_sdk::Emitter);

        impl ::backplane_sdk::Events for #publisher {
            const INTERFACE: &'static ::backplane_sdk::generated::InterfaceTy =
                <#interface as ::backplane_sdk::Interface>::TY;

            fn new(emitter: ::backplane_sdk::Emitter) -> Self {
                Self(emitter)
            }
        }

        impl #publisher { #(#functions)* }

        #[doc = #module_about]
        #vis mod #module {
            #(#types)*
        }

        #(#specs)*
    }
}

fn event_type(event: &Event) -> Ident {
    format_ident!("{}", pascal_case(&event.name.unraw().to_string()))
}
