//! Notifications of services: each event invokes a function without anyone waiting for it, as the
//! service would.

use std::sync::Arc;

use retrigger_iam::Principal;
use retrigger_recording::{Fact, Step, TriggerFacts};
use retrigger_serve::{Answer, ApiError, FunctionName, Notification};
use retrigger_trigger::{
    Classification, Declared, Notified, Notifier, Surroundings, Unsaid, classify,
};
use serde_json::{Value, json};

use super::{
    api::Api,
    function::Served,
    invoke::{Asked, Decision},
    record,
};
use crate::replay::answer;

/// What a query may say.
const QUERY: [&str; 4] = ["function", "qualifier", "source-arn", "source-account"];

/// To whom a notification goes, and what is said of it besides.
struct Target<'n> {
    served: Arc<Served>,
    qualifier: Option<String>,
    notifier: Notifier,
    notification: &'n Notification,
}

impl Api {
    pub(super) async fn notify(
        self: Arc<Self>,
        request_id: &str,
        notification: &Notification,
    ) -> Result<Answer, ApiError> {
        let target = self.target(notification)?;
        let unsaid = target.unsaid(request_id);
        let read = target.notifier.read(&notification.body, &unsaid);
        let events = match read.map_err(|error| invalid(error.to_string()))? {
            Notified::Events(events) => events,
            Notified::Subscription { kind, topic_arn, url } => {
                let text = format!("SNS sent a {kind} for {topic_arn}: visit {url} if you want it");
                self.warn(text.clone());
                return Ok(Answer::Json(200, json!({ "message": text })));
            }
            _ => {
                let text = "a test of a destination, which no function gets";
                return Ok(Answer::Json(200, json!({ "message": text })));
            }
        };
        let found = events.iter().map(|event| target.classify(event));
        let found: Vec<Classification> = found.collect::<Result<_, _>>()?;
        let mut invocations = Vec::new();
        let mut refused = Vec::new();
        for (index, (event, found)) in events.iter().zip(&found).enumerate() {
            let id =
                if index == 0 { request_id.to_owned() } else { uuid::Uuid::new_v4().to_string() };
            match self.invoke_event(&target, event, found, &id).await? {
                Ok(about) => invocations.push(about),
                Err(text) => refused.push(text),
            }
        }
        match refused.first() {
            None => Ok(Answer::Json(202, json!({ "invocations": invocations }))),
            Some(first) if events.len() == 1 => Err(ApiError::access_denied(first.as_str())),
            Some(first) => {
                let (count, all) = (refused.len(), events.len());
                let text = format!("{count} of {all} events were refused, the first: {first}");
                Err(ApiError::access_denied(text))
            }
        }
    }

    fn target<'n>(&self, notification: &'n Notification) -> Result<Target<'n>, ApiError> {
        let notifier: Notifier = notification.service.parse().map_err(
            |error: retrigger_trigger::NotificationError| {
                ApiError::new("UnknownOperationException", error.to_string())
            },
        )?;
        if let Some(other) = notification.query.keys().find(|key| !QUERY.contains(&key.as_str())) {
            let known = QUERY.join("`, `");
            return Err(invalid(format!("`{other}` says nothing here: expected `{known}`")));
        }
        let query = |name: &str| notification.query.get(name).map(String::as_str);
        let (served, name) = match (query("function"), self.functions()) {
            (Some(text), _) => {
                let name = FunctionName::parse(text)?.with_qualifier(query("qualifier"))?;
                (self.find(&name)?, name)
            }
            (None, [only]) => {
                let name = FunctionName::parse(only.name())?.with_qualifier(query("qualifier"))?;
                (Arc::clone(only), name)
            }
            (None, several) => {
                let names: Vec<&str> = several.iter().map(|served| served.name()).collect();
                let names = names.join("`, `");
                return Err(invalid(format!(
                    "several functions are served: say `?function=NAME`, one of `{names}`"
                )));
            }
        };
        Ok(Target { served, qualifier: name.qualifier, notifier, notification })
    }

    /// Decides on an event, and runs the function on its own if it may; what is to be answered, or
    /// why it may not.
    async fn invoke_event(
        self: &Arc<Self>,
        target: &Target<'_>,
        event: &Value,
        found: &Classification,
        request_id: &str,
    ) -> Result<Result<Value, String>, ApiError> {
        let room = self.room()?;
        let asked = Asked {
            served: Arc::clone(&target.served),
            qualifier: target.qualifier.clone(),
            trigger: facts(found),
            request_id: request_id.to_owned(),
            trace_id: None,
            client_context: None,
            payload: event.to_string().into(),
        };
        let decision = self.decide(asked).await?;
        if let Err(error) = decision.refuse() {
            let hint = hint(found);
            self.record(decision, None).await;
            return Ok(Err(format!("{}{hint}", error.message())));
        }
        let about = json!({
            "requestId": request_id,
            "function": target.arn(),
            "trigger": found.trigger,
            "principal": found.principal.value.as_ref().map(Principal::as_str),
            "sourceArn": found.source_arn.value,
            "sourceAccount": found.source_account.value,
            "decision": word(&decision),
        });
        let api = Arc::clone(self);
        tokio::spawn(async move {
            // Where it cannot be run, that has been told.
            if let Ok(outcome) = api.run(&decision, None, &room).await {
                api.record(decision, Some(outcome)).await;
            }
            drop(room);
        });
        Ok(Ok(about))
    }
}

impl Target<'_> {
    fn arn(&self) -> String {
        self.served.arn().qualified(self.qualifier.as_deref())
    }

    fn unsaid(&self, request_id: &str) -> Unsaid {
        let arn = self.served.arn();
        Unsaid {
            time: record::now().map(|now| now.as_str().to_owned()).unwrap_or_default(),
            id: request_id.to_owned(),
            account: arn.account().to_owned(),
            region: arn.region().to_owned(),
            headers: self.notification.headers.clone(),
        }
    }

    /// What is known of an event's invocation.
    fn classify(&self, event: &Value) -> Result<Classification, ApiError> {
        let arn = self.arn();
        let found = classify(event, &Surroundings::of_function(&arn));
        let found = found.filter(|found| self.notifier.notifies_as(found.trigger));
        let found = found.ok_or_else(|| {
            invalid(format!("an event in it is none of those that `{}` sends", self.notifier))
        })?;
        let given = |name: &str| self.notification.query.get(name).cloned();
        Ok(found.declare(Declared {
            source_arn: given("source-arn"),
            source_account: given("source-account"),
            ..Declared::default()
        }))
    }
}

/// What is known of an invocation, as whoever made it states.
pub(super) fn facts(found: &Classification) -> TriggerFacts {
    let declared = |value: &Option<String>| value.clone().map(Fact::declared);
    let principal = found.principal.value.as_ref().map(|it| it.as_str().to_owned());
    TriggerFacts {
        kind: Some(found.trigger.to_string()),
        principal: declared(&principal),
        source_arn: declared(&found.source_arn.value),
        source_account: declared(&found.source_account.value),
        ..TriggerFacts::default()
    }
}

/// What to say where a fact is not known, on which the policy may hang.
fn hint(found: &Classification) -> String {
    let facts = [
        ("source-arn", found.source_arn.is_known()),
        ("source-account", found.source_account.is_known()),
    ];
    let unknown = facts.into_iter().filter(|(_, is_known)| !is_known);
    let unknown: Vec<String> = unknown.map(|(name, _)| format!("`?{name}=…`")).collect();
    if unknown.is_empty() {
        return String::new();
    }
    format!("; the notification leaves out what can be said by {}", unknown.join(" and "))
}

/// What was decided on the invocation, as `expected.json` says it.
fn word(decision: &Decision) -> Value {
    let invoke = decision.decisions.iter().find(|decided| decided.step == Step::Invoke);
    let word = invoke.map(|decided| answer::expectation(decided).decision);
    word.and_then(|word| serde_json::to_value(word).ok()).unwrap_or_default()
}

fn invalid(text: String) -> ApiError {
    ApiError::new("InvalidParameterValueException", text)
}
