//! What is known of one invocation: trigger, caller, source, condition keys.

use std::collections::BTreeMap;

use retrigger_iam::{Arn, ContextValue, Principal};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct};
use serde_json::Value;

use crate::classify::{classify, recognise};
use crate::fact::{Fact, Provenance};
use crate::finding::TriggerFinding;
use crate::surroundings::Surroundings;
use crate::trigger::Trigger;

/// What is known of one invocation.
///
/// In JSON: `trigger`, `principal` (a string, or null), `action` (the first of
/// [`actions`](Self::actions), or null), `source_arn` and `source_account` as facts, and where
/// there are any `context` and `findings`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classification {
    /// What triggered it.
    pub trigger: Trigger,
    /// Who asks: the service principal, the caller of a function URL, the execution role where the
    /// payload of a polled source names it.
    pub principal: Fact<Principal>,
    /// The ARN of the source: target group, API and route, bucket, queue, rule, …
    pub source_arn: Fact<String>,
    /// The account of the source; for a function URL, of the caller.
    pub source_account: Fact<String>,
    /// Further condition keys the invocation carries, such as `lambda:FunctionUrlAuthType`.
    pub context: BTreeMap<String, Fact<ContextValue>>,
    /// What a person should know about the above.
    pub findings: Vec<TriggerFinding>,
}

/// What a recording states about its trigger, beside the payload. Everything is optional, and
/// wins over what the payload shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Declared {
    /// What triggered it: needed where the payload is free-form.
    pub trigger: Option<Trigger>,
    /// Who asked.
    pub principal: Option<Principal>,
    /// The ARN of the source.
    pub source_arn: Option<String>,
    /// The account of the source.
    pub source_account: Option<String>,
    /// Further condition keys.
    pub context: BTreeMap<String, ContextValue>,
}

impl Classification {
    /// What is known of a trigger before any payload is read: its service principal.
    pub fn of_trigger(trigger: Trigger) -> Self {
        let service = trigger.delivery().service();
        Self {
            trigger,
            principal: service.map(|name| Principal::Service(name.to_owned())).into(),
            source_arn: Fact::unknown(),
            source_account: Fact::unknown(),
            context: BTreeMap::new(),
            findings: vec![],
        }
    }

    /// Reads the payload and lets what is declared win. `None` where neither names a trigger.
    ///
    /// ```
    /// # use retrigger_trigger::{Classification, Declared, Surroundings, Trigger};
    /// let declared = Declared { trigger: Some(Trigger::IotRule), ..Declared::default() };
    /// let reading = serde_json::json!({"temperature": 21.5});
    /// let found = Classification::resolve(&reading, &Surroundings::none(), declared).unwrap();
    /// assert_eq!(found.trigger, Trigger::IotRule);
    /// ```
    pub fn resolve(
        payload: &Value,
        surroundings: &Surroundings<'_>,
        declared: Declared,
    ) -> Option<Self> {
        let shown = recognise(payload);
        let read = match (declared.trigger, shown) {
            (Some(stated), Some(shown)) if stated != shown => {
                let mut stated_only = Self::of_trigger(stated);
                let finding = TriggerFinding::TriggerDisagrees { declared: stated, shown };
                stated_only.findings.push(finding);
                stated_only
            }
            (Some(stated), None) => Self::of_trigger(stated),
            (_, Some(_)) => classify(payload, surroundings)?,
            (None, None) => return None,
        };
        Some(read.declare(declared))
    }

    /// The same, with declared facts in place of derived ones. A declared source ARN that carries
    /// an account states the account too, unless another is declared.
    #[must_use = "the declared facts are in the returned value"]
    pub fn declare(mut self, declared: Declared) -> Self {
        let arn = declared.source_arn.as_deref().and_then(Arn::parse);
        let account_of_arn = arn.and_then(|arn| arn.account_id()).map(str::to_owned);
        if account_of_arn.is_some() {
            self.findings.retain(|found| !matches!(found, TriggerFinding::AccountAssumed { .. }));
        }
        self.source_account.declare(declared.source_account.or(account_of_arn));
        self.source_arn.declare(declared.source_arn);
        self.principal.declare(declared.principal);
        for (key, value) in declared.context {
            self.context.retain(|known, _| !known.eq_ignore_ascii_case(&key));
            self.context.insert(key, Fact::declared(value));
        }
        self
    }

    /// The actions that are authorized before the handler runs.
    pub fn actions(&self) -> Vec<&'static str> {
        self.trigger.delivery().actions()
    }

    /// Another name of the same service principal that stored policies may use: CloudWatch Logs
    /// was once granted as `logs.REGION.amazonaws.com`. A policy that allows either allows the
    /// trigger. The Region is that of the source ARN.
    pub fn principal_alias(&self) -> Option<Principal> {
        if self.trigger != Trigger::CloudwatchLogs
            || self.principal.provenance != Provenance::Derived
        {
            return None;
        }
        let region = Arn::parse(self.source_arn.value.as_deref()?)?.region;
        (!region.is_empty()).then(|| Principal::Service(format!("logs.{region}.amazonaws.com")))
    }
}

impl Serialize for Classification {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_struct("Classification", 7)?;
        map.serialize_field("trigger", &self.trigger)?;
        map.serialize_field("principal", &self.principal.value)?;
        map.serialize_field("action", &self.actions().first())?;
        map.serialize_field("source_arn", &self.source_arn)?;
        map.serialize_field("source_account", &self.source_account)?;
        if !self.context.is_empty() {
            map.serialize_field("context", &self.context)?;
        }
        if !self.findings.is_empty() {
            map.serialize_field("findings", &self.findings)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FUNCTION: &str = "arn:aws:lambda:us-east-1:841860927337:function:lambdaDemo";

    fn bucket_event() -> Value {
        json!({"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {"arn": "arn:aws:s3:::b"}}}]})
    }

    #[test]
    fn a_declared_fact_wins_and_says_so() {
        let declared = Declared {
            source_account: Some("841860927337".into()),
            context: [("aws:PrincipalOrgID".to_owned(), "o-1".into())].into(),
            ..Declared::default()
        };
        let found = Classification::resolve(&bucket_event(), &Surroundings::none(), declared);
        let found = found.unwrap();
        assert_eq!(found.source_account, Fact::declared("841860927337".into()));
        assert_eq!(found.source_arn, Fact::derived("arn:aws:s3:::b".into()));
        assert_eq!(found.context["aws:PrincipalOrgID"], Fact::declared("o-1".into()));
    }

    #[test]
    fn a_declared_arn_states_its_account() {
        let rule = "arn:aws:events:us-east-1:111122223333:rule/orders";
        let declared = Declared { source_arn: Some(rule.into()), ..Declared::default() };
        let found = Classification::of_trigger(Trigger::Eventbridge).declare(declared);
        assert_eq!(found.source_account, Fact::declared("111122223333".into()));
    }

    #[test]
    fn a_declared_trigger_wins_over_the_payload_with_a_finding() {
        let declared = Declared { trigger: Some(Trigger::StepFunctions), ..Declared::default() };
        let around = Surroundings::of_function(FUNCTION);
        let found = Classification::resolve(&bucket_event(), &around, declared).unwrap();
        assert_eq!(found.trigger, Trigger::StepFunctions);
        assert_eq!(found.findings[0].code(), "trigger-disagrees");
        assert!(!found.source_arn.is_known());
    }

    #[test]
    fn nothing_known_is_no_classification() {
        let found =
            Classification::resolve(&json!({"x": 1}), &Surroundings::none(), Declared::default());
        assert_eq!(found, None);
    }

    #[test]
    fn json_is_flat_and_short() {
        let found = classify(&bucket_event(), &Surroundings::none()).unwrap();
        assert_eq!(
            serde_json::to_value(found).unwrap(),
            json!({
                "trigger": "s3",
                "principal": "s3.amazonaws.com",
                "action": "lambda:InvokeFunction",
                "source_arn": {"value": "arn:aws:s3:::b", "provenance": "derived"},
                "source_account": {"value": null, "provenance": "unknown"},
            })
        );
    }

    #[test]
    fn log_subscriptions_may_be_granted_to_a_regional_principal() {
        let mut found = Classification::of_trigger(Trigger::CloudwatchLogs);
        assert_eq!(found.principal_alias(), None);
        found.source_arn =
            Fact::derived("arn:aws:logs:eu-west-1:111122223333:log-group:g:*".into());
        assert_eq!(found.principal_alias().unwrap().as_str(), "logs.eu-west-1.amazonaws.com");
    }
}
