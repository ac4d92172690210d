//! Each AWS call of the handlers refused, one at a time: does the handler cope?
//!
//! ```no_run
//! use retrigger::{Replay, deny_each::deny_each};
//!
//! for refusal in deny_each(&Replay::new(["recordings"]))? {
//!     println!("{} without {}: {}", refusal.recording, refusal.action, refusal.ended);
//! }
//! # Ok::<(), retrigger::ReplayError>(())
//! ```

use std::{
    collections::{BTreeMap, BTreeSet},
    io, mem,
};

use retrigger_recording::Step;
use serde::Serialize;

use crate::{
    event::{Event, HandlerRan, RecordingId},
    policy::as_pattern,
    replay::{Replay, ReplayError},
    reporter::Reporter,
};

/// How a handler ended when one of its calls was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The recording.
    pub recording: RecordingId,
    /// The action that was denied, such as `s3:GetObject`.
    pub action: String,
    /// The resource that it was denied on.
    pub resource: String,
    /// How the handler ended.
    pub ended: Ended,
}

/// How a handler ended, against how it ends when nothing is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// It returned the same response.
    Same,
    /// It returned another response.
    OtherResponse,
    /// It failed: the type of its error.
    FunctionError(String),
    /// It did not run.
    NotRun,
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Same => f.write_str("same response"),
            Self::OtherResponse => f.write_str("another response"),
            Self::FunctionError(kind) => write!(f, "function error {kind}"),
            Self::NotRun => f.write_str("not run"),
        }
    }
}

/// Replays once as it is, then once for each distinct call that was allowed, with that call denied.
/// Rows are in the order of actions and resources, then of recordings.
///
/// # Errors
///
/// As [`Replay::run`].
pub fn deny_each(replay: &Replay) -> Result<Vec<Refusal>, ReplayError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(deny_each_async(replay))
}

/// The same within a tokio runtime.
///
/// # Errors
///
/// As [`Replay::run`].
pub async fn deny_each_async(replay: &Replay) -> Result<Vec<Refusal>, ReplayError> {
    let usual = seen(replay).await?;
    let calls: BTreeSet<&Call> = usual.values().flat_map(|seen| &seen.calls).collect();
    let mut refusals = Vec::new();
    for call in calls {
        let (action, resource) = call;
        let denied = format!("{action}@{}", as_pattern(resource));
        let denied = replay.clone().build(false).deny(&denied);
        let denied = denied.map_err(|error| ReplayError::Io(io::Error::other(error)))?;
        let mut now = seen(&denied).await?;
        for (recording, before) in usual.iter().filter(|(_, seen)| seen.calls.contains(call)) {
            let ran = now.remove(recording).and_then(|seen| seen.ran);
            refusals.push(Refusal {
                recording: recording.clone(),
                action: action.clone(),
                resource: resource.clone(),
                ended: ended(before.ran.as_ref(), ran.as_ref()),
            });
        }
    }
    Ok(refusals)
}

fn ended(before: Option<&HandlerRan>, now: Option<&HandlerRan>) -> Ended {
    let Some(now) = now else { return Ended::NotRun };
    if let Some(error) = &now.function_error {
        let kind = error.get("errorType").and_then(serde_json::Value::as_str);
        return Ended::FunctionError(kind.unwrap_or("?").to_owned());
    }
    let same = before.is_some_and(|before| before.response == now.response);
    if same { Ended::Same } else { Ended::OtherResponse }
}

/// An action and its resource.
type Call = (String, String);

/// What a replay of one recording showed.
#[derive(Default)]
struct Seen {
    calls: BTreeSet<Call>,
    ran: Option<HandlerRan>,
}

async fn seen(replay: &Replay) -> Result<BTreeMap<RecordingId, Seen>, ReplayError> {
    let mut keep = Keep::default();
    replay.run_async(&mut keep).await?;
    Ok(keep.seen)
}

#[derive(Default)]
struct Keep {
    current: Seen,
    seen: BTreeMap<RecordingId, Seen>,
}

impl Reporter for Keep {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Decided(decided)
                if decided.step == Step::Call && decided.explanation.decision.is_allowed() =>
            {
                let request = &decided.request;
                self.current.calls.insert((request.action.clone(), request.resource.clone()));
            }
            Event::HandlerRan(ran) => self.current.ran = Some(ran.clone()),
            Event::RecordingFinished(finished) => {
                self.seen.insert(finished.recording.clone(), mem::take(&mut self.current));
            }
            _ => {}
        }
        Ok(())
    }
}
