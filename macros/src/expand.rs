//! Generates what stands beside a handler.
//!
//! No type of the handler is named in generated code: each is inferred from the call, so that a
//! mistake has one place to be reported at, and aliases and elided lifetimes need no understanding.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Attribute, FnArg, Pat, PatType, ReturnType, Type};

use crate::args;
use crate::errors::Errors;
use crate::item::{Item, cfgs, head};
use crate::paths::{Paths, plain};
use crate::slot::Slot;
use crate::validate::validate;

/// Expands `#[on_…(args)] item`.
pub(crate) fn handler(slot: Slot, args: TokenStream, item: TokenStream) -> TokenStream {
    let mut options = Errors::default();
    let args::Options { paths, unordered } = args::parse(args, slot, &mut options);
    let parsed: Item = match syn::parse2(item.clone()) {
        Ok(parsed) => parsed,
        Err(error) => return unreadable(slot, item, &error, options),
    };
    let name = plain(&parsed.sig.ident);
    let mut errors = Errors::with_help(slot.expected(&name));
    validate(&parsed, slot, &mut errors);

    let body = if errors.is_empty() {
        Call::new(&parsed, slot, &paths).body()
    } else {
        quote!(loop {})
    };
    let errors = {
        let mut all = options.into_tokens();
        all.extend(errors.into_tokens());
        all
    };
    let function = parsed.repaired();
    if takes_self(&parsed) {
        // In an `impl` no type can stand beside the function.
        return quote!(#function #errors);
    }
    let beside = beside(&parsed, slot, unordered, &paths, &body);
    quote! {
        #[allow(clippy::unused_async)]
        #function
        #beside
        #errors
    }
}

/// The type of the function's name, and what it can do. A type and not a module: it works inside
/// function bodies, and sees what they see.
///
/// Input: `pub async fn talk(…) -> … { … }`. Output:
/// ```text
/// pub enum talk {}
/// impl Handler for talk { type Slot = OnMessage; const NAME = "talk"; <UNORDERED>; fn call(phase) { <uses>; <body> } }
/// impl talk { pub fn entry() -> Entry { … }  pub async fn main_handler(event, context) -> String { … } }
/// ```
/// The handler is used by `call` alone, and `call` by who lists the type or calls one of its functions: so a private
/// handler that nobody lists is an unused function to rustc. Its functions are used by `call` in turn, or they would be
/// unused in an application that only lists it. (`#[allow(dead_code)]` would make all of it used.) The type's name
/// stands where the function's does, but counts as generated: one warning is enough.
fn beside(
    item: &Item,
    slot: Slot,
    unordered: bool,
    paths: &Paths,
    body: &TokenStream,
) -> TokenStream {
    let private = paths.private();
    let (vis, name, marker) = (&item.vis, &item.sig.ident, slot.marker());
    let text = plain(name);
    let mut generated = name.clone();
    generated.set_span(name.span().resolved_at(Span::call_site()));
    let cfgs: Vec<&Attribute> = cfgs(&item.attrs).collect();
    // The trait says no by itself.
    let unordered = unordered.then(|| {
        quote!(
            const UNORDERED: bool = true;
        )
    });
    quote! {
        #(#cfgs)*
        #[doc(hidden)]
        #[allow(non_camel_case_types)]
        #vis enum #generated {}

        #(#cfgs)*
        #[automatically_derived]
        #[allow(deprecated, unused_mut)]
        impl #private::Handler for #name {
            type Slot = #private::#marker;
            const NAME: &'static str = #text;
            #unordered
            fn call(__phase: #private::Phase<'_, #private::#marker>) -> #private::BoxFuture<'_, #private::Reply> {
                let _ = (Self::entry, Self::main_handler);
                #body
            }
        }

        #(#cfgs)*
        #[automatically_derived]
        impl #name {
            #[doc(hidden)]
            pub fn entry() -> #private::Entry {
                #private::entry::<Self>()
            }
            #[doc(hidden)]
            pub async fn main_handler(__event: &str, __context: &#private::Context) -> #private::String {
                static __APP: #private::Alone = #private::Alone::new();
                #private::alone(&__APP, Self::entry, __event, __context).await
            }
        }
    }
}

/// What `Handler::call` does, gathered argument by argument.
struct Call<'i> {
    item: &'i Item,
    private: TokenStream,
    marker: Ident,
    /// Asks each type what it needs and how to make a value of it: set-up, and every type error.
    asks: TokenStream,
    /// Makes the values, strictly one after the other.
    lets: TokenStream,
    /// Hands them over.
    uses: TokenStream,
}

impl<'i> Call<'i> {
    fn new(item: &'i Item, slot: Slot, paths: &Paths) -> Self {
        Self {
            item,
            private: paths.private(),
            marker: slot.marker(),
            asks: TokenStream::new(),
            lets: TokenStream::new(),
            uses: TokenStream::new(),
        }
    }

    /// Input: `async fn talk(id: &ConnectionId) -> Result<()>`. Output, with `P` for `wsfn::__private`
    /// and `_` for `<() as P::Inferred>::Type<_>`:
    /// ```text
    /// enum __Call {}
    /// impl __Call {
    ///     async fn talk(mut __phase: P::Phase<'_, P::OnMessage>) -> P::Reply {
    ///         let __arg0 = <_ as P::FromEvent<'_, P::OnMessage>>::__argument(&mut __phase);
    ///         let __reply = <_ as P::IntoReply<P::OnMessage>>::__reply(&mut __phase);
    ///         let P::Phase::Event(__event) = __phase else { return P::prepared(); };
    ///         let __arg0 = match __arg0(__event).await { P::Ok(v) => v, P::Err(r) => return P::rejected("id", r) };
    ///         __reply(talk(__arg0).await)
    ///     }
    /// }
    /// P::boxed(__Call::talk(__phase))
    /// ```
    fn body(mut self) -> TokenStream {
        for (index, argument) in self.item.sig.inputs.iter().enumerate() {
            // `validate` has refused `self`.
            if let FnArg::Typed(argument) = argument {
                self.argument(index, argument);
            }
        }
        let reply = self.reply();
        let Self {
            private,
            marker,
            asks,
            lets,
            ..
        } = &self;
        let name = &self.item.sig.ident;
        // rustc calls a future that is not `Send` by the outermost `async fn`: so this one has the
        // handler's name. It is a method, because a function would hide the handler. The call of
        // `boxed`, the only place that asks for `Send`, stands at the name too.
        let at_name = name.span().resolved_at(Span::call_site());
        let boxed = Ident::new("boxed", at_name);
        let phase = Ident::new("__phase", Span::call_site());
        let call = quote_spanned!(at_name=> __Call::#name(#phase));
        quote! {
            enum __Call {}
            impl __Call {
                async fn #name(mut __phase: #private::Phase<'_, #private::#marker>) -> #private::Reply {
                    #asks
                    let #private::Phase::Event(__event) = __phase else {
                        return #private::prepared();
                    };
                    #lets
                    #reply
                }
            }
            #private::#boxed(#call)
        }
    }

    /// One argument; its `#[cfg]`s stand at each of the three places.
    fn argument(&mut self, index: usize, argument: &PatType) {
        let (private, marker) = (&self.private, &self.marker);
        let cfgs: Vec<&Attribute> = cfgs(&argument.attrs).collect();
        let local = format_ident!("__arg{index}");
        let shown = shown(&argument.pat);
        let ask = ask(
            argument.ty.to_token_stream(),
            private,
            &quote!(FromEvent<'_, #private::#marker>),
            "__argument",
        );
        self.asks.extend(quote!(#(#cfgs)* let #local = #ask;));
        self.lets.extend(quote! {
            #(#cfgs)*
            let #local = match #local(__event).await {
                #private::Ok(__value) => __value,
                #private::Err(__rejection) => return #private::rejected(#shown, __rejection),
            };
        });
        self.uses.extend(quote!(#(#cfgs)* #local,));
    }

    /// The call of the handler, made a reply; one that never returns has none to make.
    fn reply(&mut self) -> TokenStream {
        let (private, marker, uses) = (&self.private, &self.marker, &self.uses);
        let name = &self.item.sig.ident;
        let call = quote_spanned!(name.span()=> #name(#uses).await);
        let ty = match &self.item.sig.output {
            ReturnType::Default => TokenStream::new(),
            ReturnType::Type(_, ty) if matches!(**ty, Type::Never(_)) => return call,
            ReturnType::Type(_, ty) => ty.to_token_stream(),
        };
        let ask = ask(
            ty,
            private,
            &quote!(IntoReply<#private::#marker>),
            "__reply",
        );
        self.asks.extend(quote!(let __reply = #ask;));
        quote!(__reply(#call))
    }
}

/// `<_ as bound>::function(&mut __phase)`: asks a type without naming it.
///
/// rustc underlines the `_` when something is wrong with what it infers. So it is written as a type
/// of many tokens, `<() as Inferred>::Type<_>`, whose first and last stand where those of the
/// written type do: the whole of it is underlined.
fn ask(ty: TokenStream, private: &TokenStream, bound: &TokenStream, function: &str) -> TokenStream {
    let (first, last) = ends(ty).unwrap_or_else(|| (Span::call_site(), Span::call_site()));
    let (open, close) = (quote_spanned!(first=> <), quote_spanned!(last=> >));
    let function = Ident::new(function, Span::call_site());
    let inferred = quote!(#open () as #private::Inferred>::Type<_ #close);
    quote!(<#inferred as #private::#bound>::#function(&mut __phase))
}

/// Where the first and the last token stand. What a `macro_rules!` passes on as `$ty` is a group
/// without delimiters: inside it are the tokens as they were written, around it the `$ty`.
fn ends(tokens: TokenStream) -> Option<(Span, Span)> {
    tokens
        .into_iter()
        .filter_map(|token| match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => ends(group.stream()),
            token => Some((token.span(), token.span())),
        })
        .reduce(|(first, _), (_, last)| (first, last))
}

/// What a rejected argument is called: its name, or its pattern where it has none.
fn shown(pat: &Pat) -> String {
    match pat {
        Pat::Ident(pat) => plain(&pat.ident),
        pat => pat.to_token_stream().to_string().replace(" (", "("),
    }
}

fn takes_self(item: &Item) -> bool {
    matches!(item.sig.inputs.first(), Some(FnArg::Receiver(_)))
}

/// The answer to something that is no function, or one that not even the parser understands.
fn unreadable(
    slot: Slot,
    item: TokenStream,
    error: &syn::Error,
    mut errors: Errors,
) -> TokenStream {
    let head = head(item.clone());
    let function = |token| matches!(token, TokenTree::Ident(word) if word == "fn");
    if head.clone().into_iter().any(function) {
        errors.plain(error);
    } else {
        let text = format!(
            "`#[{}]` goes on an `async fn`, and on nothing else\n{}",
            slot.attribute(),
            slot.expected("name")
        );
        errors = Errors::default();
        errors.at(head, &text);
    }
    let mut out = item;
    out.extend(errors.into_tokens());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(item: TokenStream) -> String {
        handler(Slot::Message, TokenStream::new(), item).to_string()
    }

    #[test]
    fn the_function_comes_out_as_it_went_in() {
        let item = quote! {
            /// Talks.
            pub async fn talk(id: &ConnectionId, Json(n): Json<u8>) -> Result<()> { let = ! }
        };
        let out = expanded(item.clone());
        let start = format!("# [allow (clippy :: unused_async)] {item}");
        assert!(out.starts_with(&start), "{out}");
        assert_eq!(out.matches("compile_error").count(), 0);
    }

    #[test]
    fn no_written_type_is_repeated() {
        let out = expanded(quote!(
            async fn talk(a: Alpha, b: &Beta) -> Gamma {}
        ));
        for ty in ["Alpha", "Beta", "Gamma"] {
            assert_eq!(out.matches(ty).count(), 1, "{ty} in {out}");
        }
    }

    #[test]
    fn a_wrong_signature_keeps_the_function_and_its_type() {
        let out = expanded(quote!(
            fn talk<T>(a: T) {}
        ));
        assert!(out.contains("fn talk < T > (a : T) { }"), "{out}");
        assert!(out.contains("enum talk { }"), "{out}");
        assert!(out.contains("loop { }"), "{out}");
        assert_eq!(out.matches("compile_error").count(), 2);
        assert_eq!(out.matches("help:").count(), 1);
    }

    #[test]
    fn a_method_stays_alone_with_its_error() {
        let out = expanded(quote!(
            async fn talk(&self) {}
        ));
        assert!(!out.contains("enum"), "{out}");
        assert_eq!(out.matches("compile_error").count(), 1);
    }

    #[test]
    fn something_else_keeps_its_place() {
        let out = expanded(quote!(
            struct Talk {
                id: u8,
            }
        ));
        assert!(out.starts_with("struct Talk"), "{out}");
        assert!(out.contains("goes on an `async fn`"), "{out}");
    }

    #[test]
    fn a_wrong_option_is_reported_beside_a_wrong_signature() {
        let out = handler(
            Slot::Close,
            quote!(room = 1),
            quote!(
                fn bye() {}
            ),
        )
        .to_string();
        assert_eq!(out.matches("compile_error").count(), 2);
    }

    #[test]
    fn cfgs_follow_the_function_and_its_arguments() {
        let out = expanded(quote! {
            #[cfg(unix)]
            async fn talk(#[cfg(windows)] a: A, b: B) {}
        });
        assert_eq!(out.matches("cfg (unix)").count(), 4, "{out}");
        // In the function, and where it is asked, made and handed over.
        assert_eq!(out.matches("cfg (windows)").count(), 4, "{out}");
    }

    #[test]
    fn a_handler_that_never_returns_is_not_asked_for_a_reply() {
        assert!(
            !expanded(quote!(
                async fn talk() -> ! {}
            ))
            .contains("__reply")
        );
        assert!(
            expanded(quote!(
                async fn talk() {}
            ))
            .contains("__reply")
        );
    }

    #[test]
    fn an_argument_is_named_as_people_would() {
        for (item, name) in [
            (
                quote!(
                    async fn talk(mut id: Id) {}
                ),
                "\"id\"",
            ),
            (
                quote!(
                    async fn talk(r#type: Id) {}
                ),
                "\"type\"",
            ),
            (
                quote!(
                    async fn talk(Json(n): Json<u8>) {}
                ),
                "\"Json(n)\"",
            ),
        ] {
            let out = expanded(item);
            assert!(out.contains(name), "{out}");
        }
    }
}
