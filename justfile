# The commands of this project; `just` lists them.

_default:
    @just --list

# Replay every recording of the repository: the main job.
replay *ARGS:
    cargo run --release -- replay recordings {{ARGS}}

# Run every test.
test *ARGS:
    cargo test --workspace {{ARGS}}

# Format, lint and document as CI does.
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --all-features -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --all-features

# Measure, all benches or those whose name holds FILTER.
bench FILTER="":
    cargo bench --workspace -- {{FILTER}}

# Measure other evaluators beside ours, on all workloads or those named.
peers *WORKLOADS:
    cargo bench --features peers --bench peers -- {{WORKLOADS}}

# Count instructions and allocations per decision and hold them against benches/limits.toml
# (needs valgrind); `--write` sets the limits to what is counted.
instructions *ARGS:
    cargo bench --bench instructions -- {{ARGS}}

# Check licences, advisories and sources of the dependencies.
deny:
    cargo deny check

# All that CI does.
ci:
    bash .ci/run
