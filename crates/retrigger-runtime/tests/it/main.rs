//! Sandboxes with real processes: `node`, `python3` and programs of Rust must be on this machine.

mod api_client;
mod bootstrap;
mod lifecycle;
mod node;
mod protocol;
mod python;
mod ric;
mod support;

#[test]
fn every_file_is_a_module() {
    let listed = include_str!("main.rs");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it");
    for file in std::fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let module = name.trim_end_matches(".rs");
        assert!(module == "main" || listed.contains(&format!("mod {module};")), "{name}");
    }
}
