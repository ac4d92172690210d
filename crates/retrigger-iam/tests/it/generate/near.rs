//! Texts that are nearly the same, and patterns that nearly cover a text.

use super::{
    entropy::Entropy,
    pools::{ODD, VARIABLES},
};

/// The text with one thing about it changed.
pub(crate) fn change(entropy: &mut Entropy<'_>, text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let at = entropy.below(characters.len().max(1));
    let (before, rest) = characters.split_at(at.min(characters.len()));
    let before: String = before.iter().collect();
    let rest: String = rest.iter().collect();
    let after: String = rest.chars().skip(1).collect();
    match entropy.below(12) {
        0 => text.to_uppercase(),
        1 => format!("{before}{}{after}", rest.chars().map(other_case).next().unwrap_or('x')),
        2 => format!("{before}{after}"),
        3 => format!("{before}x{rest}"),
        4 => format!("{before}:{rest}"),
        5 => format!("{before}{}{rest}", entropy.pick(&ODD)),
        6 => format!("{text}{}", rest.chars().last().unwrap_or('a')),
        7 => text.replacen("1111", "1112", 1),
        8 => text.replacen(':', "", 1),
        9 => part(entropy, text, ""),
        10 => text.to_lowercase(),
        _ => entropy.pick(&ODD).to_owned(),
    }
}

fn other_case(character: char) -> char {
    match character {
        upper if upper.is_uppercase() => upper.to_lowercase().next().unwrap_or(upper),
        digit @ '0'..='8' => char::from_u32(u32::from(digit) + 1).unwrap_or(digit),
        lower => lower.to_uppercase().next().unwrap_or(lower),
    }
}

/// One part between colons replaced.
fn part(entropy: &mut Entropy<'_>, text: &str, by: &str) -> String {
    let mut parts: Vec<&str> = text.split(':').collect();
    let at = entropy.below(parts.len());
    parts[at] = by;
    parts.join(":")
}

/// A pattern around a text: most cover it.
pub(crate) fn pattern(entropy: &mut Entropy<'_>, text: &str) -> String {
    match entropy.weighted(&[(3, 0), (2, 1), (2, 2), (2, 3), (2, 4)]) {
        0 => "*".to_owned(),
        1 => text.to_owned(),
        2 => format!("{}*", start(entropy, text)),
        3 => wildcards(entropy, text),
        _ => change(entropy, text),
    }
}

fn start<'t>(entropy: &mut Entropy<'_>, text: &'t str) -> &'t str {
    let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let at = entropy.below(places.len().max(1));
    // The ends of words are where people put wildcards.
    let at = places.get(at).copied().unwrap_or_default();
    let at = text[at..].find([':', '/']).map_or(at, |more| at + more + 1);
    &text[..at]
}

/// The text with wildcards, or a variable, in the place of some of it.
pub(crate) fn wildcards(entropy: &mut Entropy<'_>, text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let end = characters.len();
    let from = entropy.below(end + 1);
    let to = from + entropy.below(end - from + 1);
    let before: String = characters[..from].iter().collect();
    let after: String = characters[to..].iter().collect();
    let rest: String = characters[from..].iter().collect();
    match entropy.below(12) {
        0 => format!("{before}*{after}"),
        1 => format!("{before}?{}", rest.chars().skip(1).collect::<String>()),
        2 => format!("{before}**{after}"),
        3 => part(entropy, text, "*"),
        4 => part(entropy, text, "??*"),
        5 => format!("*{after}"),
        6 => format!("{before}*{}*", after.chars().take(3).collect::<String>()),
        7 => format!("{before}{}{after}", entropy.pick(&VARIABLES)),
        8 => format!("{before}*?{after}"),
        9 => text.split(':').take(entropy.below(5) + 1).collect::<Vec<_>>().join(":") + "*",
        10 => parts_in_wildcards(entropy, text),
        _ => format!("{text}*"),
    }
}

/// Wildcards at the ends of header parts, which may reach past their colon.
fn parts_in_wildcards(entropy: &mut Entropy<'_>, text: &str) -> String {
    let part = |part: &str| {
        let cut: String = part.chars().take(entropy.below(4)).collect();
        if entropy.chance(40) { format!("{cut}*") } else { part.to_owned() }
    };
    text.split(':').map(part).collect::<Vec<_>>().join(":")
}
