//! What the table of settings says about each, and the macro that makes a struct of it.

use crate::settings::Settings;
use crate::sources::Raw;
use crate::value::Mode;

/// One line of the table of settings.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The name as it stands in the file: `push-listen`.
    pub name: &'static str,
    /// The default as the documentation shows it.
    pub default: &'static str,
    /// How a value is written.
    pub kind: Kind,
    /// What it is for, in a sentence.
    pub purpose: &'static str,
    /// Why the default is what it is.
    pub reason: &'static str,
    /// The front ends of an app that look at it. The command `wsfn gateway` looks at those of the mode `gateway`, and
    /// at those that no app does.
    pub modes: &'static [Mode],
    /// Puts a value into the settings.
    pub(crate) apply: Apply,
}

/// Parses a value and puts it where it belongs, or says what was expected.
pub(crate) type Apply = fn(&mut Settings, &Raw) -> Result<(), String>;

/// How the value of a setting is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Bytes, or a number with `KiB`, `MiB` or `GiB`.
    Size,
    /// Like `Size`, or `off`.
    SizeOrOff,
    /// A whole number.
    Count,
    /// Like `Count`, or `off`.
    CountOrOff,
    /// A number with `ms`, `s`, `m`, `h` or `d`.
    Duration,
    /// Like `Duration`, or `off`.
    DurationOrOff,
    /// `on` or `off`.
    Switch,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Some of these words, or `none`.
    Words(&'static [&'static str]),
    /// IP addresses with ports.
    Addresses,
    /// Like `Addresses`, or `off`.
    AddressesOrOff,
    /// A path that begins with `/`.
    Path,
    /// The name of a file, or `none`.
    File,
    /// An `http` or `https` address, with a token perhaps: never shown whole.
    SecretUrl,
    /// Where a function lives.
    Function,
    /// Secrets: never shown.
    Secrets,
    /// Origins, or `*`.
    Origins,
    /// Names of HTTP headers, or `none`.
    HeaderNames,
    /// A directory, or `none`.
    Folder,
    /// Networks in CIDR notation, or `none`.
    Networks,
    /// A text and its answer, with `=` between.
    Pair,
    /// Names of environment variables, or `none`.
    EnvNames,
    /// Any text that is not empty.
    Text,
    /// The address of a store, or `off`: never shown whole.
    Store,
}

impl Kind {
    /// Whether values of this kind are kept out of errors and logs.
    #[must_use]
    pub const fn is_secret(self) -> bool {
        matches!(
            self,
            Self::Secrets | Self::SecretUrl | Self::Function | Self::Store
        )
    }
}

impl Setting {
    /// The name in the environment: `WSFN_PUSH_LISTEN`.
    #[must_use]
    pub fn env_name(&self) -> String {
        env_name(self.name)
    }

    /// The name on the command line of `wsfn`: `--push-listen`.
    #[must_use]
    pub fn flag_name(&self) -> String {
        format!("{FLAG}{}", self.name)
    }

    /// Whether the command `wsfn gateway` looks at it.
    #[must_use]
    pub fn is_for_command(&self) -> bool {
        // It has rooms of its own, and asks no store for them.
        let of_apps = self.name.split('-').next() == Some("store");
        !of_apps && (self.modes.is_empty() || self.modes.contains(&Mode::Gateway))
    }

    /// The default as one would write it, where it is a value and not words about one.
    pub(crate) fn written_default(&self) -> Option<&'static str> {
        let written = self.default.trim_matches('`');
        let mut settings = Settings::default();
        let is_value = !self.kind.is_secret()
            && !written.contains(' ')
            && (self.apply)(&mut settings, &Raw::One(written.into())).is_ok();
        is_value.then_some(written)
    }
}

/// What every variable of ours begins with.
pub(crate) const PREFIX: &str = "WSFN_";

/// What every flag begins with.
pub(crate) const FLAG: &str = "--";

/// `push-listen` as the environment spells it.
pub(crate) fn env_name(name: &str) -> String {
    let upper = name.to_ascii_uppercase().replace('-', "_");
    format!("{PREFIX}{upper}")
}

/// Makes `Settings`, its `Default` and the table `SETTINGS` from one list, so that none of the three can forget a
/// setting.
///
/// Input: `/// Purpose.` `name field: Type = default, "shown", Kind, parser, MODES, "reason";`. Output: the struct with `pub field: Type`, the default, and a `Setting` for each.
macro_rules! settings {
    (
        $(
            $(#[doc = $purpose:literal])+
            $name:literal $field:ident: $type:ty = $default:expr, $shown:literal, $kind:expr, $parse:expr, $modes:expr,
            $reason:literal;
        )+
    ) => {
        /// Everything that can be set, as values.
        ///
        /// `Default` has the documented defaults of an app (a program that calls `run()`); [`Settings::load`] reads
        /// environment and file.
        #[derive(Debug, Clone)]
        pub struct Settings {
            $(
                $(#[doc = $purpose])+
                #[doc = concat!("\n\nSetting `", $name, "`, default: ", $shown, ". ", $reason)]
                pub $field: $type,
            )+
            /// The `[[route]]`s of the settings file; none is one service for everything.
            pub routes: Vec<$crate::route::Route>,
            /// Not a setting: whether this is an instance of SCF (`TENCENTCLOUD_RUNENV=SCF`).
            pub in_scf: bool,
            /// Not a setting: lines for the debug log about settings that were set, and that the mode does not use.
            pub ignored: Vec<String>,
        }

        impl Default for Settings {
            fn default() -> Self {
                Self {
                    $( $field: $default, )+
                    routes: Vec::new(),
                    in_scf: false,
                    ignored: Vec::new(),
                }
            }
        }

        impl Settings {
            /// The names of the settings whose values are others there, in the order of the documentation; `route` where
            /// the routes are.
            ///
            /// ```
            /// use wsfn_settings::{Settings, Sources};
            ///
            /// let before = Settings::load(&Sources::new())?;
            /// let now = Settings::load(&Sources::new().env("WSFN_DRAIN", "5s").env("WSFN_STAGE", "test"))?;
            /// assert_eq!(before.changed(&now), ["stage", "drain"]);
            /// # Ok::<(), wsfn_settings::Problems>(())
            /// ```
            #[must_use]
            pub fn changed(&self, other: &Self) -> Vec<&'static str> {
                let mut names = Vec::new();
                $(
                    if self.$field != other.$field {
                        names.push($name);
                    }
                )+
                if !$crate::route::are_same(&self.routes, &other.routes) {
                    names.push("route");
                }
                names
            }
        }

        /// The table: every setting that is known, in the order of the documentation.
        pub static SETTINGS: &[Setting] = &[
            $(
                Setting {
                    name: $name,
                    default: $shown,
                    kind: $kind,
                    purpose: concat!($($purpose),+),
                    reason: $reason,
                    modes: $modes,
                    apply: |settings, raw| {
                        settings.$field = $parse(raw)?;
                        Ok(())
                    },
                },
            )+
        ];
    };
}
pub(crate) use settings;
