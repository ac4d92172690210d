//! Event source mappings. They are made and changed in the snapshot; nothing polls.

use std::sync::Arc;

use retrigger_serve::{Answer, ApiError, Call, Control, FunctionName};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    api::Api,
    authorize::Asked,
    control::{asked, nothing_there, page},
    function::Served,
};
use crate::triggers::NewMapping;

/// A mapping that a call names by its UUID.
struct Named {
    served: Arc<Served>,
    uuid: String,
    mapping: Value,
}

impl Api {
    pub(super) fn create_mapping(
        &self,
        call: &Call,
        control: &Control,
    ) -> Result<Answer, ApiError> {
        let name = FunctionName::parse(&control.required("FunctionName")?)?;
        let served = self.find(&name)?;
        let caller = self.caller(call, &served)?;
        let qualifier = name.qualifier.filter(|name| name != "$LATEST");
        let function_arn = served.arn().qualified(qualifier.as_deref());
        let context = vec![("lambda:FunctionArn", function_arn)];
        let request = asked(&caller, control.action, "*".to_owned());
        Asked { context, ..request }.authorize(&*served.triggers()?)?;
        let new = NewMapping { qualifier, ..NewMapping::from_members(&control.body)? };
        let added = served.change(|triggers| triggers.create_mapping(&new))?;
        Ok(Answer::Json(202, added.written.into_iter().next().unwrap_or_default()))
    }

    pub(super) fn list_mappings(&self, call: &Call, control: &Control) -> Result<Answer, ApiError> {
        let given = |name: &str| control.query.get(name).filter(|text| !text.is_empty());
        let name = given("FunctionName").map(|name| FunctionName::parse(name)).transpose()?;
        let functions = match &name {
            Some(name) => vec![self.find(name)?],
            None => self.functions().to_vec(),
        };
        let mut listed = Vec::new();
        for served in functions {
            let triggers = served.triggers()?;
            let caller = self.caller(call, &served)?;
            asked(&caller, control.action, "*".to_owned()).authorize(&triggers)?;
            let qualifier = name.as_ref().and_then(|name| name.qualifier.as_deref());
            let arn = qualifier.map(|name| served.arn().qualified(Some(name)));
            let is_asked = |mapping: &Value| {
                let has = |key: &str, wanted: Option<&str>| {
                    wanted.is_none_or(|wanted| mapping[key].as_str() == Some(wanted))
                };
                has("EventSourceArn", given("EventSourceArn").map(String::as_str))
                    && has("FunctionArn", arn.as_deref())
            };
            listed.extend(triggers.event_source_mappings()?.into_iter().filter(is_asked));
        }
        page("EventSourceMappings", &listed, &control.query, 100)
    }

    pub(super) fn get_mapping(&self, call: &Call, control: &Control) -> Result<Answer, ApiError> {
        let named = self.named(call, control)?;
        Ok(Answer::Json(200, named.mapping))
    }

    pub(super) fn update_mapping(
        &self,
        call: &Call,
        control: &Control,
    ) -> Result<Answer, ApiError> {
        let Named { served, uuid, .. } = self.named(call, control)?;
        let mut members: Map<String, Value> = control.body.clone();
        members.remove("FunctionName");
        let function = match control.optional("FunctionName")? {
            Some(name) => Some(self.function_of_mapping(&name, &served)?),
            None => None,
        };
        let updated = served
            .change(|triggers| triggers.update_mapping(&uuid, &members, function.as_deref()))?;
        Ok(Answer::Json(202, updated))
    }

    pub(super) fn delete_mapping(
        &self,
        call: &Call,
        control: &Control,
    ) -> Result<Answer, ApiError> {
        let Named { served, uuid, .. } = self.named(call, control)?;
        let removed = served.change(|triggers| triggers.delete_mapping(&uuid))?;
        let mut mapping = removed.removed;
        mapping["State"] = "Deleting".into();
        Ok(Answer::Json(202, mapping))
    }

    /// The ARN to invoke from now on. A snapshot keeps mappings with their function, so that one
    /// cannot be handed to another function.
    fn function_of_mapping(&self, name: &str, served: &Served) -> Result<String, ApiError> {
        let name = FunctionName::parse(name)?;
        let other = self.find(&name)?;
        if other.arn() != served.arn() {
            let text = "an event source mapping cannot be moved to another function here";
            return Err(ApiError::new("InvalidParameterValueException", text));
        }
        Ok(served.arn().qualified(name.qualifier.as_deref().filter(|name| *name != "$LATEST")))
    }

    /// The mapping that a call names, once the caller is found to be allowed what it asks.
    fn named(&self, call: &Call, control: &Control) -> Result<Named, ApiError> {
        let uuid = control.id.as_deref().filter(|id| Uuid::try_parse(id).is_ok());
        let uuid = uuid.ok_or_else(nothing_there)?;
        for served in self.functions() {
            let triggers = served.triggers()?;
            let mappings = triggers.event_source_mappings()?;
            let Some(mapping) = mappings.into_iter().find(|mapping| mapping["UUID"] == uuid) else {
                continue;
            };
            let caller = self.caller(call, served)?;
            let arn = served.arn();
            let resource = format!(
                "arn:{}:lambda:{}:{}:event-source-mapping:{uuid}",
                arn.partition(),
                arn.region(),
                arn.account()
            );
            let function = mapping["FunctionArn"].as_str().unwrap_or(arn.as_str()).to_owned();
            let context = vec![("lambda:FunctionArn", function)];
            let request = asked(&caller, control.action, resource);
            Asked { context, ..request }.authorize(&triggers)?;
            let (served, uuid) = (Arc::clone(served), uuid.to_owned());
            return Ok(Named { served, uuid, mapping });
        }
        Err(nothing_there())
    }
}
