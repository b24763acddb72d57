//! `#[record]`

use crate::docs::{docs, snake_case, take_default};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{Data, DeriveInput, Fields, FieldsNamed, Type, Variant};

pub(crate) fn expand(item: TokenStream) -> syn::Result<TokenStream> {
    let mut input: DeriveInput = syn::parse2(item)?;
    if !input.generics.params.is_empty() {
        let text = "a type that crosses an interface has no parameters";
        return Err(syn::Error::new_spanned(&input.generics, text));
    }
    let name = input.ident.clone();
    let (text, docs) = (name.to_string(), docs(&input.attrs));
    let mut beside = Vec::new();
    let mut rename = None;
    let ty = match &mut input.data {
        Data::Struct(data) => match &mut data.fields {
            Fields::Named(fields) => {
                let parts = fields_of(&name, fields, &mut beside)?;
                named("Record", &text, &docs, &parts)
            }
            Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                let inner = &fields.unnamed[0].ty;
                beside.push(not_unit(inner, &format!("{name} wraps (), which says nothing")));
                quote!(<#inner as ::backplane_sdk::Value>::TY)
            }
            other => {
                return Err(syn::Error::new_spanned(
                    other,
                    "name the fields, or wrap exactly one type",
                ));
            }
        },
        Data::Enum(data) => {
            rename = Some(quote!(, rename_all = "snake_case", rename_all_fields = "snake_case"));
            if data.variants.iter().all(|it| matches!(it.fields, Fields::Unit)) {
                let cases: Vec<_> = data.variants.iter().map(enum_case).collect();
                named("Enum", &text, &docs, &cases)
            } else {
                let cases = data
                    .variants
                    .iter_mut()
                    .map(|it| union_case(&name, it, &mut beside));
                named("Union", &text, &docs, &cases.collect::<syn::Result<Vec<_>>>()?)
            }
        }
        Data::Union(_) => return Err(syn::Error::new_spanned(name, "a union cannot cross an interface")),
    };
    Ok(quote! {
        #[derive(::backplane_sdk::generated::serde::Serialize, ::backplane_sdk::generated::serde::Deserialize)]
        #[serde(crate = "::backplane_sdk::generated::serde" #rename)]
        #input

        #(#beside)*

        impl ::backplane_sdk::Value for #name {
            const TY: ::backplane_sdk::generated::Ty = #ty;
        }
    })
}

fn named(kind: &str, name: &str, docs: &str, parts: &[TokenStream]) -> TokenStream {
    let kind = format_ident!("{kind}");
    quote! {
        ::backplane_sdk::generated::Ty::#kind(::backplane_sdk::generated::Named {
            name: #name, docs: #docs, parts: &[#(#parts),*],
        })
    }
}

fn enum_case(variant: &Variant) -> TokenStream {
    let (name, docs) = (snake_case(&variant.ident.to_string()), docs(&variant.attrs));
    quote!(::backplane_sdk::generated::CaseTy { name: #name, docs: #docs })
}

fn union_case(
    owner: &Ident,
    variant: &mut Variant,
    beside: &mut Vec<TokenStream>,
) -> syn::Result<TokenStream> {
    let docs = docs(&variant.attrs);
    let name = snake_case(&variant.ident.to_string());
    let ty = match &mut variant.fields {
        Fields::Unit => quote!(::backplane_sdk::generated::Ty::Plain("unit")),
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            let inner = &fields.unnamed[0].ty;
            let message = format!("the case {name} carries (), which says nothing: leave it out");
            beside.push(not_unit(inner, &message));
            quote!(<#inner as ::backplane_sdk::Value>::TY)
        }
        Fields::Named(fields) => {
            // Two unions of one interface may have a case of the same name.
            let record = format_ident!("{owner}{}", variant.ident);
            let parts = fields_of(&record, fields, beside)?;
            named("Record", &record.to_string(), "", &parts)
        }
        other => {
            return Err(syn::Error::new_spanned(
                other,
                "a case carries nothing, one type or named fields",
            ));
        }
    };
    Ok(field(&name, &docs, &ty, ""))
}

fn fields_of(
    owner: &Ident,
    fields: &mut FieldsNamed,
    beside: &mut Vec<TokenStream>,
) -> syn::Result<Vec<TokenStream>> {
    let mut parts = Vec::new();
    for item in &mut fields.named {
        let Some(ident) = item.ident.clone() else { continue };
        let name = ident.to_string();
        let name = name.strip_prefix("r#").unwrap_or(&name).to_owned();
        let ty = item.ty.clone();
        let mut json = String::new();
        if let Some(default) = take_default(&mut item.attrs)? {
            json = default.json;
            let function = format_ident!("__default_{}_{}", snake_case(&owner.to_string()), name);
            let path = function.to_string();
            item.attrs.push(syn::parse_quote!(#[serde(default = #path)]));
            beside.push(default_function(&function, &ty, &default.make));
        }
        let message = format!("the field {name} is of type (), which says nothing: leave it out");
        beside.push(not_unit(&ty, &message));
        parts.push(field(
            &name,
            &docs(&item.attrs),
            &quote!(<#ty as ::backplane_sdk::Value>::TY),
            &json,
        ));
    }
    Ok(parts)
}

fn default_function(name: &Ident, ty: &Type, make: &TokenStream) -> TokenStream {
    quote! {
        #[doc(hidden)]
        fn #name() -> #ty {
            #make
        }
    }
}

/// Refuses the type `()` with `message`.
pub(crate) fn not_unit(ty: &Type, message: &str) -> TokenStream {
    quote!(const _: () = ::backplane_sdk::generated::not_unit(&<#ty as ::backplane_sdk::Value>::TY, #message);)
}

/// A `FieldTy`; `ty` is an expression of type `Ty`.
pub(crate) fn field(name: &str, docs: &str, ty: &TokenStream, default: &str) -> TokenStream {
    quote!(::backplane_sdk::generated::FieldTy { name: #name, docs: #docs, ty: &#ty, default: #default })
}
