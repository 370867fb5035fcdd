//! Sizes in bytes.

/// The units, largest first, so that a size is shown with the largest that divides it.
const UNITS: [(&str, u64); 4] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
];

/// No buffer is ever this large; it keeps arithmetic on limits away from overflow.
const MAX: u64 = 1 << 40;

/// Reads a number of bytes: `65536`, `64KiB`, `16MiB`, `1GiB`. Units are powers of 1024; there may be a space before
/// the unit, and its case does not matter.
///
/// # Errors
/// When it is no such size, or is above 1 TiB: says what was expected.
///
/// ```
/// assert_eq!(wsfn_settings::size("16MiB"), Ok(16 * 1024 * 1024));
/// assert!(wsfn_settings::size("16MB").is_err());
/// ```
pub fn parse(text: &str) -> Result<usize, String> {
    let expected = || "expected a size in bytes such as 65536, 64KiB or 16MiB".to_string();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim_start();
    let factor = match unit {
        "" | "B" => 1,
        unit => UNITS
            .iter()
            .find(|(name, _)| unit.eq_ignore_ascii_case(name))
            .map(|(_, factor)| *factor)
            .ok_or_else(expected)?,
    };
    if number.is_empty() {
        return Err(expected());
    }
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(factor))
        .filter(|bytes| *bytes <= MAX)
        .and_then(|bytes| usize::try_from(bytes).ok())
        .ok_or_else(|| "expected a size of at most 1TiB".to_string())
}

/// Writes a number of bytes with the largest unit that divides it.
#[must_use]
pub fn show(bytes: usize) -> String {
    let bytes = bytes as u64;
    UNITS
        .iter()
        .find(|(_, factor)| bytes != 0 && bytes.is_multiple_of(*factor))
        .map_or_else(
            || bytes.to_string(),
            |(name, factor)| format!("{}{name}", bytes / factor),
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_are_powers_of_1024() {
        for (text, bytes) in [
            ("0", 0),
            ("1", 1),
            ("1B", 1),
            ("4KiB", 4096),
            ("1 MiB", 1 << 20),
            ("1gib", 1 << 30),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "KiB",
            "-1",
            "1.5MiB",
            "1MB",
            "1K",
            "0x10",
            "1 MiB x",
            "2TiB",
            "99999999999999999999",
            "１",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn parse_undoes_show(bytes in 0..=1_usize << 40) {
            prop_assert_eq!(parse(&show(bytes)), Ok(bytes));
        }

        #[test]
        fn parse_undoes_show_with_units(number in 0..=1024_usize, shift in 0..=3_u32) {
            let bytes = number << (10 * shift);
            prop_assert_eq!(parse(&show(bytes)), Ok(bytes));
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = parse(&text);
        }
    }
}
