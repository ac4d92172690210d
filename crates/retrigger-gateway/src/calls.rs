//! The calls of one invocation: those recorded, and those made.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Mutex, OnceLock, PoisonError},
};

use retrigger_recording::{Call, CallKey, CallResponse};
use serde_json::Value;

use crate::{
    Verdict,
    invocation::{Answered, CallId, Invocation, Observed, ObservedCall, RecordMode},
    nearest,
    operation::Operation,
    parameters::{Known, are_alike, made},
};

/// The most bytes of an answer in which UUIDs and times are looked for.
const MAX_SEARCHED: usize = 1024 * 1024;

/// An invocation under way.
pub(crate) struct Calls {
    invocation: Invocation,
    /// The recorded calls that ask the same, by what they ask.
    groups: Vec<Group>,
    exact: HashMap<String, usize>,
    answers: OnceLock<HashSet<String>>,
    state: Mutex<State>,
}

/// Recorded calls that ask the same: their places by occurrence.
struct Group {
    key: CallKey,
    places: BTreeMap<u32, usize>,
}

#[derive(Default)]
struct State {
    made: Vec<ObservedCall>,
    /// How often what was asked so far.
    counts: HashMap<Asked, u32>,
    /// The calls that a client may try again, by its own id of the call and what it asks.
    tried: HashMap<(String, String), CallId>,
    rejected: Vec<String>,
}

/// What a call asks, as far as calls are counted.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Asked {
    Recorded(usize),
    Other(String),
}

/// A call that is to be answered.
pub(crate) struct Began {
    pub(crate) id: CallId,
    pub(crate) key: CallKey,
    pub(crate) verdict: Verdict,
    /// The place of the recorded call that answers it.
    pub(crate) recorded: Option<usize>,
}

impl Calls {
    pub(crate) fn new(invocation: Invocation) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        let mut exact = HashMap::new();
        for (place, call) in invocation.calls.iter().enumerate() {
            let index = *exact.entry(text(&call.key)).or_insert_with(|| {
                groups.push(Group { key: call.key.clone(), places: BTreeMap::new() });
                groups.len() - 1
            });
            if let Some(group) = groups.get_mut(index) {
                group.places.insert(call.key.occurrence, place);
            }
        }
        Self { invocation, groups, exact, answers: OnceLock::new(), state: Mutex::default() }
    }

    /// Whether a call that is recorded, or is not, goes to the upstream.
    pub(crate) fn goes_upstream(&self, is_recorded: bool) -> bool {
        match self.invocation.mode {
            RecordMode::None => false,
            RecordMode::Once => self.invocation.calls.is_empty(),
            RecordMode::New => !is_recorded,
            RecordMode::All => true,
        }
    }

    /// Notes that a call is being answered by the upstream.
    pub(crate) fn is_pending(&self, id: CallId) {
        if let Some(made) = self.state().made.get_mut(id.0) {
            made.answered = Answered::Pending;
        }
    }

    /// Notes that a call is answered as recorded.
    pub(crate) fn finish_recorded(&self, id: CallId, place: usize) {
        if let Some(call) = self.recorded(place) {
            self.finish(id, call.response.clone(), Answered::Recorded(place));
        }
    }

    pub(crate) fn recorded(&self, place: usize) -> Option<&Call> {
        self.invocation.calls.get(place)
    }

    /// Notes a call. One that a client tries again, with its `attempt` id, is the same call.
    pub(crate) fn begin(
        &self,
        operation: &Operation,
        mut key: CallKey,
        attempt: Option<&str>,
    ) -> Began {
        let asked = text(&key);
        let retry = attempt.map(|attempt| (attempt.to_owned(), asked.clone()));
        if let Some(began) = retry.as_ref().and_then(|retry| self.again(retry)) {
            return began;
        }
        let id = {
            let mut state = self.state();
            let asked = self.group_of(&key, &asked, &state);
            let count = state.counts.entry(asked.clone()).or_default();
            *count += 1;
            key.occurrence = *count;
            let recorded = self.place(&asked, key.occurrence);
            // A call that is known by what is alike keeps the key that is recorded.
            if let Some(call) = recorded.and_then(|place| self.recorded(place)) {
                key = call.key.clone();
            }
            let id = CallId(state.made.len());
            if let Some(retry) = retry {
                state.tried.insert(retry, id);
            }
            let response =
                CallResponse { status: 0, headers: BTreeMap::new(), body: <_>::default() };
            state.made.push(ObservedCall {
                id,
                operation: operation.clone(),
                call: Call { key: key.clone(), response },
                answered: recorded.map_or(Answered::Pending, Answered::Recorded),
                verdict: Verdict::Undecided { missing: Vec::new() },
                attempts: 1,
            });
            (id, recorded)
        };
        let (id, recorded) = id;
        let verdict = self.invocation.authorize.authorize(id, operation);
        if let Some(made) = self.state().made.get_mut(id.0) {
            made.verdict = verdict.clone();
        }
        Began { id, key, verdict, recorded }
    }

    fn again(&self, retry: &(String, String)) -> Option<Began> {
        let mut state = self.state();
        let id = *state.tried.get(retry)?;
        let made = state.made.get_mut(id.0)?;
        made.attempts += 1;
        let recorded = self.exact.get(&text(&made.call.key));
        let recorded = recorded
            .and_then(|group| self.place(&Asked::Recorded(*group), made.call.key.occurrence));
        let (key, verdict) = (made.call.key.clone(), made.verdict.clone());
        Some(Began { id, key, verdict, recorded })
    }

    /// What a call is counted as. Where nothing recorded asks just the same, it may be a recorded
    /// call with parameters that are made anew in each run: the first with an answer left.
    fn group_of(&self, key: &CallKey, asked: &str, state: &State) -> Asked {
        if let Some(index) = self.exact.get(asked) {
            return Asked::Recorded(*index);
        }
        let is_alike = |group: &Group| {
            let CallKey { service, operation, resource, parameters, .. } = &group.key;
            if (service, operation) != (&key.service, &key.operation) {
                return false;
            }
            let known = Known { event: &self.invocation.event, answers: self.answers() };
            let same = |recorded: &Value, now: &Value| are_alike(recorded, now, &known);
            let resources = (resource.as_deref(), key.resource.as_deref());
            same(&Value::from(resources.0), &Value::from(resources.1))
                && same(parameters, &key.parameters)
        };
        let is_left = |index: usize, group: &Group| {
            let count = state.counts.get(&Asked::Recorded(index)).copied().unwrap_or(0);
            group.places.keys().any(|occurrence| *occurrence > count)
        };
        let found = self.groups.iter().enumerate();
        let found = found.filter(|(_, group)| is_alike(group));
        let mut found = found.filter(|(index, group)| is_left(*index, group));
        found
            .next()
            .map_or_else(|| Asked::Other(asked.to_owned()), |(index, _)| Asked::Recorded(index))
    }

    /// The UUIDs and times in the recorded answers.
    fn answers(&self) -> &HashSet<String> {
        self.answers.get_or_init(|| {
            let bodies = self.invocation.calls.iter().map(|call| &call.response.body);
            let texts = bodies.filter(|body| body.as_bytes().len() <= MAX_SEARCHED);
            let texts = texts.filter_map(|body| body.text());
            texts.flat_map(made).map(str::to_owned).collect()
        })
    }

    fn place(&self, asked: &Asked, occurrence: u32) -> Option<usize> {
        match asked {
            Asked::Recorded(index) => self.groups.get(*index)?.places.get(&occurrence).copied(),
            Asked::Other(_) => None,
        }
    }

    /// Notes how a call was answered.
    pub(crate) fn finish(&self, id: CallId, response: CallResponse, answered: Answered) {
        if let Some(made) = self.state().made.get_mut(id.0) {
            made.call.response = response;
            made.answered = answered;
        }
    }

    /// Notes a request that is no call.
    pub(crate) fn reject(&self, why: String) {
        let mut state = self.state();
        if state.rejected.len() < 100 {
            state.rejected.push(why);
        }
    }

    /// The nearest recorded call and what differs, in words.
    pub(crate) fn nearest(&self, key: &CallKey) -> String {
        nearest::describe(key, &self.invocation.calls)
    }

    /// What became of all calls.
    pub(crate) fn observed(&self) -> Observed {
        let mut state = self.state();
        let mut calls = std::mem::take(&mut state.made);
        for call in &mut calls {
            if call.answered == Answered::Pending {
                let why = "the invocation was over before it was answered to the end".to_owned();
                call.answered = Answered::Failed { why };
            }
        }
        let place = |call: &ObservedCall| match call.answered {
            Answered::Recorded(place) | Answered::Refused { recorded: Some(place) } => Some(place),
            _ => {
                let group = self.exact.get(&text(&call.call.key))?;
                self.place(&Asked::Recorded(*group), call.call.key.occurrence)
            }
        };
        calls.sort_by_cached_key(|call| {
            (place(call).unwrap_or(usize::MAX), text(&call.call.key), call.call.key.occurrence)
        });
        let made: HashSet<usize> = calls.iter().filter_map(place).collect();
        let recorded = self.invocation.calls.iter().enumerate();
        let unmade = recorded.filter(|(place, _)| !made.contains(place));
        let unmade = unmade.map(|(_, call)| call.key.clone()).collect();
        Observed { calls, unmade, rejected: std::mem::take(&mut state.rejected) }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a call asks as one text, its occurrence aside.
fn text(key: &CallKey) -> String {
    let key = CallKey { occurrence: 0, ..key.clone() };
    serde_json::to_string(&key).unwrap_or_default()
}

#[cfg(test)]
mod tests;
