//! The command line from the outside, the project's own suites, and the shared ones.

mod bad_input;
mod check;
mod classify;
mod decisions;
mod explain;
mod in_process;
mod lint;
mod lint_shared;
mod replay;
mod shared;
mod signals;
mod support;

/// A file beside this one that is not listed above would never run.
#[test]
fn every_file_is_listed() {
    let here = std::fs::read_to_string("tests/integration/main.rs").unwrap();
    for entry in std::fs::read_dir("tests/integration").unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let module = name.trim_end_matches(".rs");
        if module == "main" {
            continue;
        }
        assert!(here.contains(&format!("mod {module};")), "{name} is not listed");
    }
}
