//! The page of settings, made from the table.

use std::fmt::Write as _;

use crate::settings::SETTINGS;
use crate::table::{Kind, Setting};

/// The table of settings as Markdown, as it stands in the guide.
#[must_use]
pub fn markdown() -> String {
    let mut page = String::from(
        "| setting | default | written as | for | why this default |\n|---|---|---|---|---|\n",
    );
    for setting in SETTINGS {
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "| `{}` | {} | {} | {}{} | {} |",
            setting.name,
            setting.default,
            setting.kind.written(),
            setting.purpose.trim(),
            modes(setting),
            setting.reason,
        );
    }
    page
}

/// A `wsfn.toml` with every setting that `wsfn gateway` looks at, each explained and commented out.
#[must_use]
pub fn config_file() -> String {
    let mut page =
        String::from("# Settings of wsfn gateway. Take the # away from what is to be changed.\n");
    // The mode of the command is no choice.
    let settings = SETTINGS
        .iter()
        .filter(|setting| setting.is_for_command() && setting.name != "mode");
    for setting in settings {
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "\n# {}\n# {}\n# Written as: {}. Default: {}.\n#{} = \"{}\"",
            setting.purpose.trim(),
            setting.reason,
            setting.kind.written().replace('`', ""),
            setting.default.replace('`', ""),
            setting.name,
            setting.written_default().unwrap_or_default(),
        );
    }
    page
}

fn modes(setting: &Setting) -> String {
    if setting.modes.len() == crate::Mode::WORDS.len() {
        return String::new();
    }
    if setting.modes.is_empty() {
        return " *(`wsfn gateway`)*".into();
    }
    let words: Vec<&str> = setting.modes.iter().map(|mode| mode.as_str()).collect();
    format!(" *({})*", words.join(", "))
}

impl Kind {
    /// How a value is written, in a few words.
    #[must_use]
    pub fn written(self) -> String {
        match self {
            Self::Size => "size".into(),
            Self::SizeOrOff => "size or `off`".into(),
            Self::Count => "number".into(),
            Self::CountOrOff => "number or `off`".into(),
            Self::Duration => "duration".into(),
            Self::DurationOrOff => "duration or `off`".into(),
            Self::Switch => "`on` or `off`".into(),
            Self::Word(words) => ticked(words, " or "),
            Self::Words(words) => format!("list of {}", ticked(words, ", ")),
            Self::Addresses => "list of addresses".into(),
            Self::AddressesOrOff => "list of addresses or `off`".into(),
            Self::Path => "path".into(),
            Self::File => "file or `none`".into(),
            Self::SecretUrl => "URL, kept out of logs".into(),
            Self::Function => {
                "`http(s)://HOST:PORT/PATH`, `exec:COMMAND` or `scf:REGION/NAMESPACE/NAME`, of which logs show host, program or name"
                    .into()
            }
            Self::Secrets => "list, kept out of logs".into(),
            Self::Origins => "list of origins or `*`".into(),
            Self::HeaderNames => "list of header names or `none`".into(),
            Self::Folder => "directory or `none`".into(),
            Self::Networks => "list of networks or `none`".into(),
            Self::Pair => "`TEXT=ANSWER` or `off`".into(),
            Self::EnvNames => "list of names or `none`".into(),
            Self::Text => "text".into(),
            Self::Store => {
                "`sqlite:///PATH`, `redis://…`, `mysql://…`, `postgres://…` or `off`, of which logs show the host".into()
            }
        }
    }
}

fn ticked(words: &[&str], between: &str) -> String {
    let ticked: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    ticked.join(between)
}
