//! The function: its configuration, policies, event source mappings and URL.

use std::collections::BTreeSet;

use retrigger_recording::{TakenSnapshot, Unread, function_policy_in_aws_form};
use serde_json::{Value, json};

use super::{Configured, Read, Taking, next_page};
use crate::{
    answer::Answer,
    arn::{Arn, FunctionName},
    error::{CollectError, ErrorKind},
};

impl Taking<'_> {
    /// `configuration.json`, without which nothing else is known.
    pub(super) async fn configuration(
        &mut self,
        function: &FunctionName,
        account: Option<&str>,
    ) -> Result<Configured, CollectError> {
        const CALL: &str = "lambda:GetFunctionConfiguration";
        let asked = asked(function, account);
        let answer = Answer::default();
        let call = self.connection.lambda().get_function_configuration().function_name(&asked);
        self.call(CALL, &asked, call.customize().interceptor(answer.clone()).send()).await?;
        let configuration = answer.json(CALL, &asked)?;
        let member = |name: &str| {
            let lacks = || CollectError::unreadable(CALL, &asked, format!("no `{name}` in it"));
            configuration[name].as_str().map(str::to_owned).ok_or_else(lacks)
        };
        let (arn, role) = (member("FunctionArn")?, member("Role")?);
        let parsed = FunctionName::parse(&arn)?;
        let (_, _, account) = parsed.place.ok_or_else(|| {
            CollectError::unreadable(CALL, &asked, format!("`{arn}` is no function's ARN"))
        })?;
        self.put(TakenSnapshot::configuration_file(&parsed.name), &configuration);
        Ok(Configured { arn, name: parsed.name, asked, account, role })
    }

    /// Policies, mappings and URL, of aliases and the versions named too; gives the aliases, where
    /// they may be listed.
    pub(super) async fn function(
        &mut self,
        configured: &Configured,
        function: &FunctionName,
        versions: &[String],
    ) -> Result<Option<BTreeSet<String>>, CollectError> {
        let aliases = self.aliases(configured).await?;
        let mut qualifiers = aliases.clone().unwrap_or_default();
        for named in function.qualifier.iter().chain(versions) {
            if named != "$LATEST" && qualifiers.insert(named.clone()) {
                self.check_qualifier(configured, named).await?;
            }
        }
        self.function_policy(configured, None).await?;
        for qualifier in &qualifiers {
            self.function_policy(configured, Some(qualifier)).await?;
        }
        self.mappings(configured, &qualifiers).await?;
        self.url(configured, aliases.as_ref()).await?;
        Ok(aliases)
    }

    /// All aliases; `None` where the caller may not list them.
    async fn aliases(
        &mut self,
        configured: &Configured,
    ) -> Result<Option<BTreeSet<String>>, CollectError> {
        const CALL: &str = "lambda:ListAliases";
        let (mut names, mut marker) = (BTreeSet::new(), None);
        loop {
            let call = self.connection.lambda().list_aliases().function_name(&configured.asked);
            let call = call.set_marker(marker.clone()).send();
            let page = match self.read(CALL, &configured.name, call).await? {
                Read::There(page) => page,
                Read::Refused(error) => {
                    self.not_read(Unread::Aliases, &configured.arn, &error);
                    return Ok(None);
                }
                Read::Nothing(error) => return Err(error),
            };
            let aliases = page.aliases.unwrap_or_default();
            names.extend(aliases.into_iter().filter_map(|alias| alias.name));
            let next = page.next_marker.filter(|marker| !marker.is_empty());
            marker = next_page(CALL, &configured.name, marker.as_ref(), next.is_some(), next)?;
            if marker.is_none() {
                return Ok(Some(names));
            }
        }
    }

    /// Whether a version or alias that was named exists: a policy that is not there says nothing.
    async fn check_qualifier(
        &mut self,
        configured: &Configured,
        qualifier: &str,
    ) -> Result<(), CollectError> {
        let of = format!("{}:{qualifier}", configured.name);
        let call = self.connection.lambda().get_function_configuration();
        let call = call.function_name(&configured.asked).qualifier(qualifier).send();
        match self.read("lambda:GetFunctionConfiguration", &of, call).await? {
            Read::Nothing(error) => Err(error),
            Read::There(_) | Read::Refused(_) => Ok(()),
        }
    }

    async fn function_policy(
        &mut self,
        configured: &Configured,
        qualifier: Option<&str>,
    ) -> Result<(), CollectError> {
        const CALL: &str = "lambda:GetPolicy";
        let whole = |name: &str| match qualifier {
            Some(qualifier) => format!("{name}:{qualifier}"),
            None => name.to_owned(),
        };
        let of = whole(&configured.name);
        let answer = Answer::default();
        let call = self.connection.lambda().get_policy().function_name(&configured.asked);
        let call = call.set_qualifier(qualifier.map(str::to_owned));
        let call = call.customize().interceptor(answer.clone()).send();
        let file = TakenSnapshot::policy_file(&configured.name, qualifier);
        match self.read(CALL, &of, call).await? {
            Read::There(_) => {
                let mut policy = answer.json(CALL, &of)?;
                keep_what_is_for(&mut policy, &whole(&configured.arn));
                self.put(file, &policy);
            }
            Read::Nothing(_) => {
                self.nothing.insert(file);
            }
            Read::Refused(error) => {
                self.not_read(Unread::FunctionPolicy, &whole(&configured.arn), &error);
            }
        }
        Ok(())
    }

    /// The mappings of the function and of each qualifier.
    ///
    /// Not settled: whether asking with the function's name also gives the mappings of its aliases.
    /// Each is asked for by its own ARN, and what comes twice is kept once.
    async fn mappings(
        &mut self,
        configured: &Configured,
        qualifiers: &BTreeSet<String>,
    ) -> Result<(), CollectError> {
        let mut found: Vec<Value> = Vec::new();
        let of_qualifiers = qualifiers.iter().map(|name| format!("{}:{name}", configured.arn));
        for of in std::iter::once(configured.asked.clone()).chain(of_qualifiers) {
            for mapping in self.mappings_of(configured, &of).await? {
                if !found.iter().any(|known| known["UUID"] == mapping["UUID"]) {
                    found.push(mapping);
                }
            }
        }
        let is_read = !self.not_read.iter().any(|one| one.what == Unread::EventSourceMappings);
        if is_read {
            let file = TakenSnapshot::mappings_file(&configured.name);
            self.put(file, &json!({ "EventSourceMappings": found }));
        }
        Ok(())
    }

    async fn mappings_of(
        &mut self,
        configured: &Configured,
        function: &str,
    ) -> Result<Vec<Value>, CollectError> {
        const CALL: &str = "lambda:ListEventSourceMappings";
        let (mut mappings, mut marker) = (Vec::new(), None);
        loop {
            let answer = Answer::default();
            let call = self.connection.lambda().list_event_source_mappings();
            let call = call.function_name(function).set_marker(marker.clone());
            let call = call.customize().interceptor(answer.clone()).send();
            let page = match self.read(CALL, function, call).await? {
                Read::There(page) => page,
                Read::Nothing(_) => return Ok(mappings),
                Read::Refused(error) => {
                    self.not_read(Unread::EventSourceMappings, &configured.arn, &error);
                    return Ok(Vec::new());
                }
            };
            if let Value::Array(list) = answer.json(CALL, function)?["EventSourceMappings"].take() {
                mappings.extend(list);
            }
            let next = page.next_marker.filter(|marker| !marker.is_empty());
            marker = next_page(CALL, function, marker.as_ref(), next.is_some(), next)?;
            if marker.is_none() {
                return Ok(mappings);
            }
        }
    }

    /// The URL of the function, or else that of the first alias that has one: a snapshot has one.
    async fn url(
        &mut self,
        configured: &Configured,
        aliases: Option<&BTreeSet<String>>,
    ) -> Result<(), CollectError> {
        const CALL: &str = "lambda:GetFunctionUrlConfig";
        let file = TakenSnapshot::url_file(&configured.name);
        let aliases = aliases.into_iter().flatten().map(Some);
        for alias in std::iter::once(None).chain(aliases) {
            let answer = Answer::default();
            let call = self.connection.lambda().get_function_url_config();
            let call = call.function_name(&configured.asked).set_qualifier(alias.cloned());
            let call = call.customize().interceptor(answer.clone()).send();
            match self.read(CALL, &configured.name, call).await? {
                Read::There(_) => {
                    let url = answer.json(CALL, &configured.name)?;
                    self.put(file, &url);
                    return Ok(());
                }
                Read::Nothing(_) => {}
                Read::Refused(error) => {
                    self.not_read(Unread::FunctionUrl, &configured.arn, &error);
                    return Ok(());
                }
            }
        }
        self.nothing.insert(file);
        Ok(())
    }

    /// The ARNs of what the function's mappings poll and its policies name as a source, and of the
    /// secrets that a mapping reads.
    pub(super) fn sources(&mut self, configured: &Configured) -> Result<Vec<String>, CollectError> {
        let mut sources = BTreeSet::new();
        let prefix = format!("lambda/{}/", configured.name);
        for (name, text) in self.files.iter().filter(|(name, _)| name.starts_with(&prefix)) {
            let file: Value = serde_json::from_str(text).unwrap_or_default();
            if *name == TakenSnapshot::mappings_file(&configured.name) {
                polled(&file, &mut sources);
            } else if let Some(policy) = file["Policy"].as_str() {
                let policy: Value = serde_json::from_str(policy).map_err(|error| {
                    let message = format!("the policy is no JSON: {error}");
                    CollectError::unreadable("lambda:GetPolicy", &configured.name, message)
                })?;
                named_as_source(&policy, &mut sources);
            }
        }
        Ok(sources.into_iter().collect())
    }
}

/// What the API is asked with: the name, or the ARN of a function of another account.
fn asked(function: &FunctionName, account: Option<&str>) -> String {
    match &function.place {
        Some((partition, region, other)) if account != Some(other) => {
            format!("arn:{partition}:lambda:{region}:{other}:function:{}", function.name)
        }
        _ => function.name.clone(),
    }
}

/// AWS answers with the policy of the qualifier that was asked for. Another server may give all
/// statements of the function, of which those on other qualifiers are left out; and in a form of its
/// own.
fn keep_what_is_for(answer: &mut Value, arn: &str) {
    let Some(text) = answer["Policy"].as_str() else { return };
    let text = function_policy_in_aws_form(text).unwrap_or_else(|| text.to_owned());
    let Ok(mut policy) = serde_json::from_str::<Value>(&text) else { return };
    if let Some(statements) = policy["Statement"].as_array_mut() {
        let count = statements.len();
        let function = arn.splitn(8, ':').take(7).collect::<Vec<_>>().join(":");
        let is_for = |statement: &Value| {
            let on = statement["Resource"].as_str().unwrap_or(arn);
            on == arn || !on.starts_with(&function)
        };
        statements.retain(is_for);
        if statements.len() < count {
            answer["Policy"] = policy.to_string().into();
            return;
        }
    }
    answer["Policy"] = text.into();
}

fn polled(file: &Value, sources: &mut BTreeSet<String>) {
    for mapping in file["EventSourceMappings"].as_array().into_iter().flatten() {
        sources.extend(mapping["EventSourceArn"].as_str().map(str::to_owned));
        let accesses = mapping["SourceAccessConfigurations"].as_array().into_iter().flatten();
        let secrets = accesses.filter_map(|access| access["URI"].as_str());
        let is_secret =
            |uri: &&str| Arn::parse(uri).is_some_and(|arn| arn.service == "secretsmanager");
        sources.extend(secrets.filter(is_secret).map(str::to_owned));
    }
}

/// Topics and buckets that a statement names in full as `aws:SourceArn`.
pub(super) fn named_as_source(policy: &Value, sources: &mut BTreeSet<String>) {
    for statement in policy["Statement"].as_array().into_iter().flatten() {
        let tests = statement["Condition"].as_object().into_iter().flatten();
        let keys = tests.filter_map(|(_, keys)| keys.as_object()).flatten();
        for (_, value) in keys.filter(|(key, _)| key.eq_ignore_ascii_case("aws:SourceArn")) {
            let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            let arns = values.iter().filter_map(Value::as_str);
            let is_whole = |arn: &&str| {
                let service = Arn::parse(arn).map(|arn| arn.service);
                !arn.contains(['*', '?']) && matches!(service, Some("sns" | "s3"))
            };
            sources.extend(arns.filter(is_whole).map(str::to_owned));
        }
    }
}

impl CollectError {
    /// Whether AWS says that there is no policy, and not that there is no function.
    pub(super) fn is_no_policy(&self) -> bool {
        self.kind() == ErrorKind::NotFound && self.reason().contains("policy")
    }
}
