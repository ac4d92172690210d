//! Where results go: one writer, colours only on a terminal.

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
};

use clap::ValueEnum;
use retrigger::reporter::Look;

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Human,
    /// For programs: one JSON object a line.
    Json,
}

/// `1 thing`, `2 things`, `3 batches`.
pub(crate) fn counted<N: Copy + Display + PartialEq + From<u8>>(count: N, what: &str) -> String {
    let ending = match what {
        _ if count == N::from(1) => "",
        what if what.ends_with("ch") => "es",
        _ => "s",
    };
    format!("{count} {what}{ending}")
}

fn look_of(stream: &impl IsTerminal, choice: anstream::ColorChoice) -> Look {
    let width = if stream.is_terminal() { terminal_size::terminal_size() } else { None };
    let width = width.map_or(80, |(width, _)| usize::from(width.0).clamp(40, 100));
    Look { width, color: choice != anstream::ColorChoice::Never }
}

/// The standard output, buffered.
pub(crate) struct Output {
    writer: io::BufWriter<anstream::Stdout>,
}

impl Output {
    /// The standard output of the process.
    pub(crate) fn stdout() -> Self {
        Self { writer: io::BufWriter::new(anstream::stdout()) }
    }

    /// How text on stdout looks: as wide as the terminal up to 100 columns, else 80; coloured
    /// where the terminal and the environment (`NO_COLOR`, `CLICOLOR_FORCE`) want it.
    pub(crate) fn look() -> Look {
        look_of(&io::stdout(), anstream::AutoStream::choice(&io::stdout()))
    }

    /// The same of stderr.
    pub(crate) fn look_of_stderr() -> Look {
        look_of(&io::stderr(), anstream::AutoStream::choice(&io::stderr()))
    }

    /// One JSON object on a line of its own.
    pub(crate) fn json(&mut self, value: &impl serde::Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.writer, value)?;
        self.writer.write_all(b"\n")
    }

    /// Text broken at spaces to the width of the output, continued two columns in.
    pub(crate) fn wrapped(&mut self, text: &str) -> io::Result<()> {
        self.wrapped_between("", "  ", text)
    }

    /// An item of a list, broken likewise.
    pub(crate) fn item(&mut self, text: &str) -> io::Result<()> {
        self.wrapped_between("  - ", "    ", text)
    }

    fn wrapped_between(&mut self, first: &str, later: &str, text: &str) -> io::Result<()> {
        let options = textwrap::Options::new(Self::look().width);
        let options = options.initial_indent(first).subsequent_indent(later);
        let options = options.word_splitter(textwrap::WordSplitter::NoHyphenation);
        let options = options.word_separator(textwrap::WordSeparator::AsciiSpace);
        textwrap::wrap(text, options.break_words(false))
            .iter()
            .try_for_each(|line| writeln!(self, "{line}"))
    }

    /// Hands over what is buffered.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
