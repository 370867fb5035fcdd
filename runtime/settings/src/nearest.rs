//! Which name was meant.

/// The candidate that is nearest to a text, if any is near enough to be what was meant: at most a third of its
/// letters differ, two at the least.
pub(crate) fn nearest<'a>(
    text: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    /// Longer texts are no misspelled name, and the distance takes the product of both lengths to find.
    const LONGEST: usize = 64;

    if text.len() > LONGEST {
        return None;
    }
    let text = text.to_ascii_lowercase().replace('_', "-");
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&text, candidate), candidate))
        .filter(|(distance, candidate)| {
            *distance <= (candidate.len() / 3).clamp(2, 4) && *distance < text.chars().count()
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_what_was_meant() {
        let names = || crate::SETTINGS.iter().map(|setting| setting.name);
        for (text, meant) in [
            ("push_listen", "push-listen"),
            ("pushlisten", "push-listen"),
            ("max-mesage", "max-message"),
            ("MAX_MESSAGES", "max-message"),
            ("lsiten", "listen"),
            ("ping-intervall", "ping-interval"),
            ("push-tokn", "push-token"),
        ] {
            assert_eq!(nearest(text, names()), Some(meant), "{text}");
        }
        for text in ["", "x", "something-else-entirely", "colour"] {
            assert_eq!(nearest(text, names()), None, "{text}");
        }
    }
}
