//! The states of a runtime, as the Runtime API names them, and the calls each state allows.

/// What a runtime is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Started, and has not called yet.
    #[default]
    Started,
    /// Has reported that it cannot start.
    InitError,
    /// Has called `/restore/next`.
    Restoring,
    /// Has reported that it cannot be restored.
    RestoreError,
    /// Waits for an event.
    Ready,
    /// Has an event.
    Running,
    /// Is sending a response.
    InvocationResponse,
    /// Is sending an error.
    InvocationErrorResponse,
    /// Has answered its event.
    ResponseSent,
}

impl Phase {
    /// The name in the API's error messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Started => "Started",
            Self::InitError => "InitError",
            Self::Restoring => "Restoring",
            Self::RestoreError => "RestoreError",
            Self::Ready => "Ready",
            Self::Running => "Running",
            Self::InvocationResponse => "InvocationResponse",
            Self::InvocationErrorResponse => "InvocationErrorResponse",
            Self::ResponseSent => "ResponseSent",
        }
    }

    /// Whether a call that leads to `to` is allowed now.
    fn allows(self, to: Self) -> bool {
        match to {
            Self::Ready => {
                matches!(self, Self::Started | Self::Restoring | Self::Ready | Self::ResponseSent)
            }
            Self::InitError | Self::Restoring => self == Self::Started,
            Self::RestoreError => self == Self::Restoring,
            Self::Running => self == Self::Ready,
            Self::InvocationResponse | Self::InvocationErrorResponse => self == Self::Running,
            Self::ResponseSent => {
                matches!(self, Self::InvocationResponse | Self::InvocationErrorResponse)
            }
            Self::Started => false,
        }
    }
}

/// Why a call is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The request id is not the one under way.
    RequestId,
    /// The state of the runtime does not allow it.
    Transition {
        /// The state it is in.
        from: Phase,
        /// The state the call leads to.
        to: Phase,
    },
}

/// Where a runtime stands: its phase and the invocation it was given last.
#[derive(Debug, Default)]
pub(crate) struct RuntimeState {
    phase: Phase,
    request_id: Option<String>,
}

impl RuntimeState {
    /// A call that concerns no invocation.
    pub(crate) fn enter(&mut self, to: Phase) -> Result<(), Refusal> {
        if !self.phase.allows(to) {
            return Err(Refusal::Transition { from: self.phase, to });
        }
        self.phase = to;
        Ok(())
    }

    /// The runtime is given an event.
    pub(crate) fn run(&mut self, request_id: &str) -> Result<(), Refusal> {
        self.enter(Phase::Running)?;
        self.request_id = Some(request_id.to_owned());
        Ok(())
    }

    /// A call that answers an invocation.
    pub(crate) fn answer(&mut self, request_id: &str, to: Phase) -> Result<(), Refusal> {
        if self.request_id.as_deref() != Some(request_id) {
            return Err(Refusal::RequestId);
        }
        self.enter(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(phase: Phase) -> RuntimeState {
        RuntimeState { phase, request_id: Some("1-2".to_owned()) }
    }

    #[test]
    fn an_event_goes_round() {
        let mut state = RuntimeState::default();
        for id in ["a", "b"] {
            assert_eq!(state.enter(Phase::Ready), Ok(()));
            assert_eq!(state.run(id), Ok(()));
            assert_eq!(state.answer(id, Phase::InvocationResponse), Ok(()));
            assert_eq!(state.enter(Phase::ResponseSent), Ok(()));
        }
    }

    #[test]
    fn next_is_refused_while_running() {
        let refusal = Refusal::Transition { from: Phase::Running, to: Phase::Ready };
        assert_eq!(state(Phase::Running).enter(Phase::Ready), Err(refusal));
    }

    #[test]
    fn a_second_answer_is_refused() {
        let (from, to) = (Phase::ResponseSent, Phase::InvocationErrorResponse);
        assert_eq!(state(from).answer("1-2", to), Err(Refusal::Transition { from, to }));
    }

    #[test]
    fn an_unknown_request_id_is_refused_first() {
        let to = Phase::InvocationResponse;
        assert_eq!(state(Phase::ResponseSent).answer("9", to), Err(Refusal::RequestId));
        assert_eq!(RuntimeState::default().answer("9", to), Err(Refusal::RequestId));
    }

    #[test]
    fn init_error_is_refused_after_the_start() {
        for from in [Phase::Ready, Phase::Running, Phase::InitError] {
            let refusal = Refusal::Transition { from, to: Phase::InitError };
            assert_eq!(state(from).enter(Phase::InitError), Err(refusal));
        }
    }
}
