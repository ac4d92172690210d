//! What the snapshot says of the function, as Lambda's API answers it.

use serde_json::{Map, Value, json};

use super::{MappingsFile, Triggers, TriggersError};

/// A policy of the function as `GetPolicy` answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyInForce {
    /// The document.
    pub policy: String,
    /// Its revision, which every change changes.
    pub revision_id: String,
}

impl Triggers {
    /// The policy of a version or alias, or of the unqualified function; `None` where it has none.
    ///
    /// # Errors
    ///
    /// Where the policy cannot be read, or the qualifier can be no version or alias.
    pub fn policy_in_force(
        &self,
        qualifier: Option<&str>,
    ) -> Result<Option<PolicyInForce>, TriggersError> {
        let in_force = self.policy(qualifier)?.in_force();
        Ok(in_force.map(|(policy, revision_id)| PolicyInForce { policy, revision_id }))
    }

    /// The event source mappings, as AWS lists them.
    ///
    /// # Errors
    ///
    /// Where their file cannot be read.
    pub fn event_source_mappings(&self) -> Result<Vec<Value>, TriggersError> {
        let file = self.snapshot.mappings_file(self.function_arn().name());
        Ok(MappingsFile::read(file)?.mappings().to_vec())
    }

    /// What `GetFunctionConfiguration` answers: `configuration.json`, and of `function.toml` what
    /// that leaves out.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read.
    pub fn configuration(&self, qualifier: Option<&str>) -> Result<Value, TriggersError> {
        let function = self.folder.function();
        let text = self.snapshot.configuration_file(function.arn.name()).text()?;
        let said: Option<Map<_, _>> = text.and_then(|text| serde_json::from_str(&text).ok());
        let mut configuration = said.unwrap_or_default();
        let is_version = |name: &&str| name.bytes().all(|byte| byte.is_ascii_digit());
        let fallback = json!({
            "FunctionName": function.arn.name(),
            "Runtime": function.runtime,
            "Handler": function.handler,
            "Timeout": function.timeout,
            "MemorySize": function.memory_size,
            "PackageType": "Zip",
            "State": "Active",
            "LastUpdateStatus": "Successful",
        });
        for (key, value) in fallback.as_object().into_iter().flatten() {
            configuration.entry(key.clone()).or_insert_with(|| value.clone());
        }
        let version = qualifier.filter(is_version).unwrap_or("$LATEST");
        configuration.insert("FunctionArn".to_owned(), function.arn.qualified(qualifier).into());
        configuration.insert("Version".to_owned(), version.into());
        Ok(Value::Object(configuration))
    }

    /// The numbered versions that the snapshot knows of, in order: those with a policy. It lists
    /// them nowhere.
    ///
    /// # Errors
    ///
    /// Where the snapshot has nothing of the function.
    pub fn versions(&self) -> Result<Vec<String>, TriggersError> {
        let qualifiers = self.function()?.policies().filter_map(|(qualifier, _)| qualifier);
        let mut versions: Vec<u64> = qualifiers.filter_map(|name| name.parse().ok()).collect();
        versions.sort_unstable();
        Ok(versions.iter().map(u64::to_string).collect())
    }

    /// Whether the snapshot knows of this version or alias: `$LATEST`, or one with a policy, an
    /// event source mapping or a URL. It lists them nowhere.
    #[cfg(feature = "serve")]
    pub(crate) fn knows(&self, qualifier: &str) -> Result<bool, TriggersError> {
        let function = self.function()?;
        let arn = self.function_arn().qualified(Some(qualifier));
        let mapped = function.event_source_mappings.iter().map(|mapping| &mapping.function_arn);
        let url = function.function_url.iter().map(|url| &url.function_arn);
        Ok(qualifier == "$LATEST"
            || function.policy(Some(qualifier)).is_some()
            || mapped.chain(url).flatten().any(|known| *known == arn))
    }
}
