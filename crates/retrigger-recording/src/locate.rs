//! Where a part of a recording stands in its file, for those who point at it.

use std::{
    ops::Range,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    recording::{EXPECTED_FILE, RECORDING_FILE, Recording},
    source::{DOCUMENT, Place, Source},
};

/// A piece of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// The file.
    pub file: PathBuf,
    /// Its whole text.
    pub text: String,
    /// The bytes of the text that are meant.
    pub span: Range<usize>,
    /// Where they start.
    pub place: Place,
}

impl Recording {
    /// Where the rule of [`Manifest::noise`](crate::Manifest::noise) with this index, from 0,
    /// stands in `recording.toml` of `folder`. `None` where the file no longer says so.
    pub fn locate_noise(folder: impl AsRef<Path>, index: usize) -> Option<Located> {
        #[derive(Deserialize)]
        struct Probe {
            noise: Vec<toml::Spanned<Rule>>,
        }
        #[derive(Deserialize)]
        struct Rule {
            path: toml::Spanned<String>,
        }
        let source = Source::read(&folder.as_ref().join(RECORDING_FILE), DOCUMENT).ok()?;
        let probe: Probe = toml::from_str(&source.text).ok()?;
        let span = probe.noise.get(index)?.get_ref().path.span();
        Some(located(source, span))
    }

    /// Where a key of `expected.json` of `folder`, such as `batch`, has its value. `None` where
    /// the file no longer has it.
    pub fn locate_expected(folder: impl AsRef<Path>, key: &str) -> Option<Located> {
        let source = Source::read(&folder.as_ref().join(EXPECTED_FILE), DOCUMENT).ok()?;
        let keys: std::collections::BTreeMap<String, &RawValue> =
            serde_json::from_str(&source.text).ok()?;
        let value = source.span_of(keys.get(key)?.get());
        // The key itself is what is pointed at: the value may be long.
        let quoted = serde_json::Value::from(key).to_string();
        let span = match source.text.get(..value.start).and_then(|before| before.rfind(&quoted)) {
            Some(start) => start..start + quoted.len(),
            None => value,
        };
        Some(located(source, span))
    }
}

fn located(source: Source, span: Range<usize>) -> Located {
    let place = source.place(span.start);
    Located { file: source.path, text: source.text, span, place }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_and_a_key_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name, text| std::fs::write(folder.path().join(name), text).unwrap();
        write(
            RECORDING_FILE,
            "format = 1\n[[noise]]\npath = \"/a\"\nvaries = \"id\"\n[[noise]]\nvaries = \"any\"\npath = \"/b\"\n",
        );
        write(EXPECTED_FILE, "{\"format\": 1,\n \"response\": {\"batch\": 1},\n \"batch\": {}}\n");
        let rule = Recording::locate_noise(folder.path(), 1).unwrap();
        assert_eq!((&rule.text[rule.span], rule.place), ("\"/b\"", Place { line: 7, column: 8 }));
        let key = Recording::locate_expected(folder.path(), "batch").unwrap();
        assert_eq!((&key.text[key.span], key.place), ("\"batch\"", Place { line: 3, column: 2 }));
        assert_eq!(Recording::locate_noise(folder.path(), 2), None);
        assert_eq!(Recording::locate_expected(folder.path(), "logs"), None);
    }
}
