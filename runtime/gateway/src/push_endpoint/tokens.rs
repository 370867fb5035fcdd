//! The tokens of the push endpoint.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use subtle::{Choice, ConstantTimeEq as _};
use wsfn_settings::Secret;

/// Who may push: whoever knows one of these. A clone is another handle to the same.
#[derive(Clone)]
pub struct PushTokens(Arc<RwLock<Vec<Secret>>>);

impl PushTokens {
    pub(super) fn new(tokens: &[Secret]) -> Self {
        Self(Arc::new(RwLock::new(tokens.to_vec())))
    }

    /// Puts others in their place, from the next request on. Whether there are tokens at all is decided at the start:
    /// without any the endpoint would be open to whoever reaches it, and functions that were told none would be shut
    /// out. Then they stay as they are, and `false` is returned.
    ///
    /// ```no_run
    /// # async fn example(gateway: &wsfn_gateway::Gateway) {
    /// use wsfn_settings::Secret;
    /// let replaced = gateway.push_tokens().replace(&[Secret::new("the new one"), Secret::new("the old one")]);
    /// # let _ = replaced;
    /// # }
    /// ```
    pub fn replace(&self, tokens: &[Secret]) -> bool {
        let mut ours = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if ours.is_empty() != tokens.is_empty() {
            return false;
        }
        *ours = tokens.to_vec();
        true
    }

    pub(super) fn is_empty(&self) -> bool {
        let ours = self.0.read().unwrap_or_else(PoisonError::into_inner);
        ours.is_empty()
    }

    /// Compares with every token, and every byte of it, so that the time tells nothing but the length.
    pub(super) fn has(&self, given: &[u8]) -> Choice {
        let ours = self.0.read().unwrap_or_else(PoisonError::into_inner);
        ours.iter()
            .filter(|token| !token.expose().is_empty())
            .fold(Choice::from(0), |found, token| {
                found | token.expose().as_bytes().ct_eq(given)
            })
    }
}

impl fmt::Debug for PushTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushTokens").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(tokens: &PushTokens, given: &str) -> bool {
        tokens.has(given.as_bytes()).into()
    }

    #[test]
    fn others_take_their_place_but_not_none() {
        let tokens = PushTokens::new(&[Secret::new("old")]);
        let handle = tokens.clone();
        assert!(handle.replace(&[Secret::new("new"), Secret::new("old")]));
        assert!(has(&tokens, "new") && has(&tokens, "old"));
        assert!(handle.replace(&[Secret::new("new")]));
        assert!(has(&tokens, "new") && !has(&tokens, "old"));
        assert!(!handle.replace(&[]));
        assert!(has(&tokens, "new"));
        let none = PushTokens::new(&[]);
        assert!(!none.replace(&[Secret::new("new")]));
        assert!(none.is_empty());
    }
}
