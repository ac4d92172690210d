//! Names and ids that are close to others, made the same way each time.

/// An account that is not this one. AWS's documentation uses these for examples.
pub(super) fn other_account(account: Option<&str>) -> &'static str {
    if account == Some("111122223333") { "444455556666" } else { "111122223333" }
}

/// A name with another last word: `lambda-demo-news` → `lambda-demo-other`.
pub(super) fn other_name(name: &str) -> String {
    with_stem(name, |stem| {
        let start = stem.rfind(['-', '_', '.', '/']).map_or(0, |at| at + 1);
        let (kept, last) = stem.split_at(start);
        let other = if last == "other" { "another" } else { "other" };
        format!("{kept}{other}")
    })
}

/// A name that goes on where this one ends: `my-targets` → `my-targets2`.
pub(super) fn longer_name(name: &str) -> String {
    with_stem(name, |stem| format!("{stem}2"))
}

/// Changes a name, but not the ending that makes a queue or topic a FIFO one.
fn with_stem(name: &str, change: impl Fn(&str) -> String) -> String {
    match name.strip_suffix(".fifo") {
        Some(stem) => format!("{}.fifo", change(stem)),
        None => change(name),
    }
}

/// An id of the same shape whose last letter or digit is another.
pub(super) fn other_id(id: &str) -> String {
    let Some((at, last)) = id.char_indices().rev().find(|(_, c)| c.is_ascii_alphanumeric()) else {
        return format!("{id}2");
    };
    let next = match last {
        // Within hexadecimal digits, for ids that have no others.
        'f' => 'a',
        'F' => 'A',
        'z' => 'y',
        'Z' => 'Y',
        '9' => '0',
        other => char::from_u32(u32::from(other) + 1).unwrap_or('0'),
    };
    format!("{}{next}{}", &id[..at], &id[at + last.len_utf8()..])
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("orders", "other")]
    #[case("my-other", "my-another")]
    #[case("a_b.c", "a_b.other")]
    fn names_get_another_last_word(#[case] name: &str, #[case] other: &str) {
        assert_eq!(other_name(name), other);
    }

    #[rstest]
    #[case("73e2", "73e3")]
    #[case("abcf", "abca")]
    #[case("x9*", "x0*")]
    #[case("", "2")]
    fn ids_keep_their_shape(#[case] id: &str, #[case] other: &str) {
        assert_eq!(other_id(id), other);
    }
}
