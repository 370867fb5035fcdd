//! Which route a connection came in by.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A route of the settings by what it matches, which is what survives other changes of the file. Without routes both
/// are `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Route {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) host: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<String>,
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.host.as_deref().unwrap_or("any host");
        let path = self.path.as_deref().unwrap_or("any path");
        write!(f, "{host}, {path}")
    }
}
