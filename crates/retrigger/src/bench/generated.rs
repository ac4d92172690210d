//! Workloads of any size, for growth that does not hang on one's own policies.

use retrigger_iam::{Decision, Policy, PolicySet, Request};

use super::workload::{Caller, Question, Workload};

/// A service, the beginning of its ARNs up to the resource's name, and some of its actions.
struct Service {
    arn: &'static str,
    actions: &'static [&'static str],
}

const SERVICES: [Service; 6] = [
    Service {
        arn: "arn:aws:s3:::",
        actions: &["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:GetObjectTagging"],
    },
    Service {
        arn: "arn:aws:dynamodb:eu-west-1:111122223333:table/",
        actions: &["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:Scan"],
    },
    Service {
        arn: "arn:aws:sqs:eu-west-1:111122223333:",
        actions: &["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"],
    },
    Service {
        arn: "arn:aws:lambda:eu-west-1:111122223333:function:",
        actions: &["lambda:InvokeFunction", "lambda:GetFunction", "lambda:UpdateFunctionCode"],
    },
    Service {
        arn: "arn:aws:sns:eu-west-1:111122223333:",
        actions: &["sns:Publish", "sns:Subscribe", "sns:GetTopicAttributes"],
    },
    Service {
        arn: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:",
        actions: &["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
    },
];

/// How many statements a policy has; AWS allows for about that many.
const STATEMENTS_A_POLICY: usize = 20;

/// How many requests a workload has.
const REQUESTS: usize = 600;

impl Workload {
    /// Identity policies of `statements` statements, each about a resource of its own, and
    /// requests of which a third is allowed, a third denied by a statement, and a third in no
    /// statement. Always the same for a number.
    ///
    /// # Panics
    ///
    /// Where there are to be no statements.
    pub fn generated(statements: usize) -> Self {
        let indices: Vec<usize> = (0..statements).collect();
        let policy = |indices: &[usize]| -> Policy {
            let texts: Vec<String> = indices.iter().map(|index| statement(*index)).collect();
            let text = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, texts.join(","));
            text.parse().expect("a policy without error")
        };
        let identity = indices.chunks(STATEMENTS_A_POLICY).map(policy).collect();
        let policies = PolicySet { identity, ..PolicySet::default() };
        let questions = (0..REQUESTS).map(|turn| question(turn, statements)).collect();
        let callers = vec![Caller::new(policies)];
        Self { name: format!("generated-{statements}"), callers, questions }
    }
}

/// Every third statement denies. One in four has a condition, one in four a pattern of actions.
fn statement(index: usize) -> String {
    let effect = if is_deny(index) { "Deny" } else { "Allow" };
    let Service { arn, actions } = service(index);
    let actions = match index % 4 {
        0 => format!("{}*", &actions[0][..=actions[0].find(':').unwrap_or(0) + 3]),
        _ => actions.join(r#"",""#),
    };
    let condition = match index % 4 {
        1 => r#","Condition":{"StringEquals":{"aws:RequestedRegion":["eu-west-1","eu-west-2"]}}"#,
        _ => "",
    };
    format!(
        r#"{{"Effect":"{effect}","Action":["{actions}"],"Resource":"{arn}team-{index}-*"{condition}}}"#
    )
}

fn is_deny(index: usize) -> bool {
    index % 3 == 2
}

fn service(index: usize) -> &'static Service {
    &SERVICES[index / 4 % SERVICES.len()]
}

/// Asks for what some statement allows, for what one denies, or for what none says anything of.
fn question(turn: usize, statements: usize) -> Question {
    // A prime, so that the requests do not walk along the statements.
    let index = turn * 7919 % statements;
    let Service { arn, actions } = service(index);
    let is_elsewhere = turn.is_multiple_of(3);
    let owner = if is_elsewhere { "nobody" } else { "team" };
    let expect = match (is_elsewhere, is_deny(index)) {
        (true, _) => Decision::ImplicitlyDenied,
        (false, true) => Decision::ExplicitlyDenied,
        (false, false) => Decision::Allowed,
    };
    let caller = "arn:aws:iam::111122223333:user/ana".parse().expect("a user");
    let resource = format!("{arn}{owner}-{index}-{turn}");
    let mut request = Request::new(caller, actions[0], resource)
        .with_context("aws:RequestedRegion", "eu-west-1")
        .with_derived_context();
    request.declared_resource_account = Some("111122223333".to_owned());
    let id = turn.to_string();
    let (caller, resource, is_settled, broken) = (0, None, true, None);
    Question { id, caller, resource, request, expect, is_settled, broken }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_generated_request_gets_what_it_must_and_all_decisions_occur() {
        for statements in [10, 100] {
            let workload = Workload::generated(statements);
            assert_eq!(workload.statements(), statements);
            assert_eq!(workload.mismatches(), []);
            for decision in
                [Decision::Allowed, Decision::ExplicitlyDenied, Decision::ImplicitlyDenied]
            {
                let count = workload.questions.iter().filter(|it| it.expect == decision).count();
                assert!(count * 10 > REQUESTS, "{decision}: {count} of {REQUESTS}");
            }
        }
    }
}
