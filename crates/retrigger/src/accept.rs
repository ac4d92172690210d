//! Accepting what replays show as what they must show from now on.
//!
//! ```text
//! Accept ─▶ replay, with noise detection a second time in fresh sandboxes
//!        ─▶ for each recording that is not as expected a Proposal ─▶ accept: its files are written
//! ```
//!
//! Nothing is written unless a proposal is accepted, and then only what changed: what the
//! expectation left out stays out, what may vary keeps its recorded value, secrets are redacted.
//!
//! ```no_run
//! use retrigger::{Replay, accept::Accept};
//!
//! let review = Accept::new(Replay::new(["recordings"])).run()?;
//! for proposal in review.proposals.iter().filter(|proposal| proposal.can_be_accepted()) {
//!     println!("{}", retrigger::reporter::proposal_text(proposal, Default::default()));
//!     proposal.accept()?;
//! }
//! # Ok::<(), retrigger::ReplayError>(())
//! ```

mod merge;
mod proposal;

use std::{collections::BTreeMap, io, time::Duration};

use crate::{
    event::{Event, RecordingFinished, Status},
    replay::{Replay, ReplayError},
    reporter::Reporter,
};

pub use proposal::Proposal;

/// How far apart the two runs of noise detection are, so that a time in whole seconds differs.
const PAUSE: Duration = Duration::from_millis(1100);

/// A run over recordings whose results can be accepted.
#[derive(Clone, Debug)]
pub struct Accept {
    replay: Replay,
    detect_noise: bool,
}

/// What came of a run.
#[derive(Debug)]
#[must_use = "nothing is written before a proposal is accepted"]
pub struct Review {
    /// Every recording of which there is something to say: it differs, is new or varies, cannot be
    /// replayed, or expects what no longer applies. In the order in which they were found.
    pub proposals: Vec<Proposal>,
    /// How many recordings are as expected.
    pub as_expected: usize,
}

impl Accept {
    /// Replays as `replay` says.
    pub fn new(replay: Replay) -> Self {
        Self { replay, detect_noise: false }
    }

    /// Whether each handler runs twice on the same event, each time in a fresh sandbox, to find
    /// what varies by itself.
    #[must_use]
    pub fn detect_noise(mut self, yes: bool) -> Self {
        self.detect_noise = yes;
        self
    }

    /// Replays, and compares with what is expected.
    ///
    /// # Errors
    ///
    /// As [`Replay::run`].
    pub fn run(&self) -> Result<Review, ReplayError> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(self.run_async(&mut ()))
    }

    /// The same within a tokio runtime, with a reporter that sees the events of the replays.
    pub async fn run_async(&self, reporter: &mut dyn Reporter) -> Result<Review, ReplayError> {
        let fresh = self.replay.clone().fresh_sandboxes(self.detect_noise);
        let first = replayed(&fresh, reporter).await?;
        let mut second = BTreeMap::new();
        if self.detect_noise {
            tokio::time::sleep(PAUSE).await;
            let again = replayed(&fresh, reporter).await?;
            let finished = again.into_iter().map(|seen| seen.finished);
            second.extend(finished.map(|finished| (finished.recording.clone(), finished)));
        }
        let mut review = Review { proposals: Vec::new(), as_expected: 0 };
        for seen in first {
            let again = second.get(&seen.finished.recording);
            let proposal = Proposal::of(seen, again);
            if proposal.status == Status::Passed && !proposal.can_be_accepted() {
                review.as_expected += 1;
            }
            if !proposal.is_silent() {
                review.proposals.push(proposal);
            }
        }
        Ok(review)
    }
}

/// A replay of one recording.
#[derive(Clone, Debug)]
struct Seen {
    events: Vec<Event>,
    finished: RecordingFinished,
}

async fn replayed(replay: &Replay, reporter: &mut dyn Reporter) -> Result<Vec<Seen>, ReplayError> {
    let mut keep = Keep { reporter, events: Vec::new(), seen: Vec::new() };
    replay.run_async(&mut keep).await?;
    Ok(keep.seen)
}

/// Keeps the events of each recording, and hands all on.
struct Keep<'r> {
    reporter: &'r mut dyn Reporter,
    events: Vec<Event>,
    seen: Vec<Seen>,
}

impl Reporter for Keep<'_> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted { .. } | Event::Building { .. } | Event::RunFinished { .. } => {}
            other => self.events.push(other.clone()),
        }
        if let Event::RecordingFinished(finished) = event {
            let events = std::mem::take(&mut self.events);
            self.seen.push(Seen { events, finished: (**finished).clone() });
        }
        self.reporter.event(event)
    }
}
