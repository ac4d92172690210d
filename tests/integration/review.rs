//! `retrigger accept` on a terminal: a pseudo-terminal, and somebody who answers.

use std::fs;

use rexpect::session::{PtySession, spawn_command};

use crate::{
    accept::{answering, demo, tree},
    bad_input::Demo,
    support::command,
};

const QUESTION: &str = "accept? [y]es, [n]o, [a]ll, [q]uit, [d]etails: ";

/// Starts the review of a handler that now answers otherwise in both recordings.
fn review(demo: &Demo) -> PtySession {
    let mut command = command();
    command.arg("accept").arg(demo.path("")).env_remove("CI").env("NO_COLOR", "1");
    spawn_command(command, Some(20_000)).unwrap()
}

fn changed() -> Demo {
    demo(&answering("{ v: 2, list: [1, 2] }"))
}

/// Answers one question; gives what was shown before it.
fn answer(terminal: &mut PtySession, with: &str) -> String {
    let shown = terminal.exp_string(QUESTION).unwrap();
    terminal.send_line(with).unwrap();
    shown
}

/// The rest of what is shown, and the exit code.
fn end(mut terminal: PtySession) -> (String, String) {
    let shown = terminal.exp_eof().unwrap();
    let status = format!("{:?}", terminal.process().wait().unwrap());
    let code = status.split(", ").nth(1).unwrap_or_default().trim_end_matches(')').to_owned();
    (shown, code)
}

fn is_accepted(demo: &Demo, name: &str) -> bool {
    fs::read_to_string(demo.path(name).join("expected.json")).unwrap().contains("\"v\":2")
}

#[test]
fn one_is_accepted_and_one_is_left() {
    let demo = changed();
    let mut terminal = review(&demo);
    let shown = answer(&mut terminal, "y");
    assert!(shown.contains("-  \"v\": 1") && shown.contains("+  \"v\": 2"), "{shown}");
    let shown = answer(&mut terminal, "n");
    assert!(shown.contains("accepted") && shown.contains("/two"), "{shown}");
    let (shown, code) = end(terminal);
    assert!(shown.contains("2 recordings: 1 accepted, 1 left as they are"), "{shown}");
    assert_eq!(code, "1");
    assert!(is_accepted(&demo, "one") && !is_accepted(&demo, "two"));
}

#[test]
fn all_means_this_one_and_the_rest() {
    let demo = changed();
    let mut terminal = review(&demo);
    answer(&mut terminal, "A");
    let (shown, code) = end(terminal);
    assert!(shown.contains("2 recordings: 2 accepted"), "{shown}");
    assert_eq!(code, "0");
    assert!(is_accepted(&demo, "one") && is_accepted(&demo, "two"));
}

#[test]
fn details_are_shown_and_a_wrong_answer_is_asked_for_again() {
    let demo = changed();
    let before = tree(&demo);
    let mut terminal = review(&demo);
    answer(&mut terminal, "d");
    let shown = answer(&mut terminal, "perhaps");
    assert!(shown.contains("may Lambda assume the role? Allowed"), "{shown}");
    answer(&mut terminal, "q");
    let (shown, code) = end(terminal);
    assert!(shown.contains("2 recordings: 2 left as they are"), "{shown}");
    assert_eq!(code, "1");
    assert_eq!(tree(&demo), before);
}

#[test]
fn ctrl_d_quits_and_ctrl_c_interrupts() {
    for (key, code, said) in [('d', "1", "2 left as they are"), ('c', "2", "error: interrupted")] {
        let demo = changed();
        let before = tree(&demo);
        let mut terminal = review(&demo);
        terminal.exp_string(QUESTION).unwrap();
        terminal.send_control(key).unwrap();
        let (shown, ended) = end(terminal);
        assert!(shown.contains(said), "{shown}");
        assert_eq!(ended, code);
        assert_eq!(tree(&demo), before);
    }
}
