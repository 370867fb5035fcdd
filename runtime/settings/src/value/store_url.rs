//! Where a store is.

use std::fmt;

/// The address of a store: `sqlite:///PATH`, `redis://…`, `mysql://…` or `postgres://…`. It may hold a
/// password, so `Debug` and `Display` show scheme and host only, and [`StoreUrl::expose`] gives the whole.
///
/// ```
/// use wsfn_settings::StoreUrl;
/// let url = StoreUrl::parse("mysql://wsfn:s3cr3t@10.0.0.7:3306/chat")?;
/// assert_eq!(url.to_string(), "mysql://10.0.0.7:3306/…");
/// assert_eq!(url.scheme(), "mysql");
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct StoreUrl {
    scheme: &'static str,
    whole: String,
}

/// The schemes that are known, each with the name that it has here.
const SCHEMES: &[(&str, &str)] = &[
    ("sqlite", "sqlite"),
    ("redis", "redis"),
    ("mysql", "mysql"),
    ("mariadb", "mysql"),
    ("postgres", "postgres"),
    ("postgresql", "postgres"),
];

impl StoreUrl {
    /// Reads an address.
    ///
    /// # Errors
    /// When no store of ours is there, or nothing stands where the host or the path of the file belongs. The text never
    /// repeats the address.
    pub fn parse(text: &str) -> Result<Self, String> {
        let expected = "expected sqlite:///PATH, redis://HOST, mysql://USER@HOST/DATABASE or postgres://USER@HOST/DATABASE";
        if text.chars().any(|char| char.is_control() || char == ' ') {
            return Err(format!("{expected}, without spaces"));
        }
        let (scheme, rest) = text.split_once("://").ok_or(expected)?;
        let (written, scheme) = SCHEMES
            .iter()
            .find(|(written, _)| *written == scheme)
            .ok_or(expected)?;
        let url = Self {
            scheme,
            whole: format!("{written}://{rest}"),
        };
        match *scheme {
            "sqlite" if !rest.starts_with('/') || rest.ends_with('/') => {
                Err("expected the whole path of a file, as in sqlite:///var/lib/rooms.db".into())
            }
            "sqlite" => Ok(url),
            // The rest of a password that has one of `/?#` in it: what was taken for the host is its beginning.
            _ if url.rest()[url.authority().len()..].contains('@') => Err(
                "expected `/`, `?`, `#` and `@` of the user and the password as %2F, %3F, %23 and %40".into(),
            ),
            _ if url.host().is_empty() || url.host().starts_with(':') => {
                Err(format!("expected a host after {written}://"))
            }
            _ => Ok(url),
        }
    }

    /// Which store it is: `sqlite`, `redis`, `mysql` or `postgres`. The feature of the crate has the same name.
    #[must_use]
    pub const fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// The whole address, password and all, to connect to and never to print.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.whole
    }

    /// The path of the file of `sqlite://`.
    #[must_use]
    pub fn path(&self) -> &str {
        self.rest()
    }

    /// What stands behind the scheme.
    fn rest(&self) -> &str {
        let (_, rest) = self.whole.split_once("://").unwrap_or_default();
        rest
    }

    /// User, password, host and port.
    fn authority(&self) -> &str {
        let rest = self.rest();
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        &rest[..end]
    }

    fn host(&self) -> &str {
        let authority = self.authority();
        // A password may have an `@` in it, though it should not.
        let from = authority.rfind('@').map_or(0, |at| at + 1);
        &authority[from..]
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scheme {
            "sqlite" => f.write_str(&self.whole),
            scheme => write!(f, "{scheme}://{}/…", self.host()),
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_occur() {
        for (text, scheme, shown) in [
            (
                "sqlite:///data/rooms.db",
                "sqlite",
                "sqlite:///data/rooms.db",
            ),
            ("redis://127.0.0.1", "redis", "redis://127.0.0.1/…"),
            ("redis://:pw@h:6380/1", "redis", "redis://h:6380/…"),
            ("mysql://u:p@ss@h/db", "mysql", "mysql://h/…"),
            ("mariadb://u@h/db", "mysql", "mysql://h/…"),
            (
                "postgresql://u@[::1]:5432/db?sslmode=require",
                "postgres",
                "postgres://[::1]:5432/…",
            ),
        ] {
            let url = StoreUrl::parse(text).unwrap();
            assert_eq!((url.scheme(), url.to_string().as_str()), (scheme, shown));
            assert_eq!(url.expose(), text);
        }
    }

    #[test]
    fn others_are_refused_without_being_repeated() {
        for text in [
            "",
            "s3cr3t",
            "mongodb://s3cr3t@h/",
            "mysql://",
            "mysql:///s3cr3t",
            "redis://u:s3cr3t@/1",
            "redis://:6379/s3cr3t",
            "sqlite://s3cr3t.db",
            "sqlite:///s3cr3t/",
            "sqlite:s3cr3t",
            "mysql://u:s3cr3t @h/db",
            "mysql://u:s3cr3t\n@h/db",
            "mysql://u:s3cr3t/more@h/db",
            "postgres://u:more?s3cr3t@h/db",
        ] {
            let error = StoreUrl::parse(text).unwrap_err();
            assert!(!error.contains("s3cr3t"), "{text}: {error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_password_is_never_shown(password in "[a-zA-Z0-9@:/?#%]{8,40}") {
            let whole = format!("x{password}");
            if let Ok(url) = StoreUrl::parse(&format!("mysql://user:{whole}@host/db")) {
                let shown = format!("{url} {url:?}");
                proptest::prop_assert!(!shown.contains(&whole), "{shown}");
            }
        }

        #[test]
        fn no_text_panics(text in proptest::prelude::any::<String>()) {
            let _ = StoreUrl::parse(&text).map(|url| url.to_string());
            let _ = StoreUrl::parse(&format!("redis://{text}")).map(|url| url.to_string());
        }
    }
}
