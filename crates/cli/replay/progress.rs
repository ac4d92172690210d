//! Progress on stderr, where that is a terminal.

use std::{io, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use retrigger::{event::Event, reporter::Reporter};

/// A bar that is there while recordings run and gone when they are done, below what another
/// reporter prints.
pub(crate) struct Progress<R> {
    reporter: R,
    bar: ProgressBar,
}

impl<R> Progress<R> {
    pub(crate) fn new(reporter: R) -> Self {
        Self { reporter, bar: ProgressBar::hidden() }
    }

    fn start(&mut self, recordings: usize) {
        self.bar = ProgressBar::new(recordings as u64);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {pos}/{len} {wide_msg}") {
            self.bar.set_style(style);
        }
        self.bar.enable_steady_tick(Duration::from_millis(100));
    }
}

impl<R: Reporter> Reporter for Progress<R> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted { recordings } => self.start(*recordings),
            Event::Building { function } => self.bar.set_message(format!("building {function}")),
            Event::RecordingStarted { recording } => self.bar.set_message(recording.to_string()),
            Event::RecordingFinished(_) => self.bar.inc(1),
            Event::RunFinished { .. } => self.bar.finish_and_clear(),
            _ => {}
        }
        let Self { reporter, bar } = self;
        bar.suspend(|| reporter.event(event))
    }
}
