//! The policy of a function, version or alias as a file: statements are added and removed in the
//! form in which the file is written.

use std::path::Path;

use retrigger_recording::{FunctionFile, PolicyDocument};
use serde_json::{Value, json};

use super::{Refusal, TriggersError, edit::Document, identifier};
use crate::documents::Documents;

/// The most bytes of a function's policy. Source: Lambda Developer Guide, "Lambda quotas"
/// (20 KB); the text of `PolicyLengthExceededException`.
const MAX_BYTES: usize = 20_480;

/// How a file holds a policy.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// There is no file yet.
    New,
    /// It is the policy.
    Bare,
    /// `aws lambda get-policy`: the policy in a string, with a revision.
    InText,
    /// The same with the policy as an object.
    InObject,
}

/// The policy of a function, version or alias.
pub(super) struct PolicyFile {
    file: FunctionFile,
    /// The ARN of the function, version or alias.
    arn: String,
    form: Form,
    /// The file as it reads.
    text: String,
    /// The policy, its statements in a list.
    policy: Value,
}

impl PolicyFile {
    /// Reads the policy that is in force.
    pub(super) fn read(
        file: FunctionFile,
        document: Option<&PolicyDocument>,
        arn: String,
    ) -> Result<Self, TriggersError> {
        let Some(document) = document else {
            let policy = json!({"Version": "2012-10-17", "Id": "default", "Statement": []});
            return Ok(Self { file, arn, form: Form::New, text: String::new(), policy });
        };
        Documents::default().load(document).map_err(TriggersError::Document)?;
        let text = document.file_text().to_owned();
        let file_value: Value = serde_json::from_str(&text).unwrap_or_default();
        let form = match file_value.get("Policy") {
            Some(Value::String(_)) => Form::InText,
            Some(Value::Object(_)) => Form::InObject,
            _ => Form::Bare,
        };
        let mut policy: Value = serde_json::from_str(document.text()).unwrap_or_default();
        match policy["Statement"].take() {
            Value::Array(list) => policy["Statement"] = Value::Array(list),
            Value::Null => policy["Statement"] = json!([]),
            single => policy["Statement"] = json!([single]),
        }
        Ok(Self { file, arn, form, text, policy })
    }

    /// The policy as `get-policy` has it, and its revision id; `None` where it has no statement.
    pub(super) fn in_force(&self) -> Option<(String, String)> {
        let is_empty = self.policy["Statement"].as_array().is_none_or(Vec::is_empty);
        (!is_empty).then(|| (self.policy.to_string(), self.revision()))
    }

    /// As the file has it, else one that follows from what the policy says.
    fn revision(&self) -> String {
        let holder: Option<Value> = match self.form {
            Form::InText | Form::InObject => serde_json::from_str(&self.text).ok(),
            Form::New | Form::Bare => None,
        };
        let held = holder.as_ref().and_then(|holder| holder["RevisionId"].as_str());
        let derived = || identifier(&[&self.arn, &self.policy.to_string()]);
        held.map_or_else(derived, str::to_owned)
    }

    /// Refuses a change that was meant for another state of the policy.
    pub(super) fn refuse_other_revision(&self, revision: Option<&str>) -> Result<(), Refusal> {
        match revision {
            Some(revision) if revision != self.revision() => Err(Refusal::other_revision()),
            _ => Ok(()),
        }
    }

    /// The file that a change writes.
    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    /// The ids of its statements.
    pub(super) fn statement_ids(&self) -> Vec<&str> {
        let statements = self.policy["Statement"].as_array().into_iter().flatten();
        statements.filter_map(|statement| statement["Sid"].as_str()).collect()
    }

    /// Appends statements, all or none.
    pub(super) fn append(mut self, added: &[Value]) -> Result<(), TriggersError> {
        for statement in added {
            let id = statement["Sid"].as_str().unwrap_or_default();
            if self.statement_ids().contains(&id) {
                return Err(Refusal::duplicate_statement(id).into());
            }
            if let Some(list) = self.policy["Statement"].as_array_mut() {
                list.push(statement.clone());
            }
        }
        let size = self.policy.to_string().len();
        if size > MAX_BYTES {
            return Err(Refusal::too_long(size, MAX_BYTES).into());
        }
        self.write(|document| document.append("Statement", added))
    }

    /// Removes a statement, and with the last one the policy.
    pub(super) fn remove(mut self, id: &str) -> Result<Value, TriggersError> {
        let statements = self.policy["Statement"].as_array_mut();
        let found = statements.and_then(|list| {
            let index = list.iter().position(|statement| statement["Sid"] == id)?;
            Some((index, list.remove(index), list.is_empty()))
        });
        match found {
            None => Err(Refusal::no_statement(id, &self.statement_ids()).into()),
            Some((_, removed, true)) => {
                let empty = format!("{:#}\n", self.policy);
                self.file.remove(&empty)?;
                Ok(removed)
            }
            Some((index, removed, false)) => {
                self.write(|document| document.remove("Statement", index))?;
                Ok(removed)
            }
        }
    }

    /// Writes the policy as it now is, changing no more of the file's text than it must.
    fn write(&self, change: impl FnOnce(&mut Document)) -> Result<(), TriggersError> {
        let text = match self.form {
            Form::New => Some(format!("{:#}\n", self.policy)),
            Form::Bare => Document::read(&self.text).map(|mut document| {
                change(&mut document);
                document.text()
            }),
            Form::InText => self.revised().map(|mut holder| {
                holder.set_string("Policy", &self.policy.to_string());
                holder.text()
            }),
            Form::InObject => {
                self.revised().and_then(|holder| holder.within("Policy")).map(|mut document| {
                    change(&mut document);
                    document.text()
                })
            }
        };
        let text = text.ok_or_else(|| TriggersError::Unwritable(self.path().to_owned()))?;
        Ok(self.file.write(&text)?)
    }

    /// What `get-policy` printed, with another revision: AWS changes it with every change.
    fn revised(&self) -> Option<Document> {
        let mut holder = Document::read(&self.text)?;
        holder.set_string("RevisionId", &identifier(&[&self.arn, &self.policy.to_string()]));
        Some(holder)
    }
}
