//! `app!` and `main!`: lists of handlers.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Path, Token, token};

use crate::args::{drain, krate, peek_krate};
use crate::errors::Errors;
use crate::paths::{Paths, name, shown};
use crate::slot::Slot;

/// Expands `app![a, b]`, an expression.
///
/// Input: `app![enter, talk]`. Output, with `P` for `wsfn::__private`:
/// ```text
/// {
///     const __LISTED0: P::Listed = <enter as P::Handler>::LISTED;
///     const __LISTED1: P::Listed = <talk as P::Handler>::LISTED;
///     const _: () = <panics when the two are for one event>;
///     P::app([("enter", __LISTED0), ("talk", __LISTED1)])
/// }
/// ```
pub(crate) fn app(list: TokenStream) -> TokenStream {
    let (list, mut errors) = parse(list, "app");
    list.check(&mut errors);
    let private = list.paths.private();
    if !errors.is_empty() {
        let errors = errors.into_tokens();
        return quote!({ #errors #private::app([]) });
    }
    list.application()
}

/// Expands `main!(a, b)`, an item.
///
/// Input: `main!(enter, talk);`. Output:
/// ```text
/// fn main() -> ::wsfn::Result<()> { <app![enter, talk]>.run() }
/// ```
pub(crate) fn main(list: TokenStream) -> TokenStream {
    let (list, mut errors) = parse(list, "main");
    list.check(&mut errors);
    let krate = list.paths.krate();
    if !errors.is_empty() {
        // A `main` all the same: that it is missing would be a second error.
        let errors = errors.into_tokens();
        return quote!(fn main() -> #krate::Result<()> { loop {} } #errors);
    }
    let application = list.application();
    quote!(fn main() -> #krate::Result<()> { #application.run() })
}

/// The handlers of an application, and where `wsfn` is.
struct List {
    handlers: Vec<Path>,
    paths: Paths,
    /// `app` or `main`.
    user: &'static str,
}

/// Reads the list; where it cannot be read, that is the one error and an empty list.
fn parse(list: TokenStream, user: &'static str) -> (List, Errors) {
    let mut errors = Errors::default();
    let parser = |input: ParseStream<'_>| elements(input, user);
    let (handlers, krate) = parser.parse2(list).unwrap_or_else(|error| {
        errors.plain(&error);
        Default::default()
    });
    let paths = Paths::new(krate.as_ref());
    let list = List {
        handlers,
        paths,
        user,
    };
    (list, errors)
}

fn elements(input: ParseStream<'_>, user: &str) -> syn::Result<(Vec<Path>, Option<Path>)> {
    let (mut handlers, mut place) = (Vec::new(), None);
    while !input.is_empty() {
        if peek_krate(input) {
            let found = krate(
                input,
                &format!("`{user}!` takes only `crate = path::to::wsfn`"),
            )?;
            if place.is_some() {
                return Err(syn::Error::new_spanned(
                    found,
                    "`crate = …` stands here twice",
                ));
            }
            place = Some(found);
        } else {
            handlers.push(handler(input)?);
        }
        if input.is_empty() {
            break;
        }
        if !input.peek(Token![,]) {
            return Err(stray(
                input,
                "handlers are listed by their paths, with a comma between them",
            ));
        }
        input.parse::<Token![,]>()?;
    }
    Ok((handlers, place))
}

fn handler(input: ParseStream<'_>) -> syn::Result<Path> {
    let path = input.call(Path::parse_mod_style).map_err(|_| {
        stray(
            input,
            "a handler is listed by its path: `talk` or `handlers::talk`",
        )
    })?;
    let text = if input.peek(token::Paren) {
        let path = shown(&path);
        format!("a handler is listed and not called: write `{path}`")
    } else if input.peek(Token![=]) {
        let path = shown(&path);
        format!("unknown option `{path}`: only `crate = path::to::wsfn` is known")
    } else {
        return Ok(path);
    };
    drain(input);
    Err(syn::Error::new_spanned(path, text))
}

/// An error at what comes next. The rest is taken, since what a parser leaves is an error too.
fn stray(input: ParseStream<'_>, text: &str) -> syn::Error {
    let next: Option<TokenTree> = input.parse().ok();
    drain(input);
    match next {
        Some(token) => syn::Error::new_spanned(token, text),
        None => syn::Error::new(Span::call_site(), text),
    }
}

impl List {
    /// Looks for what needs no types: nothing listed, or two things of one name.
    fn check(&self, errors: &mut Errors) {
        if self.handlers.is_empty() && errors.is_empty() {
            let user = self.user;
            let text = format!(
                "no handlers: list at least one function with `#[on_…]`, as in `wsfn::{user}!(talk)`"
            );
            errors.plain(&syn::Error::new(Span::call_site(), text));
        }
        for (index, second) in self.handlers.iter().enumerate() {
            let same = |first: &&Path| name(first) == name(second);
            let Some(first) = self.handlers[..index].iter().find(same) else {
                continue;
            };
            let (one, two) = (shown(first), shown(second));
            let text = if one == two {
                format!("`{one}` is listed twice: remove one")
            } else {
                let name = name(second);
                format!("two handlers named `{name}`: `{one}` and `{two}`; rename one of them")
            };
            errors.plain(&syn::Error::new_spanned(second, text));
        }
    }

    /// The application, as an expression.
    ///
    /// Each path is written in one place, so that a wrong one is one error; the constants carry what
    /// it is to the other places. The name goes along as it is listed, since `_HANDLER` is compared
    /// with that and an alias may have another. (A `use` of the path would let a function without an
    /// attribute say so itself, but is ambiguous where a handler is called like a dependency.)
    fn application(&self) -> TokenStream {
        let private = self.paths.private();
        let (mut constants, mut list) = (TokenStream::new(), TokenStream::new());
        for (index, path) in self.handlers.iter().enumerate() {
            let constant = format_ident!("__LISTED{index}");
            let name = name(path);
            constants.extend(quote_spanned! {path.span()=>
                const #constant: #private::Listed = <#path as #private::Handler>::LISTED;
            });
            list.extend(quote!((#name, #constant),));
        }
        let clashes = (1..self.handlers.len()).map(|second| self.clashes(second));
        quote!({ #constants #(#clashes)* #private::app([#list]) })
    }

    /// Fails to compile when a handler before the `second` is for the same event.
    ///
    /// Input: `enter, talk`, 1. Output, at `talk`:
    /// ```text
    /// const _: () = {
    ///     if P::same(__LISTED0, __LISTED1) {
    ///         match P::kind(__LISTED1) { P::Kind::Message => P::clash("two functions for …"), … }
    ///     }
    /// };
    /// ```
    /// Not `panic!`: in JSON messages, which editors read, its place is a file of the standard library.
    ///
    /// A constant, because only types say which event a handler is for; one for all that come before,
    /// so that three functions for one event are two errors and not three.
    fn clashes(&self, second: usize) -> TokenStream {
        let private = self.paths.private();
        let path = &self.handlers[second];
        let (two, this) = (shown(path), format_ident!("__LISTED{second}"));
        let pairs = self.handlers[..second].iter().enumerate().map(|(first, path)| {
            let (one, other) = (shown(path), format_ident!("__LISTED{first}"));
            let text = |slot: Slot| {
                let attribute = slot.attribute();
                format!("two functions for one event: `{one}` and `{two}` both have `#[{attribute}]`; list one of them")
            };
            let [connect, message, close] = Slot::ALL.map(text);
            quote! {
                if #private::same(#other, #this) {
                    match #private::kind(#this) {
                        #private::Kind::Connect => #private::clash(#connect),
                        #private::Kind::Message => #private::clash(#message),
                        #private::Kind::Close => #private::clash(#close),
                    }
                }
            }
        });
        let body: TokenStream = pairs.collect();
        respanned(quote!(const _: () = { #body };), path.span())
    }
}

/// The same tokens, all standing at `span`: there the constant that panics is reported.
fn respanned(tokens: TokenStream, span: Span) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut token| {
            if let TokenTree::Group(group) = &token {
                let inner = respanned(group.stream(), span);
                token = TokenTree::Group(Group::new(group.delimiter(), inner));
            }
            token.set_span(span.resolved_at(token.span()));
            token
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(list: TokenStream) -> String {
        let main = main(list.clone()).to_string();
        assert!(main.starts_with("fn main ()"), "{main}");
        let app = app(list).to_string();
        let count = |text: &str| text.matches("compile_error").count();
        assert_eq!(count(&main), count(&app));
        assert!(count(&main) < 2, "{main}");
        main
    }

    #[test]
    fn each_path_is_written_once() {
        let out = main(quote!(enter, m::talk)).to_string();
        assert!(!out.contains("compile_error"), "{out}");
        assert_eq!(out.matches("< m :: talk as").count(), 1);
        assert_eq!(out.matches("m :: talk").count(), 1);
        assert!(out.contains(r#"("talk" , __LISTED1)"#), "{out}");
        assert!(
            out.contains("`enter` and `m::talk` both have `#[on_message]`"),
            "{out}"
        );
    }

    #[test]
    fn the_crate_can_be_elsewhere() {
        for list in [quote!(talk, crate = ws), quote!(crate = ws, talk,)] {
            let out = main(list).to_string();
            assert!(out.starts_with("fn main () -> ws :: Result"), "{out}");
            assert_eq!(out.matches(":: wsfn").count(), 0, "{out}");
        }
        let out = main(quote!(crate::handlers::talk)).to_string();
        assert!(out.contains("< crate :: handlers :: talk as"), "{out}");
    }

    #[test]
    fn each_mistake_is_one_error() {
        for (list, text) in [
            (quote!(), "no handlers"),
            (quote!(crate = ws), "no handlers"),
            (quote!(a, a), "`a` is listed twice"),
            (quote!(a, m::a), "two handlers named `a`: `a` and `m::a`"),
            (quote!(a b), "a comma between them"),
            (quote!("a"), "listed by its path"),
            (quote!(a,, b), "listed by its path"),
            (quote!(a(), b), "not called: write `a`"),
            (quote!(a, room = "b"), "unknown option `room`"),
            (quote!(a, crate = "b"), "not a string"),
            (quote!(a, crate = b, crate = c), "twice"),
        ] {
            let out = errors(list.clone());
            assert!(out.contains(text), "{list}: {out}");
        }
    }
}
