//! Paths: where `wsfn` is, and how a handler's path is shown and shortened.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Path;

/// The crate that generated code calls: `::wsfn`, or what `crate = path` says.
///
/// `Cargo.toml` is not read to find out about a rename: build systems other than Cargo have none,
/// and in documentation tests it is that of another crate.
#[derive(Debug)]
pub(crate) struct Paths {
    krate: TokenStream,
}

impl Paths {
    pub(crate) fn new(krate: Option<&Path>) -> Self {
        let krate = krate.map_or_else(|| quote!(::wsfn), ToTokens::to_token_stream);
        Self { krate }
    }

    /// The crate itself.
    pub(crate) fn krate(&self) -> &TokenStream {
        &self.krate
    }

    /// What generated code may use of it. Everything comes from here, `Ok` and `String` too, since
    /// at the place of the attribute these names can mean anything or nothing.
    pub(crate) fn private(&self) -> TokenStream {
        let krate = &self.krate;
        quote!(#krate::__private)
    }
}

/// The path as somebody would type it.
pub(crate) fn shown(path: &Path) -> String {
    path.to_token_stream().to_string().replace(' ', "")
}

/// The name a handler goes by in an application: the last of its path.
pub(crate) fn name(path: &Path) -> String {
    path.segments
        .last()
        .map(|segment| plain(&segment.ident))
        .unwrap_or_default()
}

/// A name without the `r#` that makes it an identifier.
pub(crate) fn plain(name: &proc_macro2::Ident) -> String {
    name.to_string().trim_start_matches("r#").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[test]
    fn a_path_is_shown_as_typed_and_named_by_its_end() {
        let path: Path = parse_quote!(crate::handlers::r#match);
        assert_eq!(shown(&path), "crate::handlers::r#match");
        assert_eq!(name(&path), "match");
    }

    #[test]
    fn the_crate_can_be_elsewhere() {
        assert_eq!(
            Paths::new(None).private().to_string(),
            ":: wsfn :: __private"
        );
        let path: Path = parse_quote!(ws::inner);
        let paths = Paths::new(Some(&path));
        assert_eq!(paths.private().to_string(), "ws :: inner :: __private");
        assert_eq!(paths.krate().to_string(), "ws :: inner");
    }
}
