//! Routes: which connections belong to which service.

use std::collections::BTreeMap;
use std::fmt;

use crate::settings::Settings;

/// One `[[route]]` of the settings file. The first that matches a handshake serves it.
#[derive(Debug, Clone)]
pub struct Route {
    /// The host of the `Host` header without its port, in lower case; any where it is not set.
    pub host: Option<String>,
    /// What the path has to look like; any where it is not set.
    pub path: Option<PathTemplate>,
    /// The settings of the gateway, and over them the route's own.
    pub settings: Settings,
}

/// Whether these serve the same connections in the same way.
pub(crate) fn are_same(some: &[Route], others: &[Route]) -> bool {
    let same = |(one, other): (&Route, &Route)| {
        one.host == other.host
            && one.path == other.path
            && one.settings.changed(&other.settings).is_empty()
    };
    some.len() == others.len() && some.iter().zip(others).all(same)
}

/// A path with parameters, as API Gateway writes them: `/test/{testvar}`. A parameter is one segment that is not
/// empty.
///
/// ```
/// use wsfn_settings::PathTemplate;
/// let path = PathTemplate::parse("/rooms/{room}")?;
/// let parameters = path.matches("/rooms/blue%20sky").expect("it matches");
/// assert_eq!(parameters["room"], "blue sky");
/// assert!(path.matches("/rooms/blue/sky").is_none());
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathTemplate {
    text: String,
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    /// These characters, percent-decoded.
    Fixed(String),
    /// Anything, under this name.
    Parameter(String),
}

impl PathTemplate {
    /// Reads a template.
    ///
    /// # Errors
    /// When it does not begin with `/`, or has braces that enclose no name of its own, or a name twice.
    pub fn parse(text: &str) -> Result<Self, String> {
        let rest = text
            .strip_prefix('/')
            .ok_or("expected a path that begins with /")?;
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.contains(['?', '#']) {
            return Err("expected a path such as /rooms/{room}, without query".into());
        }
        let mut segments = Vec::new();
        for segment in rest.split('/') {
            let named = segment
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'));
            segments.push(match named {
                Some(name) if is_name(name) => Segment::Parameter(name.to_owned()),
                None if !segment.contains(['{', '}']) => Segment::Fixed(
                    percent_decoded(segment)
                        .ok_or("expected a path whose percent signs encode UTF-8")?,
                ),
                _ => {
                    return Err(
                        "expected a parameter to be a whole segment with a name, such as {room}"
                            .into(),
                    );
                }
            });
        }
        let names: Vec<&String> = segments
            .iter()
            .filter_map(|segment| match segment {
                Segment::Parameter(name) => Some(name),
                Segment::Fixed(_) => None,
            })
            .collect();
        if let Some(twice) = names
            .iter()
            .enumerate()
            .find_map(|(at, name)| names[..at].contains(name).then_some(name))
        {
            return Err(format!(
                "expected each parameter once, found {{{twice}}} twice"
            ));
        }
        Ok(Self {
            text: text.to_owned(),
            segments,
        })
    }

    /// As it was written: what functions see as `requestContext.path`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The parameters of a path that matches, percent-decoded.
    #[must_use]
    pub fn matches(&self, path: &str) -> Option<BTreeMap<String, String>> {
        let mut parameters = BTreeMap::new();
        let mut parts = path.strip_prefix('/')?.split('/');
        for segment in &self.segments {
            let part = percent_decoded(parts.next()?)?;
            match segment {
                Segment::Fixed(text) if *text == part => {}
                Segment::Parameter(name) if !part.is_empty() => {
                    parameters.insert(name.clone(), part);
                }
                Segment::Fixed(_) | Segment::Parameter(_) => return None,
            }
        }
        parts.next().is_none().then_some(parameters)
    }
}

impl fmt::Display for PathTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// A text without percent-encoding; `None` where that is wrong, or no UTF-8 comes of it.
///
/// ```
/// assert_eq!(wsfn_settings::percent_decoded("a%2Fb").as_deref(), Some("a/b"));
/// assert_eq!(wsfn_settings::percent_decoded("100%"), None);
/// ```
#[must_use]
pub fn percent_decoded(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let (high, low) = (digit()?, digit()?);
        bytes.push(u8::try_from(high << 4 | low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

/// A text as one segment of a path, or one value of a query string: [`percent_decoded`] gives it back.
///
/// ```
/// assert_eq!(wsfn_settings::percent_encoded("a/b c"), "a%2Fb%20c");
/// ```
#[must_use]
pub fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded += &format!("%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn template(text: &str) -> PathTemplate {
        PathTemplate::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_segment_is_encoded() {
        let encoded = percent_encoded("a/b?c#d%e+f=ü");
        assert_eq!(encoded, "a%2Fb%3Fc%23d%25e%2Bf%3D%C3%BC");
        assert_eq!(percent_decoded(&encoded).as_deref(), Some("a/b?c#d%e+f=ü"));
    }

    #[test]
    fn paths_that_match_and_paths_that_do_not() {
        for (text, path, parameters) in [
            ("/", "/", Some("{}")),
            ("/", "/x", None),
            ("/a", "/a", Some("{}")),
            ("/a", "/a/", None),
            ("/a/", "/a/", Some("{}")),
            ("/a b", "/a", None),
            ("/test/{testvar}", "/test/1", Some(r#"{"testvar": "1"}"#)),
            ("/test/{testvar}", "/test/", None),
            ("/test/{testvar}", "/test", None),
            (
                "/{a}/x/{b}",
                "/1/x/2%2F3",
                Some(r#"{"a": "1", "b": "2/3"}"#),
            ),
            ("/{a}", "/%ff", None),
            ("/{a}", "/%4", None),
            ("/%61", "/a", Some("{}")),
        ] {
            let Ok(template) = PathTemplate::parse(text) else {
                assert_eq!(text, "/a b");
                continue;
            };
            let found = template.matches(path).map(|found| format!("{found:?}"));
            assert_eq!(found.as_deref(), parameters, "{text} {path}");
        }
    }

    #[test]
    fn templates_that_are_none() {
        for (text, why) in [
            ("", "begins with /"),
            ("a", "begins with /"),
            ("/{}", "a name"),
            ("/a{b}", "a whole segment"),
            ("/{a}/{a}", "{a} twice"),
            ("/a?b", "without query"),
            ("/%zz", "percent"),
        ] {
            let error = PathTemplate::parse(text).expect_err(text);
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "/?[a%{}/0-9]{0,12}", path in "/?[a%/0-9]{0,12}") {
            if let Ok(template) = PathTemplate::parse(&text) {
                let _ = template.matches(&path);
            }
        }

        #[test]
        fn any_segment_is_a_parameter(value in "[a-zA-Z0-9._~-]{1,20}") {
            let found = template("/x/{y}").matches(&format!("/x/{value}"));
            prop_assert_eq!(found.expect("it matches")["y"].clone(), value);
        }
    }
}
