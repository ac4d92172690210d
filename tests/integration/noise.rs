//! What varies by itself: found, declared, and left aside where a replay compares.

use std::fs;

use rstest::rstest;

use crate::accept::{answering, demo, run};

/// What differs in each run and, last, what does not.
const NOISY: &str = "import { randomUUID } from 'node:crypto';
export const handler = async () => ({
  body: JSON.stringify({ id: randomUUID(), at: new Date().toISOString() }),
  epoch: Math.floor(Date.now() / 1000),
  items: [{ key: randomUUID() }, { key: randomUUID() }],
  same: 1,
});";

#[test]
fn noise_is_found_and_written_as_rules() {
    let demo = demo(NOISY);
    let accept = ["accept", "--detect-noise", "--yes", "--filter", "/two"];
    let ran = run(&demo, None, &accept);
    assert_eq!(ran.code, 0, "{}", ran.text());
    assert!(ran.stdout.contains("`/body/id` varies from run to run: id"), "{}", ran.stdout);
    let manifest = fs::read_to_string(demo.path("two/recording.toml")).unwrap();
    insta::assert_snapshot!(manifest, @r#"
    # by hand
    format = 1

    [[noise]]
    path = "/body/id"
    varies = "id"

    [[noise]]
    path = "/body/at"
    varies = "time"

    [[noise]]
    path = "/epoch"
    varies = "time"

    [[noise]]
    path = "/items/*/key"
    varies = "id"
    "#);
    let expected = fs::read_to_string(demo.path("two/expected.json")).unwrap();
    assert_eq!(run(&demo, None, &["replay", "--filter", "/two"]).code, 0);

    // What is declared is not found again, and a new value is no reason to write.
    let ran = run(&demo, None, &accept);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "1 recording: 1 as expected\n"));

    // A real change is still one, and the values that vary stay as they were recorded.
    demo.write("handler/index.mjs", NOISY.replace("same: 1", "same: 2"));
    assert_eq!(run(&demo, None, &["replay", "--filter", "/two"]).code, 1);
    assert_eq!(run(&demo, None, &["accept", "--yes", "--filter", "/two"]).code, 0);
    let after = fs::read_to_string(demo.path("two/expected.json")).unwrap();
    assert_eq!(
        after,
        expected.replace("\"same\": 1", "\"same\": 2").replace("\"same\":1", "\"same\":2")
    );
}

#[rstest]
#[case::time("/v", "time", "1772444460", "1772444461", 0)]
#[case::another_form("/v", "time", "1772444460", "'2026-03-02'", 1)]
#[case::id("/v", "id", "'a-1'", "'a-2'", 0)]
#[case::another_shape("/v", "id", "'a-1'", "'b'", 1)]
#[case::order("/v", "order", "[1, 2]", "[2, 1]", 0)]
#[case::another_element("/v", "order", "[1, 2]", "[2, 3]", 1)]
#[case::any("/v", "any", "[1, 2]", "null", 0)]
#[case::each("/v/*", "id", "[1, 2]", "[8, 9]", 0)]
fn a_rule_lets_vary_what_it_says_and_no_more(
    #[case] path: &str,
    #[case] varies: &str,
    #[case] first: &str,
    #[case] second: &str,
    #[case] code: i32,
) {
    let demo = demo(&answering(&format!("{{ v: {first} }}")));
    assert_eq!(run(&demo, None, &["accept", "--yes"]).code, 0);
    let rule = format!("format = 1\n[[noise]]\npath = \"{path}\"\nvaries = \"{varies}\"\n");
    demo.write("one/recording.toml", &rule);
    demo.write("two/recording.toml", &rule);
    demo.write("handler/index.mjs", answering(&format!("{{ v: {second} }}")));
    let ran = run(&demo, None, &["replay"]);
    assert_eq!(ran.code, code, "{}", ran.text());
}

#[test]
fn the_error_of_a_handler_may_vary_too() {
    let demo = demo("export const handler = async () => { throw new Error(`at ${Date.now()}`); };");
    fs::remove_file(demo.path("one/expected.json")).unwrap();
    assert_eq!(
        run(&demo, None, &["accept", "--yes", "--detect-noise", "--filter", "/one"]).code,
        0
    );
    let manifest = fs::read_to_string(demo.path("one/recording.toml")).unwrap();
    assert!(manifest.contains("path = \"/errorMessage\"\nvaries = \"id\""), "{manifest}");
    assert_eq!(run(&demo, None, &["replay", "--filter", "/one"]).code, 0);
}

#[rstest]
#[case("replay")]
#[case("accept")]
fn a_rule_that_applies_to_nothing_is_pointed_at(#[case] command: &str) {
    let demo = demo(&answering("{ v: 1, list: [1, 2] }"));
    demo.write("one/recording.toml", "format = 1\n[[noise]]\npath = \"/gone\"\nvaries = \"any\"\n");
    let ran = run(&demo, None, &[command]);
    assert_eq!(ran.code, 0, "{}", ran.text());
    for said in ["warning: the answer has nothing at `/gone`", "one/recording.toml:3:8", "^^^^^^^"]
    {
        assert!(ran.stdout.contains(said), "{}", ran.stdout);
    }
}

#[test]
fn a_handler_that_ends_differently_each_time_is_said() {
    let demo = demo(
        "import { existsSync, writeFileSync } from 'node:fs';
export const handler = async () => {
  if (existsSync('ran')) throw new Error('again');
  writeFileSync('ran', '');
  return { v: 1, list: [1, 2] };
};",
    );
    let ran = run(&demo, None, &["accept", "--detect-noise", "--yes", "--filter", "/one"]);
    assert!(
        ran.stdout.contains("two runs end differently: `completed`, `function-error`"),
        "{}",
        ran.stdout
    );
}

#[rstest]
#[case("path = \"a\"\nvaries = \"id\"", "recording.toml:3:8", "does not start with `/`")]
#[case("path = \"/a\"\nvaries = \"uuid\"", "recording.toml:4:10", "unknown value `uuid`")]
#[case("pth = \"/a\"\nvaries = \"id\"", "recording.toml:3:1", "did you mean `path`?")]
fn a_broken_rule_is_refused_with_its_place(
    #[case] rule: &str,
    #[case] place: &str,
    #[case] message: &str,
) {
    let demo = demo(&answering("{ v: 1 }"));
    demo.write("one/recording.toml", format!("format = 1\n[[noise]]\n{rule}\n"));
    for command in ["replay", "accept"] {
        let ran = run(&demo, Some("true"), &[command, "--filter", "/one"]);
        assert_eq!(ran.code, 2, "{}", ran.text());
        assert!(ran.stdout.contains(place) && ran.stdout.contains(message), "{}", ran.stdout);
    }
}
