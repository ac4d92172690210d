//! Calls that read and change how functions are configured.

use std::{collections::BTreeMap, sync::Arc};

use retrigger_iam::Principal;
use retrigger_serve::{Action, Answer, ApiError, Call, Control, FunctionName, Operation};
use retrigger_trigger::Permission;
use serde_json::{Value, json};

use super::{api::Api, authorize::Asked, function::Served, invoke::LATEST, record};
use crate::triggers::{NewUrl, Triggers, UrlChanges};

/// A call about one function.
struct About<'c> {
    served: Arc<Served>,
    triggers: Arc<Triggers>,
    caller: Principal,
    qualifier: Option<&'c str>,
    control: &'c Control,
}

impl Api {
    pub(super) fn control(&self, call: &Call) -> Result<Answer, ApiError> {
        let Operation::Control(control) = &call.operation else {
            return Err(ApiError::service("the call is an invocation"));
        };
        match control.action {
            Action::ListFunctions => self.list_functions(call, control),
            Action::ListTags => self.list_tags(call, control),
            Action::CreateEventSourceMapping => self.create_mapping(call, control),
            Action::ListEventSourceMappings => self.list_mappings(call, control),
            Action::GetEventSourceMapping => self.get_mapping(call, control),
            Action::UpdateEventSourceMapping => self.update_mapping(call, control),
            Action::DeleteEventSourceMapping => self.delete_mapping(call, control),
            action => {
                let about = self.about(call, control)?;
                match action {
                    Action::AddPermission => about.add_permission(),
                    Action::RemovePermission => about.remove_permission(),
                    Action::GetPolicy => about.get_policy(),
                    Action::GetFunction => about.get_function(),
                    Action::GetFunctionConfiguration => about.get_configuration(),
                    Action::CreateFunctionUrlConfig => about.create_url(),
                    Action::GetFunctionUrlConfig => about.get_url(),
                    Action::UpdateFunctionUrlConfig => about.update_url(),
                    Action::DeleteFunctionUrlConfig => about.delete_url(),
                    Action::ListFunctionUrlConfigs => about.list_urls(),
                    Action::ListVersionsByFunction => about.list_versions(),
                    Action::GetFunctionCodeSigningConfig => about.get_code_signing(),
                    other => {
                        let text = format!("`{}` is not answered here", other.name());
                        Err(ApiError::new("UnknownOperationException", text))
                    }
                }
            }
        }
    }

    /// A snapshot keeps no tags; Terraform asks for them all the same.
    fn list_tags(&self, call: &Call, control: &Control) -> Result<Answer, ApiError> {
        let arn = control.id.as_deref().unwrap_or_default();
        if let Some((_, uuid)) = arn.split_once(":event-source-mapping:") {
            let control = Control { id: Some(uuid.to_owned()), ..control.clone() };
            self.get_mapping(call, &control)?;
        } else {
            let function = Some(FunctionName::parse(arn)?);
            let control = Control { function, ..control.clone() };
            self.about(call, &control)?.authorize(vec![])?;
        }
        Ok(Answer::Json(200, json!({ "Tags": {} })))
    }

    fn about<'c>(&self, call: &Call, control: &'c Control) -> Result<About<'c>, ApiError> {
        let Some(name) = &control.function else {
            return Err(ApiError::service("the call names no function"));
        };
        let served = self.find(name)?;
        let caller = self.caller(call, &served)?;
        let triggers = served.triggers()?;
        let qualifier = name.qualifier.as_deref();
        Ok(About { served, triggers, caller, qualifier, control })
    }

    /// The functions that the caller may list: each snapshot has a say on its own.
    fn list_functions(&self, call: &Call, control: &Control) -> Result<Answer, ApiError> {
        let mut listed = Vec::new();
        let mut denied = None;
        for served in self.functions() {
            let triggers = served.triggers()?;
            let caller = self.caller(call, served)?;
            match asked(&caller, Action::ListFunctions, "*".to_owned()).authorize(&triggers) {
                Ok(()) => listed.push(triggers.configuration(None)?),
                Err(error) => denied = denied.or(Some(error)),
            }
        }
        match denied {
            Some(error) if listed.is_empty() => Err(error),
            _ => page("Functions", &listed, &control.query, 50),
        }
    }
}

impl About<'_> {
    fn authorize(&self, context: Vec<(&'static str, String)>) -> Result<(), ApiError> {
        let resource = self.served.arn().qualified(self.qualifier);
        let qualifier = self.qualifier;
        let asked = asked(&self.caller, self.control.action, resource);
        Asked { qualifier, context, ..asked }.authorize(&self.triggers)
    }

    fn add_permission(&self) -> Result<Answer, ApiError> {
        let control = self.control;
        let permission = Permission {
            action: control.required("Action")?,
            source_arn: control.optional("SourceArn")?,
            source_account: control.optional("SourceAccount")?,
            event_source_token: control.optional("EventSourceToken")?,
            principal_org_id: control.optional("PrincipalOrgID")?,
            function_url_auth_type: control.optional("FunctionUrlAuthType")?,
            invoked_via_function_url: flag(control, "InvokedViaFunctionUrl")?,
            ..Permission::invoke(control.required("StatementId")?, control.required("Principal")?)
        };
        check_action(&permission.action)?;
        let auth_type = permission.function_url_auth_type.clone();
        let auth_type = auth_type.map(|kind| ("lambda:FunctionUrlAuthType", kind));
        let principal = ("lambda:Principal", permission.principal.clone());
        self.authorize([Some(principal), auth_type].into_iter().flatten().collect())?;
        let revision = control.optional("RevisionId")?;
        let qualifier = self.qualifier;
        let added = self.served.change(|triggers| {
            triggers.add_permissions_at(&[permission], qualifier, revision.as_deref())
        })?;
        let statement = added.written.first().map(Value::to_string);
        Ok(Answer::Json(201, json!({ "Statement": statement })))
    }

    fn remove_permission(&self) -> Result<Answer, ApiError> {
        self.authorize(vec![])?;
        let id = self.control.id.as_deref().unwrap_or_default();
        let revision = self.control.query.get("RevisionId").map(String::as_str);
        let qualifier = self.qualifier;
        self.served.change(|triggers| triggers.remove_permission_at(id, qualifier, revision))?;
        Ok(Answer::Empty(204))
    }

    fn get_policy(&self) -> Result<Answer, ApiError> {
        self.authorize(vec![])?;
        let Some(in_force) = self.triggers.policy_in_force(self.qualifier)? else {
            return Err(nothing_there());
        };
        let body = json!({"Policy": in_force.policy, "RevisionId": in_force.revision_id});
        Ok(Answer::Json(200, body))
    }

    /// The code is in the function folder; there is no bucket that it was uploaded to.
    fn get_function(&self) -> Result<Answer, ApiError> {
        self.authorize(vec![])?;
        let code = self.served.function_folder().code_path();
        let code = std::path::absolute(&code).unwrap_or(code);
        Ok(Answer::Json(
            200,
            json!({
                "Configuration": self.known_configuration()?,
                "Code": {
                    "RepositoryType": "retrigger",
                    "Location": format!("file://{}", code.display()),
                },
            }),
        ))
    }

    fn get_configuration(&self) -> Result<Answer, ApiError> {
        self.authorize(vec![])?;
        Ok(Answer::Json(200, self.known_configuration()?))
    }

    fn known_configuration(&self) -> Result<Value, ApiError> {
        match self.qualifier {
            Some(name) if !self.triggers.knows(name)? => {
                Err(ApiError::no_function(&self.served.arn().qualified(Some(name))))
            }
            qualifier => Ok(self.triggers.configuration(qualifier)?),
        }
    }

    fn create_url(&self) -> Result<Answer, ApiError> {
        let control = self.control;
        let new = NewUrl {
            qualifier: self.qualifier.map(str::to_owned),
            auth_type: control.required("AuthType")?,
            invoke_mode: control.optional("InvokeMode")?,
            cors: cors(control),
            creation_time: record::now().map(String::from).unwrap_or_default(),
        };
        self.authorize(vec![("lambda:FunctionUrlAuthType", new.auth_type.clone())])?;
        let url = self.served.change(|triggers| triggers.create_url(&new))?;
        Ok(Answer::Json(201, url))
    }

    fn get_url(&self) -> Result<Answer, ApiError> {
        self.authorize(vec![])?;
        let url = self.triggers.url(self.qualifier)?;
        url.map(|url| Answer::Json(200, url)).ok_or_else(nothing_there)
    }

    fn update_url(&self) -> Result<Answer, ApiError> {
        let changes = UrlChanges {
            auth_type: self.control.optional("AuthType")?,
            invoke_mode: self.control.optional("InvokeMode")?,
            cors: cors(self.control),
            last_modified_time: record::now().map(String::from).unwrap_or_default(),
        };
        let auth_type = changes.auth_type.clone();
        let context = auth_type.map(|kind| ("lambda:FunctionUrlAuthType", kind));
        self.authorize(context.into_iter().collect())?;
        let qualifier = self.qualifier;
        let url = self.served.change(|triggers| triggers.update_url(qualifier, &changes))?;
        Ok(Answer::Json(200, url))
    }

    fn delete_url(&self) -> Result<Answer, ApiError> {
        self.authorize(vec![])?;
        self.served.change(|triggers| triggers.remove_url(self.qualifier))?;
        Ok(Answer::Empty(204))
    }

    fn list_urls(&self) -> Result<Answer, ApiError> {
        self.authorize(vec![])?;
        let urls: Vec<Value> = self.triggers.any_url()?.into_iter().collect();
        page("FunctionUrlConfigs", &urls, &self.control.query, 50)
    }

    fn list_versions(&self) -> Result<Answer, ApiError> {
        self.authorize(vec![])?;
        let mut versions = vec![self.triggers.configuration(Some(LATEST))?];
        for version in self.triggers.versions()? {
            versions.push(self.triggers.configuration(Some(&version))?);
        }
        page("Versions", &versions, &self.control.query, 50)
    }

    /// A snapshot keeps no code signing configuration, which AWS answers without its ARN.
    fn get_code_signing(&self) -> Result<Answer, ApiError> {
        self.authorize(vec![])?;
        Ok(Answer::Json(200, json!({ "FunctionName": self.served.name() })))
    }
}

/// A call by a caller, on a resource that has no policy of its own.
pub(super) fn asked(caller: &Principal, action: Action, resource: String) -> Asked<'_> {
    Asked { caller, action, resource, qualifier: None, context: vec![] }
}

pub(super) fn nothing_there() -> ApiError {
    ApiError::new("ResourceNotFoundException", "The resource you requested does not exist.")
}

fn cors(control: &Control) -> Option<Value> {
    control.body.get("Cors").filter(|cors| cors.is_object()).cloned()
}

fn flag(control: &Control, member: &str) -> Result<bool, ApiError> {
    match control.body.get(member) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(other) => Err(ApiError::serialization(member, "true or false", other)),
    }
}

/// Source: Lambda API Reference, `AddPermission` (the pattern of `Action`).
fn check_action(action: &str) -> Result<(), ApiError> {
    let is_name = |name: &str| {
        name == "*" || (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic()))
    };
    if action == "*" || action.strip_prefix("lambda:").is_some_and(is_name) {
        return Ok(());
    }
    let text = format!(
        "1 validation error detected: Value '{action}' at 'action' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: (lambda:[*]|lambda:[a-zA-Z]+|[*])"
    );
    Err(ApiError::new("ValidationException", text))
}

/// At most `MaxItems` of a list, from where `Marker` says: a marker is a place in the list.
pub(super) fn page(
    member: &str,
    all: &[Value],
    query: &BTreeMap<String, String>,
    most: usize,
) -> Result<Answer, ApiError> {
    let number = |name: &str, text: &String| {
        text.parse::<usize>().map_err(|_| {
            let text = format!("`{text}` is no valid {name}");
            ApiError::new("InvalidParameterValueException", text)
        })
    };
    let start = query.get("Marker").filter(|text| !text.is_empty());
    let start = start.map_or(Ok(0), |text| number("Marker", text))?.min(all.len());
    let size = query.get("MaxItems").map_or(Ok(most), |text| number("MaxItems", text))?;
    let end = start.saturating_add(size.clamp(1, most)).min(all.len());
    let mut body = json!({ member: all.get(start..end).unwrap_or_default() });
    if end < all.len() {
        body["NextMarker"] = end.to_string().into();
    }
    Ok(Answer::Json(200, body))
}
