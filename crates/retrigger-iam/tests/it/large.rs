//! Sets large enough that statements are found by an index on every side of it: many statements
//! about the same actions, resource patterns that start alike, conditions that repeat.

use retrigger_iam::{Policy, PolicySet, Request};
use serde_json::{Value, json};

use crate::agree::Both;

const ACCOUNT: &str = "111122223333";
const USER: &str = "arn:aws:iam::111122223333:user/alice";
const NAMES: [&str; 8] = ["a", "ab", "ab-", "abc", "ab-c/d", "b", "bcdefghij", "bcdefghijk"];
const ENDS: [&str; 5] = ["", "*", "/*", "-1", "*-1"];

struct Author {
    random: fastrand::Rng,
}

impl Author {
    fn pick(&mut self, from: &[&str]) -> String {
        from[self.random.usize(..from.len())].to_owned()
    }

    /// A resource part: names that start each other, with and without wildcards and colons.
    fn part(&mut self) -> String {
        let (name, end) = (self.pick(&NAMES), self.pick(&ENDS));
        match self.random.u8(..12) {
            0 => format!("{name}:{}", self.pick(&NAMES)),
            1 => format!("{name}?{end}"),
            2 => format!("*{name}"),
            3 => format!("{name}*{}*{end}", self.pick(&NAMES)),
            4 => format!("{name}${{aws:PrincipalTag/team}}{end}"),
            _ => format!("{name}{end}"),
        }
    }

    fn resource(&mut self) -> String {
        let part = self.part();
        match self.random.u8(..14) {
            0 => "*".to_owned(),
            1 => format!("arn:aws:sqs:*:{ACCOUNT}:{part}"),
            2 => format!("arn:aws:sqs:us-*:*:{part}"),
            3 => format!("arn:aws:sqs:*:*:{part}"),
            4 => format!("arn:aws:*:us-east-1:{ACCOUNT}:{part}"),
            5 => format!("arn:aws:sqs:*{part}"),
            _ => format!("arn:aws:sqs:us-east-1:{ACCOUNT}:{part}"),
        }
    }

    fn action(&mut self) -> String {
        self.pick(&[
            "sqs:SendMessage",
            "sqs:SendMessage",
            "sqs:ReceiveMessage",
            "sqs:Send*",
            "sqs:S*",
            "sqs:*Message",
            "sqs:*Attr*",
            "sqs:*",
            "*",
            "*:Send*",
            "sns:Publish",
        ])
    }

    /// One of many that differ in their value.
    fn condition(&mut self) -> Value {
        let number = self.random.u8(..40);
        match self.random.u8(..5) {
            0 => json!({"StringEquals": {"aws:PrincipalTag/team": format!("team{}", number % 4)}}),
            1 => json!({"NumericLessThan": {"s3:max-keys": number.to_string()}}),
            2 => json!({"IpAddress": {"aws:SourceIp": format!("10.{}.0.0/16", number % 3)}}),
            3 => {
                json!({"DateLessThan": {"aws:CurrentTime": format!("2026-{:02}-01T00:00:00Z", number % 12 + 1)}})
            }
            _ => json!({"StringNotEquals": {"aws:RequestedRegion": "us-east-1"},
                        "Bool": {"aws:SecureTransport": "true"}}),
        }
    }

    fn statement(&mut self, deny_one_in: u8) -> Value {
        let list = |author: &mut Self, one: fn(&mut Self) -> String| -> Vec<String> {
            (0..=author.random.usize(..3)).map(|_| one(author)).collect()
        };
        let effect = if self.random.u8(..deny_one_in) == 0 { "Deny" } else { "Allow" };
        let action = if self.random.u8(..12) == 0 { "NotAction" } else { "Action" };
        let resource = if self.random.u8(..16) == 0 { "NotResource" } else { "Resource" };
        let mut statement = json!({"Effect": effect});
        statement[action] = list(self, Self::action).into();
        statement[resource] = list(self, Self::resource).into();
        // What is about everything would decide everything.
        if self.random.u8(..3) > 0 || resource == "NotResource" {
            statement["Condition"] = self.condition();
        }
        statement
    }

    fn policy(&mut self, statements: usize, deny_one_in: u8) -> Policy {
        self.policy_about(statements, deny_one_in, None)
    }

    /// A policy of a resource, about everybody or about one user, has a principal.
    fn policy_about(
        &mut self,
        statements: usize,
        deny_one_in: u8,
        principal: Option<&str>,
    ) -> Policy {
        let statement = |_| {
            let mut statement = self.statement(deny_one_in);
            if let Some(principal) = principal {
                statement["Principal"] = json!({"AWS": principal});
            }
            statement
        };
        let statements: Vec<Value> = (0..statements).map(statement).collect();
        json!({"Version": "2012-10-17", "Statement": statements}).to_string().parse().unwrap()
    }

    fn request(&mut self) -> Request {
        let user = USER.parse().unwrap();
        let action = self.pick(&[
            "sqs:SendMessage",
            "SQS:sendmessage",
            "sqs:ReceiveMessage",
            "sqs:SendMessageBatch",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:Sing",
            "sns:Publish",
            "sns:SendIt",
        ]);
        let part =
            self.part().replace(['*', '?'], "x").replace("${aws:PrincipalTag/team}", "team1");
        let region = self.pick(&["us-east-1", "us-west-2", "eu-west-1"]);
        let resource = match self.random.u8(..12) {
            0 => part,
            1 => format!("arn:aws:sqs:{region}:x:{ACCOUNT}:{part}"),
            2 => format!("arn:aws:sqs:{region}:444455556666:{part}"),
            _ => format!("arn:aws:sqs:{region}:{ACCOUNT}:{part}"),
        };
        let number = self.random.u8(..40);
        let team = format!("team{}", number % 4);
        let address = format!("10.{}.1.2", number % 3);
        let time = format!("2026-{:02}-15T00:00:00Z", number % 12 + 1);
        let number = number.to_string();
        let mut request = Request::new(user, action, resource);
        for (key, value) in [
            ("aws:PrincipalTag/team", &*team),
            ("s3:max-keys", &number),
            ("aws:SourceIp", &address),
            ("aws:CurrentTime", &time),
            ("aws:RequestedRegion", &region),
            ("aws:SecureTransport", "true"),
        ] {
            match self.random.u8(..16) {
                0 => {}
                1 => request.context.insert_unknown(key),
                _ => request.context.insert(key, value),
            }
        }
        request
    }
}

/// Sets of few and of many statements: with an index and without, with classes that repeat what is
/// said of shorter starts and classes that refer to it.
#[test]
fn both_evaluators_decide_the_same_over_many_statements() {
    let mut author = Author { random: fastrand::Rng::with_seed(4) };
    let mut decisions = std::collections::BTreeMap::<_, usize>::new();
    for round in 0..40 {
        let statements = [5, 15, 40, 110][round % 4];
        let set = PolicySet {
            identity: vec![author.policy(statements, 12)],
            boundary: (round % 3 == 0).then(|| author.policy(statements, 40)),
            scps: (round % 5 == 0).then(|| vec![vec![author.policy(statements, 60)]]),
            resource: (round % 2 == 0).then(|| {
                let principal = if round % 4 == 0 { "*" } else { USER };
                author.policy_about(statements / 2, 30, Some(principal))
            }),
            ..PolicySet::default()
        };
        let both = Both::new(set);
        for _ in 0..50 {
            let decision = both.decide(&author.request()).unwrap();
            *decisions.entry(decision.to_string()).or_default() += 1;
        }
    }
    assert_eq!(decisions.len(), 4, "{decisions:?}");
    assert!(decisions.values().all(|count| *count > 40), "{decisions:?}");
}

/// A wildcard before the fifth colon of a pattern may take more colons than it has, so that its
/// resource part begins later in a resource that has more.
#[test]
fn patterns_whose_wildcards_take_colons_are_found_among_many() {
    let heads = [
        format!("arn:aws:sqs:*:{ACCOUNT}:"),
        "arn:aws:sqs:*:aws:".to_owned(),
        "arn:aws:sqs:*::".to_owned(),
        "arn:aws:sqs:us-*:*:".to_owned(),
        "arn:aws:sqs:*:".to_owned(),
        "arn:aws:*:".to_owned(),
    ];
    let befores = ["x:111122223333", "x:aws", "x:", "", "x:y", "x:444455556666", "111122223333:y"];
    let user: retrigger_iam::Principal = USER.parse().unwrap();
    let mut allowed = 0;
    for head in heads {
        let statement = |number: usize| {
            json!({"Effect": "Allow", "Action": "sqs:SendMessage",
                "Resource": format!("{head}name{number}/*")})
        };
        let statements: Vec<Value> = (0..60).map(statement).collect();
        let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        let identity = vec![policy.parse().unwrap()];
        let both = Both::new(PolicySet { identity, ..PolicySet::default() });
        for before in befores {
            for number in [0, 7, 59, 60] {
                let resource = format!("arn:aws:sqs:us-east-1:{before}:name{number}/a");
                let mut request = Request::new(user.clone(), "sqs:SendMessage", resource);
                request.declared_resource_account = Some(ACCOUNT.to_owned());
                allowed += usize::from(both.decide(&request).unwrap().is_allowed());
            }
        }
    }
    assert!(allowed >= 30, "{allowed} allowed");
}
