//! What the platform says about an invocation.

use std::sync::Arc;

use tokio::time::Instant;

use crate::session::Carried;

/// What the platform says about one invocation. Each front end fills in what it knows; a field that it does not know
/// is empty.
///
/// ```
/// let mut context = wsfn::Context::default();
/// context.request_id = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef".into();
/// ```
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Context {
    /// The platform's id of this invocation; stands in every log line about it. Empty where there is none.
    pub request_id: Arc<str>,
    /// When the platform stops waiting for the answer. A handler that is not done shortly before is answered for
    /// with 1006, and pushes give up in time for it.
    pub deadline: Option<Instant>,
    /// Memory that the function may use, in MB.
    pub memory_limit_mb: Option<u32>,
    /// The function's name.
    pub function_name: Option<Arc<str>>,
    /// The function's version, such as `$LATEST`.
    pub function_version: Option<Arc<str>>,
    /// The function's namespace.
    pub namespace: Option<Arc<str>>,
    /// The region, such as `ap-guangzhou`.
    pub region: Option<Arc<str>>,
    /// The account's application id.
    pub app_id: Option<Arc<str>>,
    /// The account's user id.
    pub uin: Option<Arc<str>>,
    /// Whether the gateway understands what we add to a reply, such as pushes (`Wsfn-Gateway: 1`).
    pub(crate) our_gateway: bool,
    /// What the event brings of its connection's session.
    pub(crate) session: Carried,
}

impl Context {
    /// What is needed of it to answer in the place of a handler that blocks its thread.
    pub(crate) fn for_blocked(&self) -> Self {
        Self {
            request_id: Arc::clone(&self.request_id),
            deadline: self.deadline,
            our_gateway: self.our_gateway,
            ..Self::default()
        }
    }
}
