//! TC3-HMAC-SHA256: how requests to Tencent's API are signed (583/31703).

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use wsfn_protocol::hex;
use wsfn_settings::ScfCredentials;

const ALGORITHM: &str = "TC3-HMAC-SHA256";

/// The headers that are signed: the two that have to be, and the one that says what is asked for.
const SIGNED_HEADERS: &str = "content-type;host;x-tc-action";

pub(super) const CONTENT_TYPE: &str = "application/json; charset=utf-8";

const DAY: u64 = 24 * 60 * 60;

/// A `POST` to `/` without a query, which is the one kind of request that is made here.
pub(super) struct Signed<'a> {
    /// The product, which is the first label of the API's usual host.
    pub(super) service: &'a str,
    /// As in the header `Host`.
    pub(super) host: &'a str,
    /// `X-TC-Action`.
    pub(super) action: &'a str,
    /// `X-TC-Timestamp`: seconds since 1970.
    pub(super) timestamp: u64,
    pub(super) body: &'a [u8],
}

impl Signed<'_> {
    /// The header `Authorization`.
    pub(super) fn authorization(&self, credentials: &ScfCredentials) -> String {
        let date = date(self.timestamp);
        let scope = format!("{date}/{}/tc3_request", self.service);
        let canonical = format!(
            "POST\n/\n\ncontent-type:{CONTENT_TYPE}\nhost:{}\nx-tc-action:{}\n\n{SIGNED_HEADERS}\n{}",
            self.host.to_ascii_lowercase(),
            self.action.to_ascii_lowercase(),
            hash(self.body),
        );
        let to_sign = format!(
            "{ALGORITHM}\n{}\n{scope}\n{}",
            self.timestamp,
            hash(canonical.as_bytes())
        );
        let mut key = format!("TC3{}", credentials.key.expose()).into_bytes();
        for part in [&date, self.service, "tc3_request"] {
            key = mac(&key, part);
        }
        format!(
            "{ALGORITHM} Credential={}/{scope}, SignedHeaders={SIGNED_HEADERS}, Signature={}",
            credentials.id.expose(),
            hex(&mac(&key, &to_sign)),
        )
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    // A key of HMAC may have any length; were it refused, an empty one would sign what nobody accepts.
    let mac = Hmac::<Sha256>::new_from_slice(key)
        .unwrap_or_else(|_| Hmac::<Sha256>::new(&hmac::digest::Key::<Hmac<Sha256>>::default()));
    mac.chain_update(text.as_bytes())
        .finalize()
        .into_bytes()
        .to_vec()
}

fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The day in UTC, as `2019-02-25`.
fn date(timestamp: u64) -> String {
    let mut day = timestamp / DAY;
    let is_leap =
        |year: u64| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let mut year = 1970;
    loop {
        let days = 365 + u64::from(is_leap(year));
        if day < days {
            break;
        }
        day -= days;
        year += 1;
    }
    let mut month = 1;
    for days in [
        31,
        28 + u64::from(is_leap(year)),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ] {
        if day < days {
            break;
        }
        day -= days;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", day + 1)
}

#[cfg(test)]
mod tests {
    use wsfn_settings::Secret;

    use super::*;

    /// The example of the published description, as it stands there, asterisks and all.
    #[test]
    fn the_published_example_comes_out() {
        let credentials = ScfCredentials {
            id: Secret::new("AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******"),
            key: Secret::new("Gu5t9xGARNpq86cd98joQYCN3*******"),
            token: None,
        };
        let body = br#"{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}"#;
        assert_eq!(
            hash(body),
            "35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064"
        );
        let signed = Signed {
            service: "cvm",
            host: "cvm.tencentcloudapi.com",
            action: "DescribeInstances",
            timestamp: 1_551_113_065,
            body,
        };
        assert_eq!(
            signed.authorization(&credentials),
            "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******/2019-02-25/cvm/tc3_request, \
             SignedHeaders=content-type;host;x-tc-action, \
             Signature=be4f67d323c78ab9acb7395e43c0dbcf822a9cfac32fea2449a7bc7726b770a3"
        );
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for (timestamp, day) in [
            (0, "1970-01-01"),
            (DAY - 1, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_551_113_065, "2019-02-25"),
            (1_735_689_599, "2024-12-31"),
            (1_735_689_600, "2025-01-01"),
            (4_107_542_400, "2100-03-01"),
        ] {
            assert_eq!(date(timestamp), day);
        }
    }
}
