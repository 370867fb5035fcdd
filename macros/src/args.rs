//! What can stand between the parentheses of an attribute: `crate = path`, and nothing else.

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::{Path, Token};

use crate::errors::Errors;
use crate::paths::Paths;

/// Reads the arguments of `#[attribute(…)]`. Where they are wrong the default is used, so that the
/// rest of the handler is looked at too.
pub(crate) fn parse(args: TokenStream, attribute: &str, errors: &mut Errors) -> Paths {
    if args.is_empty() {
        return Paths::new(None);
    }
    let parser = |input: ParseStream<'_>| {
        let path = krate(input, &format!("`#[{attribute}]`"))?;
        let _: Option<Token![,]> = input.parse()?;
        match input.fork().parse::<TokenTree>().ok() {
            Some(more) => {
                drain(input);
                Err(unknown(&more, &format!("`#[{attribute}]`")))
            }
            None => Ok(path),
        }
    };
    match parser.parse2(args) {
        Ok(path) => Paths::new(Some(&path)),
        Err(error) => {
            errors.plain(&error);
            Paths::new(None)
        }
    }
}

/// Whether `crate = …` comes next, and not a path like `crate::handlers::talk`.
pub(crate) fn peek_krate(input: ParseStream<'_>) -> bool {
    input.peek(Token![crate]) && !input.peek2(Token![::])
}

/// `crate = path`. A string is refused: a path is completed and checked while it is typed.
pub(crate) fn krate(input: ParseStream<'_>, user: &str) -> syn::Result<Path> {
    if !input.peek(Token![crate]) {
        let found: TokenTree = input.parse()?;
        drain(input);
        return Err(unknown(&found, user));
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

fn unknown(found: &TokenTree, user: &str) -> syn::Error {
    let text = format!("unknown option `{found}`: {user} takes only `crate = path::to::wsfn`");
    syn::Error::new_spanned(found, text)
}

/// Takes the rest: a parser that leaves some adds an error of its own.
pub(crate) fn drain(input: ParseStream<'_>) {
    let _: syn::Result<TokenStream> = input.parse();
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    fn parsed(args: TokenStream) -> (String, String) {
        let mut errors = Errors::default();
        let paths = parse(args, "on_message", &mut errors);
        (paths.krate().to_string(), errors.into_tokens().to_string())
    }

    #[test]
    fn a_path_is_taken() {
        for args in [quote!(crate = a::b), quote!(crate = a::b,)] {
            assert_eq!(parsed(args), ("a :: b".to_owned(), String::new()));
        }
        assert_eq!(parsed(quote!()), (":: wsfn".to_owned(), String::new()));
        assert_eq!(parsed(quote!(crate = crate)).0, "crate");
    }

    #[test]
    fn everything_else_is_one_error_and_the_default() {
        for (args, text) in [
            (quote!(room = "a"), "unknown option `room`"),
            (quote!(crate), "`crate` needs a path"),
            (quote!(crate = ), "`crate` needs a path"),
            (quote!(crate = "a::b"), "write `crate = a::b`"),
            (quote!(crate = a, crate = b), "unknown option `crate`"),
        ] {
            let (krate, errors) = parsed(args);
            assert_eq!(krate, ":: wsfn");
            assert_eq!(errors.matches("compile_error").count(), 1, "{errors}");
            assert!(errors.contains(text), "{errors}");
        }
    }
}
