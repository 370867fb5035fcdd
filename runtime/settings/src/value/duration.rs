//! Durations.

use std::time::Duration;

/// The units in milliseconds, largest first.
const UNITS: [(&str, u64); 5] = [
    ("d", 24 * 60 * 60 * 1000),
    ("h", 60 * 60 * 1000),
    ("m", 60 * 1000),
    ("s", 1000),
    ("ms", 1),
];

/// A year: a point in time that far ahead exists on every clock, so adding a duration cannot overflow.
const MAX_MS: u64 = 365 * 24 * 60 * 60 * 1000;

/// Reads a duration: `500ms`, `30s`, `10m`, `24h`, `7d`. The unit is required, since a bare number could be either
/// seconds or milliseconds.
///
/// # Errors
/// When it is no such duration, or is above 365 days: says what was expected.
///
/// ```
/// use std::time::Duration;
/// assert_eq!(wsfn_settings::duration("10m"), Ok(Duration::from_secs(600)));
/// assert!(wsfn_settings::duration("10").is_err());
/// ```
pub fn parse(text: &str) -> Result<Duration, String> {
    let expected = || "expected a duration such as 500ms, 30s, 10m or 24h".to_string();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim_start();
    let factor = UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .map(|(_, factor)| *factor)
        .filter(|_| !number.is_empty())
        .ok_or_else(expected)?;
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(factor))
        .filter(|ms| *ms <= MAX_MS)
        .map(Duration::from_millis)
        .ok_or_else(|| "expected a duration of at most 365d".to_string())
}

/// Writes a duration with the largest unit that divides it. Less than a millisecond is left away.
#[must_use]
pub fn show(duration: Duration) -> String {
    let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    UNITS
        .iter()
        .find(|(_, factor)| ms != 0 && ms.is_multiple_of(*factor))
        .map_or_else(
            || "0s".to_string(),
            |(name, factor)| format!("{}{name}", ms / factor),
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_unit() {
        for (text, ms) in [
            ("0s", 0),
            ("1ms", 1),
            ("30s", 30_000),
            ("2 m", 120_000),
            ("24h", 86_400_000),
            ("1d", 86_400_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(ms)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "s",
            "30",
            "-1s",
            "1.5s",
            "1 S",
            "1min",
            "366d",
            "99999999999999999999s",
            "1h30m",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn parse_undoes_show(ms in 0..=MAX_MS) {
            let duration = Duration::from_millis(ms);
            prop_assert_eq!(parse(&show(duration)), Ok(duration));
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = parse(&text);
        }
    }
}
