//! What can stand between the parentheses of an attribute: `crate = path`, for messages `unordered`, and nothing else.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Path, Token, token};

use crate::errors::Errors;
use crate::paths::Paths;
use crate::slot::Slot;

/// The word that lets messages of one connection overlap.
const UNORDERED: &str = "unordered";

/// What an attribute says.
pub(crate) struct Options {
    pub(crate) paths: Paths,
    /// The next message of a connection may come while one is handled.
    pub(crate) unordered: bool,
}

/// Reads the arguments of `#[attribute(…)]`. Where they are wrong the defaults are used, so that the
/// rest of the handler is looked at too.
pub(crate) fn parse(args: TokenStream, slot: Slot, errors: &mut Errors) -> Options {
    let parser = |input: ParseStream<'_>| options(input, slot).inspect_err(|_| drain(input));
    let (path, unordered) = parser.parse2(args).unwrap_or_else(|error| {
        errors.plain(&error);
        Default::default()
    });
    Options {
        paths: Paths::new(path.as_ref()),
        unordered,
    }
}

fn options(input: ParseStream<'_>, slot: Slot) -> syn::Result<(Option<Path>, bool)> {
    let attribute = slot.attribute();
    let takes = match slot {
        Slot::Message => {
            format!("`#[{attribute}]` takes only `unordered` and `crate = path::to::wsfn`")
        }
        Slot::Connect | Slot::Close => {
            format!("`#[{attribute}]` takes only `crate = path::to::wsfn`")
        }
    };
    let (mut place, mut is_unordered) = (None, false);
    while !input.is_empty() {
        let word = input.fork().parse::<Ident>().ok();
        if word.is_some_and(|word| word == UNORDERED) {
            let word = unordered(input, slot)?;
            if std::mem::replace(&mut is_unordered, true) {
                let text = "`unordered` stands here twice: remove one";
                return Err(syn::Error::new_spanned(word, text));
            }
        } else {
            let found = krate(input, &takes)?;
            if place.is_some() {
                let text = "`crate = …` stands here twice: remove one";
                return Err(syn::Error::new_spanned(found, text));
            }
            place = Some(found);
        }
        if input.is_empty() {
            break;
        }
        if !input.peek(Token![,]) {
            let found: TokenTree = input.parse()?;
            let text = format!("options have a comma between them: write one before `{found}`");
            return Err(syn::Error::new_spanned(found, text));
        }
        input.parse::<Token![,]>()?;
    }
    Ok((place, is_unordered))
}

/// `unordered`, of messages only and without a value.
fn unordered(input: ParseStream<'_>, slot: Slot) -> syn::Result<Ident> {
    let word: Ident = input.parse()?;
    let event = match slot {
        Slot::Message => {
            if input.peek(Token![=]) || input.peek(token::Paren) {
                let text = "`unordered` takes no value: write `#[on_message(unordered)]`";
                return Err(syn::Error::new_spanned(input.parse::<TokenStream>()?, text));
            }
            return Ok(word);
        }
        Slot::Connect => "connect",
        Slot::Close => "close",
    };
    let text = format!(
        "`unordered` is for `#[on_message]`: a connection has one {event} event, so remove it"
    );
    Err(syn::Error::new_spanned(word, text))
}

/// Whether `crate = …` comes next, and not a path like `crate::handlers::talk`.
pub(crate) fn peek_krate(input: ParseStream<'_>) -> bool {
    input.peek(Token![crate]) && !input.peek2(Token![::])
}

/// `crate = path`. A string is refused: a path is completed and checked while it is typed. `takes` says what may stand
/// there.
pub(crate) fn krate(input: ParseStream<'_>, takes: &str) -> syn::Result<Path> {
    if !input.peek(Token![crate]) {
        let found: TokenTree = input.parse()?;
        drain(input);
        let text = format!("unknown option `{found}`: {takes}");
        return Err(syn::Error::new_spanned(found, text));
    }
    let key: Token![crate] = input.parse()?;
    if !input.peek(Token![=]) {
        drain(input);
        return Err(syn::Error::new_spanned(
            key,
            "`crate` needs a path: write `crate = path::to::wsfn`",
        ));
    }
    let _: Token![=] = input.parse()?;
    if let Ok(text) = input.fork().parse::<syn::LitStr>() {
        drain(input);
        let path = text.value();
        return Err(syn::Error::new_spanned(
            text,
            format!("`crate` takes a path, not a string: write `crate = {path}`"),
        ));
    }
    input.call(Path::parse_mod_style).map_err(|error| {
        drain(input);
        let text = "`crate` needs a path: write `crate = path::to::wsfn`";
        syn::Error::new(error.span(), text)
    })
}

/// Takes the rest: a parser that leaves some adds an error of its own.
pub(crate) fn drain(input: ParseStream<'_>) {
    let _: syn::Result<TokenStream> = input.parse();
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    fn parsed(slot: Slot, args: TokenStream) -> (String, bool, String) {
        let mut errors = Errors::default();
        let Options { paths, unordered } = parse(args, slot, &mut errors);
        let errors = errors.into_tokens().to_string();
        (paths.krate().to_string(), unordered, errors)
    }

    #[test]
    fn a_path_is_taken() {
        for args in [quote!(crate = a::b), quote!(crate = a::b,)] {
            for slot in Slot::ALL {
                let expected = ("a :: b".to_owned(), false, String::new());
                assert_eq!(parsed(slot, args.clone()), expected);
            }
        }
        let expected = (":: wsfn".to_owned(), false, String::new());
        assert_eq!(parsed(Slot::Message, quote!()), expected);
        assert_eq!(parsed(Slot::Message, quote!(crate = crate)).0, "crate");
    }

    #[test]
    fn messages_may_be_unordered() {
        for (args, krate) in [
            (quote!(unordered), ":: wsfn"),
            (quote!(unordered,), ":: wsfn"),
            (quote!(unordered, crate = a), "a"),
            (quote!(crate = a, unordered), "a"),
        ] {
            let expected = (krate.to_owned(), true, String::new());
            assert_eq!(parsed(Slot::Message, args), expected);
        }
    }

    #[test]
    fn everything_else_is_one_error_and_the_default() {
        use Slot::{Close, Connect, Message};
        for (slot, args, text) in [
            (Message, quote!(room = "a"), "unknown option `room`"),
            (Message, quote!(ordered), "takes only `unordered` and"),
            (
                Message,
                quote!("unordered"),
                "unknown option `\\\"unordered",
            ),
            (Connect, quote!(room), "`#[on_connect]` takes only `crate"),
            (Message, quote!(crate), "`crate` needs a path"),
            (Message, quote!(crate = ), "`crate` needs a path"),
            (Message, quote!(crate = "a::b"), "write `crate = a::b`"),
            (
                Message,
                quote!(crate = a, crate = b),
                "`crate = …` stands here twice",
            ),
            (
                Message,
                quote!(unordered, unordered),
                "`unordered` stands here twice",
            ),
            (
                Message,
                quote!(unordered = true),
                "`unordered` takes no value",
            ),
            (Message, quote!(unordered(8)), "`unordered` takes no value"),
            (
                Message,
                quote!(unordered crate = a),
                "write one before `crate`",
            ),
            (
                Message,
                quote!(crate = a unordered),
                "write one before `unordered`",
            ),
            (Message, quote!(, unordered), "unknown option `,`"),
            (
                Connect,
                quote!(unordered),
                "a connection has one connect event",
            ),
            (
                Close,
                quote!(crate = a, unordered),
                "a connection has one close event",
            ),
        ] {
            let (krate, unordered, errors) = parsed(slot, args);
            assert_eq!((&*krate, unordered), (":: wsfn", false));
            assert_eq!(errors.matches("compile_error").count(), 1, "{errors}");
            assert!(errors.contains(text), "{errors}");
        }
    }
}
