//! The extensions of one sandbox, and the events each is still to get.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::{Value, json};

use super::NextEvent;

/// What an extension may register for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum EventType {
    Invoke,
    Shutdown,
}

/// The extensions, by identifier.
#[derive(Debug, Default)]
pub(super) struct Extensions {
    registered: BTreeMap<String, Extension>,
}

#[derive(Debug)]
struct Extension {
    name: String,
    wants: BTreeSet<EventType>,
    queue: VecDeque<Value>,
}

impl Extensions {
    /// Registers an extension and gives back its identifier; `None` where the name is taken.
    pub(super) fn register(&mut self, name: &str, wants: BTreeSet<EventType>) -> Option<String> {
        if self.registered.values().any(|extension| extension.name == name) {
            return None;
        }
        let number = self.registered.len() + 1;
        let identifier = format!("00000000-0000-4000-8000-{number:012}");
        let extension = Extension { name: name.to_owned(), wants, queue: VecDeque::new() };
        self.registered.insert(identifier.clone(), extension);
        Some(identifier)
    }

    /// The name of an extension.
    pub(super) fn name(&self, identifier: &str) -> Option<&str> {
        self.registered.get(identifier).map(|extension| extension.name.as_str())
    }

    /// The next event of an extension, if there is one.
    pub(super) fn take_event(&mut self, identifier: &str) -> Option<Value> {
        self.registered.get_mut(identifier)?.queue.pop_front()
    }

    /// Queues INVOKE for those that want it.
    pub(super) fn invoke(&mut self, event: &NextEvent) {
        self.queue(EventType::Invoke, &event.for_extension());
    }

    /// Queues SHUTDOWN for those that want it; whether there is any extension at all.
    pub(super) fn shut_down(&mut self, deadline_ms: u128) -> bool {
        let deadline_ms = u64::try_from(deadline_ms).unwrap_or(u64::MAX);
        let event = json!({
            "eventType": "SHUTDOWN",
            "shutdownReason": "spindown",
            "deadlineMs": deadline_ms,
        });
        self.queue(EventType::Shutdown, &event);
        !self.registered.is_empty()
    }

    fn queue(&mut self, event_type: EventType, event: &Value) {
        for extension in self.registered.values_mut() {
            if extension.wants.contains(&event_type) {
                extension.queue.push_back(event.clone());
            }
        }
    }
}
