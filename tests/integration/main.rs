//! The command line from the outside, the project's own suites, and the shared ones.

mod accept;
mod bad_input;
mod bench;
mod check;
mod classify;
mod coverage;
mod crash_safety;
mod decisions;
mod derive;
mod explain;
mod gateway_boto3;
#[cfg(feature = "aws")]
mod gateway_sdk_scene;
#[cfg(feature = "aws")]
mod gateway_sdks;
mod in_process;
mod lint;
mod lint_shared;
mod noise;
mod re_record;
mod record;
#[cfg(feature = "aws")]
mod record_moto;
mod record_runtimes;
mod recorded_calls;
mod replay;
mod review;
mod scan;
mod semantics;
mod serve;
mod serve_aws_cli;
mod serve_boto3;
mod serve_door_events;
mod serve_door_scene;
mod serve_door_urls;
mod serve_doors;
mod serve_notify;
mod serve_scene;
mod shared;
mod signals;
#[cfg(feature = "aws")]
mod snapshot;
#[cfg(feature = "aws")]
mod snapshot_moto;
#[cfg(feature = "aws")]
mod snapshot_scene;
mod support;
mod trigger;
mod trigger_kinds;
mod trigger_limits;
mod trigger_polled;
mod trigger_recorded;
mod trigger_scene;

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
