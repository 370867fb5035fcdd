//! What can be said about a handler without knowing types. What needs them is rustc's, through the
//! traits of `wsfn`.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{FnArg, GenericParam, Type};

use crate::errors::Errors;
use crate::item::Item;
use crate::slot::Slot;

/// Reports every rule that the signature breaks, each in one sentence that says what to write.
pub(crate) fn validate(item: &Item, slot: Slot, errors: &mut Errors) {
    for (other, which) in item.other_slots() {
        let (one, two) = (slot.attribute(), which.attribute());
        let text = if slot == which {
            format!("`#[{one}]` stands here twice: remove one")
        } else {
            format!(
                "a handler is for one event, not for `#[{one}]` and `#[{two}]`: write a function for each"
            )
        };
        errors.plain(&syn::Error::new_spanned(other, text));
    }
    qualifiers(item, errors);
    generics(item, errors);
    for argument in &item.sig.inputs {
        self::argument(argument, slot, errors);
    }
}

fn qualifiers(item: &Item, errors: &mut Errors) {
    let sig = &item.sig;
    if let Some(constness) = &sig.constness {
        errors.at(
            constness.to_token_stream(),
            "a handler cannot be `const`, it runs when an event comes: write `async fn`",
        );
    } else if sig.asyncness.is_none() {
        errors.at(
            sig.fn_token.to_token_stream(),
            "a handler must be an `async fn`",
        );
    }
    let safety = sig.safety.to_token_stream();
    if !safety.is_empty() {
        errors.at(
            safety,
            "a handler cannot be `unsafe`: remove it and put an `unsafe` block into the body",
        );
    }
    if let Some(abi) = &sig.abi {
        errors.at(
            abi.to_token_stream(),
            "a handler cannot be `extern`: only the framework calls it, so remove the ABI",
        );
    }
}

fn generics(item: &Item, errors: &mut Errors) {
    let generics = &item.sig.generics;
    let free = |param: &GenericParam| !matches!(param, GenericParam::Lifetime(_));
    if generics.params.iter().any(free) {
        errors.at(
            generics.to_token_stream(),
            "a handler cannot be generic: nobody says which types to call it with, so write them",
        );
    } else if let Some(clause) = &generics.where_clause {
        errors.at(
            clause.to_token_stream(),
            "a handler cannot have a `where` clause: it has no types to ask something of, so remove it",
        );
    }
}

fn argument(argument: &FnArg, slot: Slot, errors: &mut Errors) {
    let argument = match argument {
        FnArg::Receiver(receiver) => {
            let attribute = slot.attribute();
            let text = format!(
                "a handler cannot take `self`: put `#[{attribute}]` on a function outside of any `impl`, \
                 and take what it needs as `&T` where `T` implements `State`"
            );
            return errors.at(receiver.to_token_stream(), &text);
        }
        FnArg::Typed(argument) => argument,
    };
    if let Some(found) = impl_trait(argument.ty.to_token_stream()) {
        let whole = match &*argument.ty {
            Type::ImplTrait(_) => argument.ty.to_token_stream(),
            _ => found,
        };
        return errors.at(
            whole,
            "an argument of a handler needs a concrete type instead of `impl Trait`",
        );
    }
    if let Type::Reference(reference) = &*argument.ty
        && reference.mutability.is_some()
    {
        errors.at(
            reference.to_token_stream(),
            "an argument of a handler cannot be `&mut`, since other events share it: take `&T` with a \
             `Mutex` inside, or the value itself",
        );
    }
}

/// The keyword of an `impl Trait` anywhere in a type: `Json<impl Trait>` is generic too.
fn impl_trait(ty: TokenStream) -> Option<TokenStream> {
    ty.into_iter().find_map(|token| match token {
        TokenTree::Group(group) => impl_trait(group.stream()),
        TokenTree::Ident(ident) if ident == "impl" => Some(ident.to_token_stream()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    fn errors(item: TokenStream) -> Vec<String> {
        let item: Item = syn::parse2(item).expect("a function");
        let mut errors = Errors::default();
        validate(&item, Slot::Message, &mut errors);
        let file: syn::File = syn::parse2(errors.into_tokens()).expect("items");
        file.items
            .iter()
            .map(|item| match item {
                syn::Item::Macro(error) => error.mac.tokens.to_string(),
                other => panic!("not an error: {}", other.to_token_stream()),
            })
            .collect()
    }

    #[test]
    fn a_handler_breaks_no_rule() {
        for item in [
            quote!(
                async fn talk() {}
            ),
            quote!(
                pub async fn talk<'a>(
                    id: &'a ConnectionId,
                    Json(a): Json<In<'_>>,
                ) -> Result<&'a str> {
                }
            ),
            quote!(
                pub async fn talk() -> impl IntoReply<OnMessage> {}
            ),
        ] {
            assert_eq!(errors(item), [] as [&str; 0]);
        }
    }

    #[test]
    fn each_rule_is_one_error() {
        for (item, text) in [
            (
                quote!(
                    fn a() {}
                ),
                "`async fn`",
            ),
            (
                quote!(
                    async unsafe fn a() {}
                ),
                "`unsafe`",
            ),
            (
                quote!(
                    const async fn a() {}
                ),
                "`const`",
            ),
            (
                quote!(
                    async extern "C" fn a() {}
                ),
                "`extern`",
            ),
            (
                quote!(
                    async fn a<T>(t: Json<T>) {}
                ),
                "generic",
            ),
            (
                quote!(
                    async fn a<const N: usize>() {}
                ),
                "generic",
            ),
            (
                quote!(
                    async fn a()
                    where
                        u8: Copy,
                    {
                    }
                ),
                "`where`",
            ),
            (
                quote!(
                    async fn a(&self) {}
                ),
                "`self`",
            ),
            (
                quote!(
                    async fn a(self: Arc<Self>) {}
                ),
                "`self`",
            ),
            (
                quote!(
                    async fn a(b: impl Copy) {}
                ),
                "`impl Trait`",
            ),
            (
                quote!(
                    async fn a(b: Json<impl Copy>) {}
                ),
                "`impl Trait`",
            ),
            (
                quote!(
                    async fn a(b: &mut Rooms) {}
                ),
                "`&mut`",
            ),
            (
                quote!(
                    #[on_close]
                    async fn a() {}
                ),
                "one event",
            ),
            (
                quote!(
                    #[on_message]
                    async fn a() {}
                ),
                "twice",
            ),
        ] {
            let errors = errors(item.clone());
            assert_eq!(errors.len(), 1, "{item}: {errors:?}");
            assert!(errors[0].contains(text), "{item}: {errors:?}");
        }
    }

    #[test]
    fn all_broken_rules_are_reported_at_once() {
        assert_eq!(
            errors(quote!(
                unsafe fn a<T>(&self, b: &mut T) {}
            ))
            .len(),
            5
        );
    }
}
