//! The close events of earlier runs, by route.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Route;

/// How many close events wait for each route.
#[derive(Debug, Default)]
pub(crate) struct Backlog(Mutex<BTreeMap<Route, Waits>>);

/// What waits for one route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Waits {
    pub(crate) closes: u64,
    /// Whether the settings still have the route, with a function for closes.
    pub(crate) is_served: bool,
}

impl Backlog {
    fn routes(&self) -> MutexGuard<'_, BTreeMap<Route, Waits>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn one_more(&self, route: &Route, is_served: bool) {
        let mut routes = self.routes();
        match routes.get_mut(route) {
            Some(waits) => waits.closes += 1,
            None => {
                let closes = 1;
                routes.insert(route.clone(), Waits { closes, is_served });
            }
        }
    }

    pub(super) fn one_less(&self, route: &Route) {
        let mut routes = self.routes();
        if let Some(waits) = routes.get_mut(route) {
            waits.closes -= 1;
            if waits.closes == 0 {
                routes.remove(route);
            }
        }
    }

    /// All of it.
    pub(crate) fn list(&self) -> Vec<(Route, Waits)> {
        let routes = self.routes();
        routes
            .iter()
            .map(|(route, waits)| (route.clone(), *waits))
            .collect()
    }
}
