//! The health checks of a load balancer.

use std::{sync::Arc, time::Instant};

use retrigger_runtime::Outcome;
use retrigger_serve::ApiError;
use retrigger_trigger::http::{Failure, FrontDoor, HttpRequest};
use serde_json::Value;
use uuid::Uuid;

use super::{OpenDoor, facts, read_outcome, refused};
use crate::serve::invoke::{Asked, Decision, trace_of, trace_root};

impl OpenDoor {
    /// Sends the health checks of a load balancer until `shutdown` resolves. Told and recorded are
    /// the first one and those that find the function's health changed.
    pub(in crate::serve) async fn check_health(
        self: Arc<Self>,
        shutdown: impl Future<Output = ()>,
    ) {
        let (Some(check), FrontDoor::Alb(alb)) = (&self.health_check, self.identity.as_opened())
        else {
            return;
        };
        let mut shutdown = std::pin::pin!(shutdown);
        let mut every = tokio::time::interval(check.interval);
        let mut known = None;
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => return,
                _ = every.tick() => {
                    let event = alb.health_check(&check.path);
                    let is_healthy = self.check_once(&event, &check.path, known).await;
                    known = Some(is_healthy);
                }
            }
        }
    }

    async fn check_once(&self, event: &Value, path: &str, known: Option<bool>) -> bool {
        let started = Instant::now();
        let door = self.identity.as_opened();
        let request = HttpRequest { trace_root: trace_root(), ..HttpRequest::new("GET", path) };
        let asked = Asked {
            served: Arc::clone(&self.served),
            qualifier: self.qualifier.clone(),
            trigger: facts(event, &self.function_arn()),
            request_id: Uuid::new_v4().to_string(),
            trace_id: Some(trace_of(&request.trace_root)),
            client_context: None,
            payload: event.to_string().into(),
        };
        let (decision, outcome) = match self.check_with(asked).await {
            Ok(checked) => checked,
            Err(error) => {
                if known != Some(false) {
                    let about = Some(format!("health check of {path}"));
                    self.tell(about, 502, Some(error.to_string()), started.elapsed());
                }
                return false;
            }
        };
        let answered = match &outcome {
            Ok(outcome) => read_outcome(&door, &request, outcome),
            Err(error) => refused(&door, &request, Failure::Denied, error.to_string()),
        };
        // The default of AWS's matcher.
        let is_healthy = answered.response.status == 200;
        if known != Some(is_healthy) {
            self.api.record(decision, outcome.ok()).await;
            let about = Some(format!("health check of {path}"));
            self.tell(about, answered.response.status, answered.error, started.elapsed());
        }
        is_healthy
    }

    async fn check_with(
        &self,
        asked: Asked,
    ) -> Result<(Decision, Result<Outcome, ApiError>), ApiError> {
        let room = self.api.room()?;
        let decision = self.api.decide(asked).await?;
        if let Err(error) = decision.refuse() {
            return Ok((decision, Err(error)));
        }
        let outcome = self.api.run(&decision, None, &room).await?;
        Ok((decision, Ok(outcome)))
    }
}
