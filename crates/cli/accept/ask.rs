//! Asking on the terminal.

use std::io::{self, Write};

use tokio::runtime::Runtime;

use crate::{exit::Failure, output::Output, replay::until_interrupted};

/// What can be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No,
    /// This one and all that follow.
    All,
    /// Neither this one nor any that follows.
    Quit,
    /// First show more.
    Details,
}

const QUESTION: &str = "  accept? [y]es, [n]o, [a]ll, [q]uit, [d]etails: ";

/// Asks until an answer is one of those that there are. The end of the input is an answer: to quit.
pub(super) fn ask(runtime: &Runtime, output: &mut Output) -> Result<Answer, Failure> {
    loop {
        write!(output, "{QUESTION}")?;
        output.finish()?;
        let Some(line) = line(runtime)? else {
            writeln!(output)?;
            return Ok(Answer::Quit);
        };
        if let Some(answer) = Answer::read(&line) {
            return Ok(answer);
        }
    }
}

/// The next line of the input; `None` at its end. Ctrl-C ends the wait.
fn line(runtime: &Runtime) -> Result<Option<String>, Failure> {
    let read = async {
        let line = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            io::stdin().read_line(&mut line).map(|bytes| (bytes > 0).then_some(line))
        });
        line.await.map_err(io::Error::other)?.map_err(Into::into)
    };
    runtime.block_on(until_interrupted(read))
}

impl Answer {
    fn read(line: &str) -> Option<Self> {
        Some(match line.trim().to_lowercase().as_str() {
            "y" | "yes" => Self::Yes,
            "n" | "no" => Self::No,
            "a" | "all" => Self::All,
            "q" | "quit" => Self::Quit,
            "d" | "details" => Self::Details,
            _ => return None,
        })
    }
}
