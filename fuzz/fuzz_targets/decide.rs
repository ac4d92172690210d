//! Both evaluators decide the same under policies made from bytes, and under the same with some
//! characters changed.

#![no_main]

#[path = "../../crates/retrigger-iam/tests/it/agree.rs"]
mod agree;
#[path = "../../crates/retrigger-iam/tests/it/generate/mod.rs"]
#[allow(dead_code, unused_imports, reason = "shared with the tests, which use all of it")]
mod generate;
#[path = "../../crates/retrigger-iam/tests/it/kinds.rs"]
#[allow(dead_code, reason = "shared with the tests, which use all of it")]
mod kinds;

use libfuzzer_sys::fuzz_target;
use retrigger_iam::Policy;

/// The most characters that are changed; each takes three bytes.
const MOST_EDITS: usize = 8;

fuzz_target!(|bytes: &[u8]| {
    let (edits, bytes) = bytes.split_at(bytes.len().min(1 + 3 * MOST_EDITS));
    let case = generate::case(bytes);
    let count = edits.first().map_or(0, |count| usize::from(*count) % (MOST_EDITS + 1));
    let mut edits = edits.get(1..).unwrap_or_default().chunks_exact(3).take(count);
    let texts = case.policies.map(|document| {
        let text = document.to_string();
        // Half of the edits go to the first documents, where most of the decision is.
        let here = edits.len().div_ceil(2);
        edits.by_ref().take(here).fold(text, |text, edit| edited(&text, edit))
    });
    // What can no longer be read decides nothing.
    let nothing = r#"{"Statement": []}"#;
    let is_read = |text: &String| Policy::parse(text).policy.is_some();
    let texts = texts.map(|text| if is_read(text) { text.clone() } else { nothing.to_owned() });
    let both = agree::Both::new(texts.read());
    for request in &case.requests {
        both.check(request);
    }
});

/// The text with one character replaced, taken out or put in.
fn edited(text: &str, edit: &[u8]) -> String {
    let [high, low, what] = edit else { return text.to_owned() };
    let place = usize::from(*high) << 8 | usize::from(*low);
    let place = text.floor_char_boundary(place % text.len());
    let (before, after) = text.split_at(place);
    let rest: String = after.chars().skip(1).collect();
    match what {
        0..=15 => format!("{before}{rest}"),
        16..=31 => format!("{before}*{after}"),
        32..=126 => format!("{before}{}{rest}", char::from(*what)),
        127..=220 => format!("{before}{}{after}", char::from(what - 95)),
        _ => format!("{before}{}{rest}", char::from(*what)),
    }
}
