//! From what was written to the value, one function per type of field.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::{
    AllowOrigin, FailedMessage, FunctionAddr, Heartbeat, HttpUrl, Insecure, Limits, LogFormat,
    Mode, Networks, Refuse, ScfCredentials, Secret, StoreUrl,
};
use crate::sources::Raw;

/// The most that a count may be: it is above what any machine holds, and below where semaphores and channels
/// (2^29 on 32 bits) refuse to be made.
const COUNT_MAX: usize = 100_000_000;

type Parsed<T> = Result<T, String>;

pub(crate) fn size(raw: &Raw) -> Parsed<usize> {
    match size_or_zero(raw)? {
        0 => Err("expected a size above 0".into()),
        bytes => Ok(bytes),
    }
}

pub(crate) fn size_or_zero(raw: &Raw) -> Parsed<usize> {
    super::size(raw.one()?)
}

pub(crate) fn some_size(raw: &Raw) -> Parsed<Option<usize>> {
    size(raw).map(Some)
}

pub(crate) fn count(raw: &Raw) -> Parsed<usize> {
    let text = raw.one()?;
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|count| digits && (1..=COUNT_MAX).contains(count))
        .ok_or_else(|| format!("expected a whole number from 1 to {COUNT_MAX}"))
}

pub(crate) fn some_count(raw: &Raw) -> Parsed<Option<usize>> {
    count(raw).map(Some)
}

pub(crate) fn count_or_off(raw: &Raw) -> Parsed<Option<usize>> {
    or_off(raw, count)
}

pub(crate) fn duration(raw: &Raw) -> Parsed<Duration> {
    let duration = super::duration(raw.one()?)?;
    if duration.is_zero() {
        return Err("expected a duration above 0".into());
    }
    Ok(duration)
}

pub(crate) fn duration_or_off(raw: &Raw) -> Parsed<Option<Duration>> {
    or_off(raw, duration)
}

pub(crate) fn switch(raw: &Raw) -> Parsed<bool> {
    match raw.one()? {
        "on" | "true" => Ok(true),
        "off" | "false" => Ok(false),
        _ => Err("expected on or off".into()),
    }
}

pub(crate) fn mode(raw: &Raw) -> Parsed<Option<Mode>> {
    word(raw, Mode::parse, Mode::WORDS).map(Some)
}

pub(crate) fn failed_message(raw: &Raw) -> Parsed<FailedMessage> {
    word(raw, FailedMessage::parse, FailedMessage::WORDS)
}

pub(crate) fn refuse(raw: &Raw) -> Parsed<Refuse> {
    word(raw, Refuse::parse, Refuse::WORDS)
}

pub(crate) fn log_format(raw: &Raw) -> Parsed<LogFormat> {
    word(raw, LogFormat::parse, LogFormat::WORDS)
}

pub(crate) fn insecure(raw: &Raw) -> Parsed<Insecure> {
    let mut insecure = Insecure::default();
    for word in list_or_none(raw)? {
        match word {
            "push-plain" => insecure.push_plain = true,
            "invoke-unsigned" => insecure.invoke_unsigned = true,
            _ => {
                return Err(format!(
                    "expected some of {}, or none",
                    Insecure::WORDS.join(", ")
                ));
            }
        }
    }
    Ok(insecure)
}

pub(crate) fn text(raw: &Raw) -> Parsed<String> {
    let text = raw.one()?;
    if text.is_empty() {
        return Err("expected a text that is not empty".into());
    }
    if text.chars().any(char::is_control) {
        return Err("expected a text without control characters".into());
    }
    Ok(text.to_string())
}

pub(crate) fn path(raw: &Raw) -> Parsed<String> {
    let path = raw.one()?;
    let plain = path.bytes().all(|byte| is_path_byte(byte) || byte == b'/');
    let shaped =
        path.len() > 1 && path.starts_with('/') && !path.ends_with('/') && !path.contains("//");
    if plain && shaped {
        return Ok(path.to_string());
    }
    Err("expected a path such as /api-wsfn, without query or a slash at its end".into())
}

pub(crate) fn file_or_none(raw: &Raw) -> Parsed<Option<PathBuf>> {
    match raw.one()? {
        "" => Err("expected the name of a file, or none".into()),
        "none" => Ok(None),
        name => Ok(Some(name.into())),
    }
}

/// What may stand in a segment of a path as it is (RFC 3986, `pchar` without percent-encoding).
fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte)
}

pub(crate) fn addresses(raw: &Raw) -> Parsed<Option<Vec<SocketAddr>>> {
    let addresses = raw
        .list()
        .into_iter()
        .map(|item| {
            item.parse::<SocketAddr>().map_err(|_| {
                "expected IP addresses with ports such as 127.0.0.1:9001 or [::1]:9001".to_string()
            })
        })
        .collect::<Parsed<Vec<_>>>()?;
    if addresses.is_empty() {
        return Err("expected at least one address such as 127.0.0.1:9001".into());
    }
    Ok(Some(addresses))
}

pub(crate) fn addresses_or_off(raw: &Raw) -> Parsed<Option<Vec<SocketAddr>>> {
    or_off(raw, addresses).map(Option::flatten)
}

pub(crate) fn env_names(raw: &Raw) -> Parsed<Vec<String>> {
    let is_name =
        |name: &str| !name.contains('=') && name.bytes().all(|byte| byte.is_ascii_graphic());
    let names = list_or_none(raw)?;
    match names.iter().find(|name| !is_name(name)) {
        Some(_) => Err("expected names of environment variables, or none".into()),
        None => Ok(names.into_iter().map(str::to_owned).collect()),
    }
}

pub(crate) fn folder(raw: &Raw) -> Parsed<Option<PathBuf>> {
    or_off(raw, |raw| text(raw).map(PathBuf::from))
}

pub(crate) fn networks(raw: &Raw) -> Parsed<Networks> {
    Networks::parse(&list_or_none(raw)?)
}

pub(crate) fn heartbeat(raw: &Raw) -> Parsed<Option<Heartbeat>> {
    or_off(raw, |raw| Heartbeat::parse(raw.one()?))
}

pub(crate) fn limits(raw: &Raw) -> Parsed<Option<Limits>> {
    or_off(raw, |raw| word(raw, Limits::parse, Limits::WORDS))
}

pub(crate) fn function(raw: &Raw) -> Parsed<Option<FunctionAddr>> {
    FunctionAddr::parse(raw.one()?).map(Some)
}

pub(crate) fn scf_credentials(raw: &Raw) -> Parsed<Option<ScfCredentials>> {
    ScfCredentials::parse(&raw.list()).map(Some)
}

/// Keys and tokens go there, and the host is signed; every call has the path `/`.
pub(crate) fn scf_endpoint(raw: &Raw) -> Parsed<HttpUrl> {
    let url = HttpUrl::parse(raw.one()?)?;
    if url.is_plain_beyond_loopback() {
        return Err("expected an address that begins with https://".into());
    }
    if !matches!(url.expose().strip_prefix(url.origin()), Some("" | "/")) {
        return Err("expected an address without a path".into());
    }
    Ok(url)
}

pub(crate) fn push_url(raw: &Raw) -> Parsed<Option<HttpUrl>> {
    HttpUrl::parse(raw.one()?).map(Some)
}

pub(crate) fn store(raw: &Raw) -> Parsed<Option<StoreUrl>> {
    or_off(raw, |raw| StoreUrl::parse(raw.one()?))
}

pub(crate) fn some_text(raw: &Raw) -> Parsed<Option<String>> {
    text(raw).map(Some)
}

pub(crate) fn some_secret(raw: &Raw) -> Parsed<Option<Secret>> {
    text(raw).map(|text| Some(Secret::new(text)))
}

pub(crate) fn tokens(raw: &Raw) -> Parsed<Vec<Secret>> {
    let tokens = raw.list();
    if !tokens.iter().all(|token| token.bytes().all(is_path_byte)) {
        return Err("expected tokens that can stand in a path: letters, digits and -._~".into());
    }
    some_secrets(&tokens)
}

/// Shorter ones can be found by trying.
const SECRET_MIN: usize = 16;

/// The one that is used and the one that comes or goes.
const SECRETS_MAX: usize = 2;

pub(crate) fn secrets(raw: &Raw) -> Parsed<Vec<Secret>> {
    let texts = raw.list();
    if texts.len() > SECRETS_MAX {
        return Err("expected one secret, or two while one is replaced".into());
    }
    if texts.iter().any(|text| text.len() < SECRET_MIN) {
        return Err(format!(
            "expected at least {SECRET_MIN} characters; `openssl rand -hex 32` makes a good one"
        ));
    }
    some_secrets(&texts)
}

fn some_secrets(texts: &[&str]) -> Parsed<Vec<Secret>> {
    if texts.is_empty() {
        return Err("expected at least one".into());
    }
    Ok(texts.iter().map(|text| Secret::new(*text)).collect())
}

pub(crate) fn origins(raw: &Raw) -> Parsed<AllowOrigin> {
    let items = raw.list();
    match &items[..] {
        [] => Err("expected origins such as https://app.example, or *".into()),
        ["*"] => Ok(AllowOrigin::Any),
        items => items
            .iter()
            .map(|item| super::origin::parse(item))
            .collect::<Parsed<_>>()
            .map(AllowOrigin::List),
    }
}

pub(crate) fn header_names(raw: &Raw) -> Parsed<Vec<String>> {
    list_or_none(raw)?
        .into_iter()
        .map(|name| {
            let token = name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'+-.^_`|~".contains(&byte));
            if token {
                Ok(name.to_ascii_lowercase())
            } else {
                Err("expected names of HTTP headers such as origin,user-agent, or none".into())
            }
        })
        .collect()
}

fn word<T>(raw: &Raw, parse: fn(&str) -> Option<T>, words: &[&str]) -> Parsed<T> {
    let text = raw.one()?;
    parse(text).ok_or_else(
        || match crate::nearest::nearest(text, words.iter().copied()) {
            Some(near) => format!("expected one of {}; did you mean {near}?", words.join(", ")),
            None => format!("expected one of {}", words.join(", ")),
        },
    )
}

fn or_off<T>(raw: &Raw, parse: fn(&Raw) -> Parsed<T>) -> Parsed<Option<T>> {
    if let Ok("off" | "none" | "false") = raw.one() {
        return Ok(None);
    }
    parse(raw)
        .map(Some)
        .map_err(|expected| format!("{expected}, or off"))
}

fn list_or_none(raw: &Raw) -> Parsed<Vec<&str>> {
    let items = raw.list();
    match &items[..] {
        ["none"] => Ok(Vec::new()),
        [] if raw.is_empty_list() => Ok(items),
        [] => Err("expected a list with commas, or none".into()),
        _ => Ok(items),
    }
}
