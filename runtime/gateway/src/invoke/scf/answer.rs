//! What Tencent's API answers to `InvokeFunction` (583/58400).

use std::borrow::Cow;

use serde::Deserialize;
use wsfn_protocol::Kind;

use crate::invoke::reply::{failed, read};
use crate::invoke::{InvokeAnswer, InvokeError};

/// The most of somebody else's error text that is logged.
const ERROR_SHOWN: usize = 1024;

/// Families of errors that say that the request was refused before any function was called (583/30771). What stands
/// behind the dot says more and changes nothing; whatever is not here may have happened while the function ran.
const REFUSED: &[&str] = &[
    "ActionOffline",
    "AuthFailure",
    "DryRunOperation",
    "InvalidAction",
    "InvalidParameter",
    "InvalidParameterValue",
    "InvalidRequest",
    "IpInBlacklist",
    "IpNotInWhitelist",
    "MissingParameter",
    "NoSuchProduct",
    "NoSuchVersion",
    "RequestSizeLimitExceeded",
    "ResourceNotFound",
    "UnauthorizedOperation",
    "UnknownParameter",
    "UnsupportedProtocol",
    "UnsupportedRegion",
];

/// Families that say that too much is asked for at once.
const THROTTLED: &[&str] = &["LimitExceeded", "RequestLimitExceeded"];

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, rename = "Response")]
    response: Response<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Response<'a> {
    #[serde(borrow, default)]
    error: Option<Error<'a>>,
    #[serde(borrow, default)]
    result: Option<Run<'a>>,
    #[serde(borrow, default)]
    request_id: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Error<'a> {
    #[serde(borrow)]
    code: Cow<'a, str>,
    #[serde(borrow, default)]
    message: Option<Cow<'a, str>>,
}

/// What became of the function.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Run<'a> {
    invoke_result: i64,
    #[serde(borrow, default)]
    ret_msg: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    err_msg: Option<Cow<'a, str>>,
}

/// What the answer of the API means for the call. Pushes inside a reply and other additions of ours are not looked at:
/// a function that is called this way was not told that they would be.
pub(crate) fn meaning(
    kind: Kind,
    body: &[u8],
    request_id: &str,
) -> Result<InvokeAnswer, InvokeError> {
    let wire: Wire<'_> = serde_json::from_slice(body)
        .map_err(|error| failed(format!("the API's answer is none: {error}")))?;
    let response = wire.response;
    if let Some(error) = response.error {
        let text = error.message.as_deref().unwrap_or_default();
        tracing::error!(
            request_id,
            scf_request_id = response.request_id.as_deref().unwrap_or_default(),
            code = shown(&error.code),
            "SCF did not call the function: {}{}",
            shown(text),
            advice(&error.code)
        );
        return Err(refusal(&error.code));
    }
    let Some(run) = response.result else {
        return Err(failed("the API's answer has neither Result nor Error"));
    };
    if run.invoke_result != 0 {
        let text = run.err_msg.as_deref().unwrap_or_default();
        return Err(failed(format!(
            "the function failed in SCF with {}: {}",
            run.invoke_result,
            shown(text)
        )));
    }
    let mut answer = read(kind, run.ret_msg.as_deref().unwrap_or_default().as_bytes())?;
    answer.pushes.clear();
    answer.unordered = false;
    Ok(answer)
}

fn refusal(code: &str) -> InvokeError {
    let family = code.split('.').next().unwrap_or_default();
    if THROTTLED.contains(&family) {
        InvokeError::QueueFull
    } else if REFUSED.contains(&family) {
        InvokeError::NotSent
    } else {
        failed(format!("the API answered {}", shown(code)))
    }
}

/// What to do about the errors that come from here.
fn advice(code: &str) -> &'static str {
    match code {
        "AuthFailure.SignatureExpire" => {
            "; the clock here and Tencent's are more than five minutes apart: set the clock"
        }
        "AuthFailure.TokenFailure" => {
            "; a temporary key has run out, or its token is another one's"
        }
        code if code.starts_with("AuthFailure") => {
            "; see TENCENTCLOUD_SECRETID and TENCENTCLOUD_SECRETKEY, or scf-credentials"
        }
        code if code.starts_with("UnauthorizedOperation") => {
            "; the key needs the right scf:InvokeFunction"
        }
        _ => "",
    }
}

fn shown(text: &str) -> &str {
    match text.char_indices().nth(ERROR_SHOWN) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}
