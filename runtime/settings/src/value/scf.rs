//! Functions that are deployed in SCF, and the keys that call them.

use std::fmt;

use super::Secret;

/// The name of a function that is deployed in SCF, as `scf:REGION/NAMESPACE/NAME[:QUALIFIER]` gives it.
///
/// ```
/// use wsfn_settings::ScfName;
/// let name = ScfName::parse("ap-guangzhou/default/chat:$LATEST")?;
/// assert_eq!((&*name.name, &*name.qualifier), ("chat", "$LATEST"));
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScfName {
    /// Where it is, such as `ap-guangzhou`.
    pub region: String,
    /// The namespace; `default` where nobody made one.
    pub namespace: String,
    /// The function's name.
    pub name: String,
    /// A version or an alias; `$DEFAULT` where none is written (583/58400).
    pub qualifier: String,
}

/// What the platform calls the version that is meant where none is named.
const DEFAULT_QUALIFIER: &str = "$DEFAULT";

/// The longest part of a name: the platform's own names have at most 60 characters, aliases 64.
const PART_MAX: usize = 64;

impl ScfName {
    /// Reads what stands behind `scf:`.
    ///
    /// # Errors
    /// When a part is missing, or has characters that no such name has. The text does not repeat it.
    pub fn parse(text: &str) -> Result<Self, String> {
        const EXPECTED: &str =
            "expected scf:REGION/NAMESPACE/NAME or scf:REGION/NAMESPACE/NAME:QUALIFIER";
        let (function, qualifier) = text.split_once(':').unwrap_or((text, DEFAULT_QUALIFIER));
        let parts: Vec<&str> = function.split('/').collect();
        let [region, namespace, name] = parts[..] else {
            return Err(EXPECTED.into());
        };
        let is_plain = |part: &str| {
            (1..=PART_MAX).contains(&part.len())
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        let version = qualifier.strip_prefix('$').unwrap_or(qualifier);
        if ![region, namespace, name, version].into_iter().all(is_plain) {
            return Err(format!("{EXPECTED}, of letters, digits, - and _"));
        }
        Ok(Self {
            region: region.into(),
            namespace: namespace.into(),
            name: name.into(),
            qualifier: qualifier.into(),
        })
    }
}

impl fmt::Display for ScfName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "scf:{}/{}/{}", self.region, self.namespace, self.name)?;
        if self.qualifier != DEFAULT_QUALIFIER {
            write!(f, ":{}", self.qualifier)?;
        }
        Ok(())
    }
}

/// What calls to Tencent's API are signed with. `Debug` shows nothing of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScfCredentials {
    /// `SecretId`: whose key it is.
    pub id: Secret,
    /// `SecretKey`.
    pub key: Secret,
    /// The session token that goes with a temporary key.
    pub token: Option<Secret>,
}

impl ScfCredentials {
    /// Reads id and key, and a token where there are three.
    ///
    /// # Errors
    /// When there are more or fewer. The text repeats none.
    pub fn parse(texts: &[&str]) -> Result<Self, String> {
        // The id and the token are sent as headers.
        let is_plain = |text: &&str| text.bytes().all(|byte| byte.is_ascii_graphic());
        let (id, key, token) = match *texts {
            [id, key] => (id, key, None),
            [id, key, token] => (id, key, Some(token)),
            _ => {
                return Err(
                    "expected SecretId and SecretKey, and the session token of a temporary key"
                        .into(),
                );
            }
        };
        if !texts.iter().all(is_plain) {
            return Err("expected keys of letters, digits and signs".into());
        }
        Ok(Self {
            id: Secret::new(id),
            key: Secret::new(key),
            token: token.map(Secret::new),
        })
    }

    /// Those in the environment under the names that SCF itself gives to its functions (583/56051).
    ///
    /// # Errors
    /// As [`ScfCredentials::parse`], where some are there.
    pub(crate) fn from_environment<'a>(
        var: impl Fn(&str) -> Option<&'a str>,
    ) -> Result<Option<Self>, String> {
        let named = |name: &str| var(name).map(str::trim);
        match (
            named("TENCENTCLOUD_SECRETID"),
            named("TENCENTCLOUD_SECRETKEY"),
        ) {
            (None, None) => Ok(None),
            (Some(id), Some(key)) => {
                let texts: Vec<&str> = [id, key]
                    .into_iter()
                    .chain(named("TENCENTCLOUD_SESSIONTOKEN"))
                    .collect();
                Self::parse(&texts).map(Some)
            }
            _ => Err("expected both TENCENTCLOUD_SECRETID and TENCENTCLOUD_SECRETKEY".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_three_parts_and_perhaps_a_qualifier() {
        for (text, qualifier) in [
            ("ap-guangzhou/default/chat", "$DEFAULT"),
            ("ap-guangzhou/default/chat:$LATEST", "$LATEST"),
            ("eu-frankfurt/my_space/chat-2:7", "7"),
            ("ap-tokyo/a/b:live", "live"),
        ] {
            let name = ScfName::parse(text).unwrap();
            assert_eq!(name.qualifier, qualifier);
            assert_eq!(name.to_string(), format!("scf:{text}"));
        }
        for text in [
            "",
            "chat",
            "default/chat",
            "ap-guangzhou//chat",
            "ap-guangzhou/default/chat/",
            "ap-guangzhou/default/chat:",
            "ap-guangzhou/default/chat:$",
            "ap-guangzhou/default/ch at",
            "ap-guangzhou/default/chat:a:b",
            "ap-guangzhou/default/ch\u{e4}t",
        ] {
            let error = ScfName::parse(text).unwrap_err();
            assert!(error.contains("REGION/NAMESPACE/NAME"), "{text}: {error}");
        }
    }

    #[test]
    fn keys_come_from_the_environment_of_scf_and_are_never_shown() {
        let var = |set: &'static [(&str, &str)]| {
            ScfCredentials::from_environment(move |name| {
                set.iter()
                    .find(|(known, _)| *known == name)
                    .map(|(_, value)| *value)
            })
        };
        let all = &[
            ("TENCENTCLOUD_SECRETID", "s3cr3t1"),
            ("TENCENTCLOUD_SECRETKEY", "s3cr3t2"),
            ("TENCENTCLOUD_SESSIONTOKEN", "s3cr3t3"),
        ];
        let found = var(all).unwrap().unwrap();
        assert_eq!(found.id.expose(), "s3cr3t1");
        assert_eq!(found.key.expose(), "s3cr3t2");
        assert_eq!(found.token.as_ref().unwrap().expose(), "s3cr3t3");
        assert!(!format!("{found:?}").contains("s3cr3t"));
        assert_eq!(var(&all[..2]).unwrap().unwrap().token, None);
        assert_eq!(var(&[]), Ok(None));
        assert!(var(&all[..1]).unwrap_err().contains("both"));
        let error = ScfCredentials::parse(&["s3cr3t", "s3 cr3t"]).unwrap_err();
        assert!(!error.contains("s3"), "{error}");
        ScfCredentials::parse(&["s3cr3t"]).unwrap_err();
    }
}
