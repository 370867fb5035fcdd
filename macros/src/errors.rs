//! Everything that is wrong with one use of a macro, so that one build reports it all.

use proc_macro2::TokenStream;

/// Collected errors; each becomes a `compile_error!` where the mistake is.
#[derive(Debug, Default)]
pub(crate) struct Errors {
    tokens: TokenStream,
    help: Option<String>,
}

impl Errors {
    /// Adds `help` below the first error: once is enough, however many mistakes a signature has.
    pub(crate) fn with_help(help: String) -> Self {
        Self {
            tokens: TokenStream::new(),
            help: Some(help),
        }
    }

    /// An error that underlines all of `tokens`.
    ///
    /// Not generic: this is called from everywhere and would be compiled as often.
    pub(crate) fn at(&mut self, tokens: TokenStream, text: &str) {
        let text = match self.help.take() {
            Some(help) => format!("{text}\n{help}"),
            None => text.to_owned(),
        };
        self.plain(&syn::Error::new_spanned(tokens, text));
    }

    /// An error that has said everything already: nothing about signatures is added.
    pub(crate) fn plain(&mut self, error: &syn::Error) {
        self.tokens.extend(error.to_compile_error());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    pub(crate) fn into_tokens(self) -> TokenStream {
        self.tokens
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    #[test]
    fn help_is_said_once() {
        let mut errors = Errors::with_help("help: this way".to_owned());
        assert!(errors.is_empty());
        errors.at(quote!(a), "first");
        errors.at(quote!(b), "second");
        let text = errors.into_tokens().to_string();
        assert!(text.contains(r#""first\nhelp: this way""#), "{text}");
        assert!(text.contains(r#""second""#), "{text}");
    }
}
