//! Writes the seed corpus of the fuzz targets that read text: every document of the decision
//! suite and of the pages about findings.
//!
//! ```sh
//! cargo run --package retrigger-iam --example fuzz_seeds -- fuzz/seeds/parse
//! ```

#[path = "../tests/it/kinds.rs"]
#[allow(dead_code, reason = "shared with the tests, which use all of it")]
mod kinds;

use std::{collections::BTreeSet, fs, io, path::Path};

use retrigger_iam::Code;

fn main() -> io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "fuzz/seeds/parse".to_owned());
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    let mut seen = BTreeSet::new();
    let mut write = |name: String, text: &str| {
        let is_new = seen.insert(text.to_owned());
        if is_new { fs::write(folder.join(name), text) } else { Ok(()) }
    };
    for code in Code::ALL {
        let page = code.page();
        write(format!("{code}-example.json"), page.example)?;
        write(format!("{code}-instead.json"), page.instead)?;
    }
    for (path, cases) in kinds::suite() {
        let topic = path.file_stem().unwrap_or_default().to_string_lossy();
        let mut number = 0;
        for mut case in cases {
            for document in case.policies.documents_mut() {
                number += 1;
                write(format!("{topic}-{number:03}.json"), &document.to_string())?;
            }
        }
    }
    Ok(())
}
