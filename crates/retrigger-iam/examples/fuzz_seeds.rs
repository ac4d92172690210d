//! Writes the seed corpora of the fuzz targets: for those that read text, every document of the
//! decision suite and of the pages about findings; for the one that decides, bytes that make
//! cases of all sizes.
//!
//! ```sh
//! cargo run --package retrigger-iam --example fuzz_seeds -- fuzz/seeds
//! ```

#[path = "../tests/it/cases.rs"]
#[allow(dead_code, reason = "shared with the tests, which use all of it")]
mod cases;
#[path = "../tests/it/kinds.rs"]
#[allow(dead_code, reason = "shared with the tests, which use all of it")]
mod kinds;

use std::{collections::BTreeSet, fs, io, path::Path};

use retrigger_iam::Code;

fn main() -> io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "fuzz/seeds".to_owned());
    texts(&Path::new(&folder).join("text"))?;
    bytes(&Path::new(&folder).join("decide"))
}

fn texts(folder: &Path) -> io::Result<()> {
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
    for (path, cases) in cases::suite() {
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

fn bytes(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut random = fastrand::Rng::with_seed(1);
    for length in [0, 16, 32, 64, 96, 128, 192, 256, 384, 512, 768, 1_024] {
        for number in 0..3 {
            let bytes: Vec<u8> = (0..length).map(|_| random.u8(..)).collect();
            fs::write(folder.join(format!("{length:04}-{number}")), bytes)?;
        }
    }
    Ok(())
}
