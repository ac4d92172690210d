//! The URL of the function. Source: Lambda API Reference, `CreateFunctionUrlConfig`.

use serde_json::{Map, Value};

use super::{Refusal, Triggers, TriggersError, identifier, refusal};

const AUTH_TYPES: [&str; 2] = ["NONE", "AWS_IAM"];
const INVOKE_MODES: [&str; 2] = ["BUFFERED", "RESPONSE_STREAM"];

/// What `CreateFunctionUrlConfig` is given.
#[derive(Clone, Debug, PartialEq)]
pub struct NewUrl {
    /// The alias that it invokes.
    pub qualifier: Option<String>,
    /// `NONE` or `AWS_IAM`.
    pub auth_type: String,
    /// `BUFFERED` or `RESPONSE_STREAM`; the first where it is left out.
    pub invoke_mode: Option<String>,
    /// The settings for other origins.
    pub cors: Option<Value>,
    /// When it is made, in RFC 3339.
    pub creation_time: String,
}

/// What `UpdateFunctionUrlConfig` is given: what is `None` stays as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct UrlChanges {
    /// `NONE` or `AWS_IAM`.
    pub auth_type: Option<String>,
    /// `BUFFERED` or `RESPONSE_STREAM`.
    pub invoke_mode: Option<String>,
    /// The settings for other origins.
    pub cors: Option<Value>,
    /// When it is changed, in RFC 3339.
    pub last_modified_time: String,
}

impl Triggers {
    /// What `GetFunctionUrlConfig` answers; `None` where there is no URL of that alias, or of the
    /// unqualified function.
    ///
    /// # Errors
    ///
    /// Where its file cannot be read.
    pub fn url(&self, qualifier: Option<&str>) -> Result<Option<Value>, TriggersError> {
        let arn = self.function_arn().qualified(qualifier);
        let is_it = |url: &Value| url.get("FunctionArn").is_none_or(|own| *own == arn.as_str());
        Ok(self.any_url()?.filter(is_it))
    }

    /// The URL that the snapshot has of the function, whatever it invokes.
    ///
    /// # Errors
    ///
    /// Where its file cannot be read.
    pub fn any_url(&self) -> Result<Option<Value>, TriggersError> {
        let text = self.snapshot.url_file(self.function_arn().name()).text()?;
        let url: Option<Value> = text.and_then(|text| serde_json::from_str(&text).ok());
        Ok(url.filter(Value::is_object))
    }

    /// What `UpdateFunctionUrlConfig` does.
    ///
    /// # Errors
    ///
    /// Where there is no URL of that alias, or AWS would refuse a setting.
    pub fn update_url(
        &mut self,
        qualifier: Option<&str>,
        changes: &UrlChanges,
    ) -> Result<Value, TriggersError> {
        let UrlChanges { auth_type, invoke_mode, cors, last_modified_time } = changes;
        if let Some(auth_type) = auth_type {
            refuse_other("authType", auth_type, &AUTH_TYPES)?;
        }
        if let Some(invoke_mode) = invoke_mode {
            refuse_other("invokeMode", invoke_mode, &INVOKE_MODES)?;
        }
        let _lock = self.lock()?;
        let mut url = self.url(qualifier)?.ok_or_else(Refusal::no_url)?;
        let members = [
            ("AuthType", auth_type.as_deref().map(Value::from)),
            ("InvokeMode", invoke_mode.as_deref().map(Value::from)),
            ("Cors", cors.clone()),
            ("LastModifiedTime", Some(last_modified_time.as_str().into())),
        ];
        for (key, value) in members {
            if let (Value::Object(url), Some(value)) = (&mut url, value) {
                url.insert(key.to_owned(), value);
            }
        }
        self.snapshot.url_file(self.function_arn().name()).write(&format!("{url:#}\n"))?;
        self.reload()?;
        Ok(url)
    }

    /// What `DeleteFunctionUrlConfig` does. A snapshot that inherits the URL covers it with a file
    /// that says `null`.
    ///
    /// # Errors
    ///
    /// Where there is no URL of that alias.
    pub fn remove_url(&mut self, qualifier: Option<&str>) -> Result<(), TriggersError> {
        let _lock = self.lock()?;
        self.url(qualifier)?.ok_or_else(Refusal::no_url)?;
        self.snapshot.url_file(self.function_arn().name()).remove("null\n")?;
        self.reload()
    }

    /// What `CreateFunctionUrlConfig` does. A snapshot has one URL of a function.
    ///
    /// # Errors
    ///
    /// Where there is a URL already, or AWS would refuse a setting.
    pub fn create_url(&mut self, new: &NewUrl) -> Result<Value, TriggersError> {
        refusal::check_qualifier(new.qualifier.as_deref())?;
        refuse_other("authType", &new.auth_type, &AUTH_TYPES)?;
        let invoke_mode = new.invoke_mode.as_deref().unwrap_or("BUFFERED");
        refuse_other("invokeMode", invoke_mode, &INVOKE_MODES)?;
        let _lock = self.lock()?;
        let arn = self.function_arn();
        let function_arn = arn.qualified(new.qualifier.as_deref());
        if self.function()?.function_url.is_some() {
            return Err(Refusal::url_exists(&function_arn).into());
        }
        let id = identifier(&[&function_arn, "url"]).replace('-', "");
        let url = format!("https://{id}.lambda-url.{}.on.aws/", arn.region());
        let members = [
            ("FunctionUrl", Some(Value::from(url))),
            ("FunctionArn", Some(function_arn.into())),
            ("AuthType", Some(new.auth_type.as_str().into())),
            ("Cors", new.cors.clone()),
            ("CreationTime", Some(new.creation_time.as_str().into())),
            ("LastModifiedTime", Some(new.creation_time.as_str().into())),
            ("InvokeMode", Some(invoke_mode.into())),
        ];
        let members = members.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
        let url = Value::Object(members.collect::<Map<_, _>>());
        self.snapshot.url_file(arn.name()).write(&format!("{url:#}\n"))?;
        self.reload()?;
        Ok(url)
    }
}

fn refuse_other(member: &str, value: &str, known: &[&str]) -> Result<(), Refusal> {
    if known.contains(&value) {
        return Ok(());
    }
    let known = known.join(", ");
    Err(Refusal::validation(format_args!(
        "Value '{value}' at '{member}' failed to satisfy constraint: Member must satisfy enum \
         value set: [{known}]"
    )))
}
