//! The settings of wsfn.
//!
//! One table holds them all: the fields of [`Settings`], their defaults, how a value is written, what it is for and
//! why the default is what it is. The spellings in the environment (`WSFN_PUSH_LISTEN`) and in `wsfn.toml`
//! (`push-listen`), the errors and the page of settings all come from that table.
//!
//! ```
//! use wsfn_settings::{Settings, Sources};
//!
//! let sources = Sources::new().env("WSFN_MAX_MESSAGE", "64KiB");
//! let settings = Settings::load(&sources)?;
//! assert_eq!(settings.max_message, 65_536);
//!
//! let problems = Settings::load(&Sources::new().env("WSFN_MAX_MESAGE", "64KiB")).unwrap_err();
//! assert!(problems.to_string().contains("did you mean WSFN_MAX_MESSAGE"));
//! # Ok::<(), wsfn_settings::Problems>(())
//! ```

mod load;
mod nearest;
mod page;
mod problem;
mod route;
mod settings;
mod sources;
mod table;
mod value;

pub use page::{config_file, markdown};
pub use problem::{Problem, Problems};
pub use route::{PathTemplate, Route, percent_decoded, percent_encoded};
pub use settings::{SETTINGS, Settings};
pub use sources::{Origin, Sources};
pub use table::{Kind, Setting};
pub use value::{
    AllowOrigin, FailedMessage, FunctionAddr, Heartbeat, HttpUrl, Insecure, Limits, LogFormat,
    Mode, Networks, Refuse, ScfCredentials, ScfName, Secret, StoreUrl, duration, near,
    show_duration, show_size, size,
};
