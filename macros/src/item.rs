//! The item below an attribute: its signature, and nothing of its body.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Signature, Visibility};

use crate::slot::Slot;

/// A function as far as a handler is concerned. The body stays what it is, a heap of tokens: what is
/// wrong in it is for rustc to say, once.
pub(crate) struct Item {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) body: TokenStream,
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self {
            attrs: input.call(Attribute::parse_outer)?,
            vis: input.parse()?,
            sig: input.parse()?,
            body: input.parse()?,
        })
    }
}

impl Item {
    /// The other attributes of ours on the function: it would be two handlers of one name.
    pub(crate) fn other_slots(&self) -> impl Iterator<Item = (&Attribute, Slot)> {
        self.attrs
            .iter()
            .filter_map(|attr| Some((attr, slot_of(attr)?)))
    }

    /// The function, without what would fail again after a rule was reported: these attributes, and
    /// a `const`, which rustc refuses beside `async`. One that breaks no rule is left as it is.
    pub(crate) fn repaired(&self) -> TokenStream {
        let attrs = self.attrs.iter().filter(|attr| slot_of(attr).is_none());
        let (vis, body) = (&self.vis, &self.body);
        let mut sig = self.sig.clone();
        sig.constness = None;
        quote::quote!(#(#attrs)* #vis #sig #body)
    }
}

/// The `#[cfg]`s among attributes: what is generated from a thing exists exactly when the thing does.
pub(crate) fn cfgs(attrs: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident("cfg"))
}

/// What an item that is no function begins with, `pub struct Name` or `impl Name`: enough to
/// underline.
pub(crate) fn head(item: TokenStream) -> TokenStream {
    let mut head = TokenStream::new();
    let mut tokens = item.into_iter();
    while let Some(token) = tokens.next() {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                let _ = tokens.next();
            }
            TokenTree::Punct(punct) if matches!(punct.as_char(), ';' | '=') => break,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => break,
            _ => head.extend([token]),
        }
    }
    head
}

/// By its name: what it resolves to is not known to a macro.
fn slot_of(attr: &Attribute) -> Option<Slot> {
    let last = &attr.path().segments.last()?.ident;
    Slot::ALL.into_iter().find(|slot| last == slot.attribute())
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    #[test]
    fn the_body_is_not_parsed() {
        let item: Item = syn::parse2(quote! {
            /// Talks.
            #[cfg(unix)]
            pub async fn talk(id: &ConnectionId) { let = = }
        })
        .expect("a signature and any tokens");
        assert_eq!(item.sig.ident, "talk");
        assert_eq!(cfgs(&item.attrs).count(), 1);
        assert_eq!(item.body.to_string(), "{ let = = }");
    }

    #[test]
    fn other_attributes_of_ours_are_found_under_any_path() {
        let item: Item = syn::parse2(quote!(
            #[wsfn::on_close]
            #[inline]
            async fn talk() {}
        ))
        .expect("an item");
        let slots: Vec<_> = item.other_slots().map(|(_, slot)| slot).collect();
        assert_eq!(slots, [Slot::Close]);
        assert_eq!(
            item.repaired().to_string(),
            "# [inline] async fn talk () { }"
        );
    }

    #[test]
    fn the_head_leaves_out_attributes_and_contents() {
        let shown = |item| head(item).to_string();
        assert_eq!(
            shown(quote!(
                #[a]
                pub struct A {
                    b: u8,
                }
            )),
            "pub struct A"
        );
        assert_eq!(
            shown(quote!(
                const A: u8 = 1;
            )),
            "const A : u8"
        );
        assert_eq!(
            shown(quote!(
                use a::b;
            )),
            "use a :: b"
        );
    }
}
