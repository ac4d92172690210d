//! Policies and requests as people have them, made from a seed: several services, wildcards in
//! actions and resources, conditions, and now and then a `Deny`.

use oorandom::Rand32;
use retrigger::iam::{Decision, Policy, PolicySet, Request};
use serde_json::{Value, json};

use super::workload::{Case, Documents, Workload, delegated_account, delegating};

/// The account that everything is in.
pub(crate) const ACCOUNT: &str = "111122223333";

const ROLE: &str = "arn:aws:iam::111122223333:role/app/OrderRole";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/OrderRole/s-1";
const REGIONS: [&str; 4] = ["us-east-1", "us-west-2", "eu-west-1", "eu-central-1"];
const TEAMS: [&str; 4] = ["orders", "billing", "search", "platform"];
const STAGES: [&str; 3] = ["prod", "staging", "dev"];
const WORDS: [&str; 10] = [
    "orders", "invoices", "users", "catalog", "images", "events", "audit", "metrics", "sessions",
    "reports",
];

/// A service: its actions, wildcards that cover some of them, and what its resources are called,
/// where `R` is a Region and `N` a name.
struct Service {
    prefix: &'static str,
    actions: &'static [&'static str],
    wildcards: &'static [&'static str],
    resource: &'static str,
}

const SERVICES: [Service; 10] = [
    Service {
        prefix: "s3",
        actions: &["GetObject", "PutObject", "DeleteObject", "GetObjectTagging", "ListBucket"],
        wildcards: &["Get*", "*Object", "List*"],
        resource: "arn:aws:s3:::N/data",
    },
    Service {
        prefix: "sqs",
        actions: &["SendMessage", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes"],
        wildcards: &["*Message", "Get*"],
        resource: "arn:aws:sqs:R:111122223333:N",
    },
    Service {
        prefix: "sns",
        actions: &["Publish", "Subscribe", "GetTopicAttributes", "ListTagsForResource"],
        wildcards: &["Get*", "List*"],
        resource: "arn:aws:sns:R:111122223333:N",
    },
    Service {
        prefix: "dynamodb",
        actions: &["GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "BatchGetItem"],
        wildcards: &["*Item", "Get*", "Batch*"],
        resource: "arn:aws:dynamodb:R:111122223333:table/N",
    },
    Service {
        prefix: "lambda",
        actions: &["InvokeFunction", "GetFunction", "UpdateFunctionCode", "ListTags"],
        wildcards: &["Get*", "*Function", "List*"],
        resource: "arn:aws:lambda:R:111122223333:function:N",
    },
    Service {
        prefix: "kms",
        actions: &["Decrypt", "Encrypt", "GenerateDataKey", "DescribeKey"],
        wildcards: &["*crypt", "GenerateDataKey*"],
        resource: "arn:aws:kms:R:111122223333:key/N",
    },
    Service {
        prefix: "logs",
        actions: &["CreateLogStream", "PutLogEvents", "GetLogEvents", "FilterLogEvents"],
        wildcards: &["Create*", "*LogEvents"],
        resource: "arn:aws:logs:R:111122223333:log-group:/aws/lambda/N:main",
    },
    Service {
        prefix: "secretsmanager",
        actions: &["GetSecretValue", "DescribeSecret", "PutSecretValue", "TagResource"],
        wildcards: &["Get*", "*SecretValue"],
        resource: "arn:aws:secretsmanager:R:111122223333:secret:N",
    },
    Service {
        prefix: "states",
        actions: &["StartExecution", "DescribeExecution", "StopExecution", "TagResource"],
        wildcards: &["*Execution", "Describe*"],
        resource: "arn:aws:states:R:111122223333:stateMachine:N",
    },
    Service {
        prefix: "events",
        actions: &["PutEvents", "PutRule", "DescribeRule", "PutTargets"],
        wildcards: &["Put*", "Describe*"],
        resource: "arn:aws:events:R:111122223333:event-bus/N",
    },
];

/// Actions that are granted on `*`.
const UNSCOPED: [&str; 4] =
    ["ec2:Describe*", "logs:DescribeLogGroups", "tag:GetResources", "cloudwatch:Get*"];

/// Makes statements and requests, the same ones for the same seed.
pub(crate) struct Generator {
    random: Rand32,
}

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: Rand32::new(seed) }
    }

    fn below(&mut self, end: usize) -> usize {
        let end = u32::try_from(end).expect("a small number");
        self.random.rand_range(0..end) as usize
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// `N` statements of an identity policy.
    pub(crate) fn statements(&mut self, count: usize) -> Vec<Value> {
        (0..count).map(|_| self.statement()).collect()
    }

    fn statement(&mut self) -> Value {
        if self.below(12) == 0 {
            let action = self.pick(&UNSCOPED);
            return json!({"Effect": "Allow", "Action": action, "Resource": "*"});
        }
        let service = &SERVICES[self.below(SERVICES.len())];
        let effect = if self.below(16) == 0 { "Deny" } else { "Allow" };
        let actions: Vec<String> = (0..=self.below(3)).map(|_| self.action(service)).collect();
        let resources: Vec<String> =
            (0..=self.below(3)).map(|_| self.resource_pattern(service)).collect();
        let mut statement = json!({"Effect": effect, "Action": actions, "Resource": resources});
        if self.below(5) < 2 {
            statement["Condition"] = self.condition();
        }
        statement
    }

    fn action(&mut self, service: &Service) -> String {
        let name = match self.below(8) {
            0 => "*",
            1..=3 => self.pick(service.wildcards),
            _ => self.pick(service.actions),
        };
        format!("{}:{name}", service.prefix)
    }

    fn name(&mut self) -> String {
        let (word, stage) = (self.pick(&WORDS), self.pick(&STAGES));
        format!("{word}-{stage}-{:03}", self.below(400))
    }

    fn resource(&mut self, service: &Service) -> String {
        let region = self.pick(&REGIONS);
        service.resource.replace('R', region).replace('N', &self.name())
    }

    fn resource_pattern(&mut self, service: &Service) -> String {
        let (word, stage) = (self.pick(&WORDS), self.pick(&STAGES));
        let (region, number) = (self.pick(&REGIONS), self.below(400));
        let (region, name) = match self.below(8) {
            0 => ("*", format!("{word}-{stage}-{number:03}")),
            1 => (region, format!("{word}-{stage}-*")),
            2 => (region, format!("{word}-*-{number:03}")),
            3 => ("*", format!("{word}-${{aws:PrincipalTag/stage}}-{number:03}")),
            _ => (region, format!("{word}-{stage}-{number:03}")),
        };
        service.resource.replace('R', region).replace('N', &name)
    }

    fn condition(&mut self) -> Value {
        let (team, region) = (self.pick(&TEAMS), self.pick(&REGIONS));
        match self.below(8) {
            0 => json!({"StringEquals": {"aws:PrincipalTag/team": [team, "platform"]}}),
            1 => json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/app/*"}}),
            2 => json!({"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "203.0.113.0/24"]}}),
            3 => json!({"Bool": {"aws:SecureTransport": "true"}}),
            4 => json!({"DateLessThan": {"aws:CurrentTime": "2026-09-01T00:00:00Z"}}),
            5 => json!({"StringNotEquals": {"aws:RequestedRegion": region}}),
            6 => json!({"StringEqualsIfExists": {"aws:ResourceTag/team": team}}),
            _ => json!({"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "stage"]}}),
        }
    }

    /// A request by the role's session: near one of the statements, so that some are allowed.
    fn request(&mut self, statements: &[Value]) -> Request {
        let service = &SERVICES[self.below(SERVICES.len())];
        let (mut action, mut resource) = (self.action(service), self.resource(service));
        if self.below(5) > 0 {
            let near = &statements[self.below(statements.len())];
            (action, resource) = (self.one_of(&near["Action"]), self.one_of(&near["Resource"]));
        }
        let resource = resource.replace(":*:", ":us-east-1:").replace('*', "prod");
        let mut request = Request::new(
            SESSION.parse().expect("a session"),
            action.replace('*', "Describe"),
            resource.replace("${aws:PrincipalTag/stage}", "prod"),
        );
        request.session_issuer = Some(ROLE.to_owned());
        request.declared_resource_account = Some(ACCOUNT.to_owned());
        self.add_context(&mut request);
        request
    }

    /// One of a statement's patterns.
    fn one_of(&mut self, element: &Value) -> String {
        let pattern = match element {
            Value::Array(patterns) => &patterns[self.below(patterns.len())],
            pattern => pattern,
        };
        pattern.as_str().expect("a pattern").to_owned()
    }

    fn add_context(&mut self, request: &mut Request) {
        let network = self.pick(&["10.1.2", "203.0.113", "198.51.100"]);
        let address = format!("{network}.{}", self.below(256));
        let month = 1 + self.below(12);
        let context = &mut request.context;
        context.insert("aws:PrincipalArn", ROLE);
        context.insert("aws:PrincipalAccount", ACCOUNT);
        context.insert("aws:PrincipalType", "AssumedRole");
        context.insert("aws:PrincipalTag/team", self.pick(&TEAMS));
        context.insert("aws:PrincipalTag/stage", self.pick(&STAGES));
        context.insert("aws:SourceIp", address);
        context.insert("aws:SecureTransport", self.pick(&["true", "true", "true", "false"]));
        context.insert("aws:CurrentTime", format!("2026-{month:02}-11T10:00:00Z"));
        context.insert("aws:RequestedRegion", self.pick(&REGIONS));
        context.insert("aws:ResourceAccount", ACCOUNT);
        if self.below(2) == 0 {
            context.insert("aws:ResourceTag/team", self.pick(&TEAMS));
        }
        if self.below(6) == 0 {
            let tag = self.pick(&["stage", "owner"]);
            context.insert("aws:TagKeys", vec!["team".to_owned(), tag.to_owned()]);
        }
    }
}

/// A document with these statements.
pub(crate) fn document(statements: &[Value]) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

/// A policy set with one identity policy.
pub(crate) fn identity(document: &str) -> PolicySet {
    let policy: Policy = document.parse().expect("a policy without errors");
    PolicySet { identity: vec![policy], ..PolicySet::default() }
}

/// A workload of identity policies, 20 statements each. What to expect is what the plain
/// evaluator decides.
pub(crate) fn workload(statements: usize, requests: usize, seed: u64) -> Workload {
    let mut workload = unchecked_workload(statements, requests, seed);
    let mut policies = workload.documents.policy_set();
    for case in &mut workload.cases {
        policies.resource = delegated_account(&case.request).map(delegating);
        case.expect = policies.decide(&case.request);
    }
    workload
}

/// The same, without asking what to expect.
pub(crate) fn unchecked_workload(statements: usize, requests: usize, seed: u64) -> Workload {
    let mut generator = Generator::new(seed);
    let made = generator.statements(statements);
    let documents = made.chunks(20).map(document);
    let raw = |text: String| serde_json::value::RawValue::from_string(text).expect("JSON");
    let documents = Documents { identity: documents.map(raw).collect(), ..Documents::default() };
    let case = |_| Case {
        request: generator.request(&made),
        resource_policy: None,
        expect: Decision::Undecided,
    };
    let cases = (0..requests).map(case).collect();
    Workload { name: format!("generated-{statements}"), documents, cases }
}
