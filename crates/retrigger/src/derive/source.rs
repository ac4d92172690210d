//! Another source: another account, a neighbour, a longer name, the same name made anew.

use retrigger_iam::Arn;
use retrigger_trigger::{Declared, Delivery, SourcePart, Trigger};

use super::{mutation::Mutation, names, payload::PayloadEdit, scene::Scene};

/// What to say where the policies allow another source too.
pub(super) const WIDER: &str = "the policy is wider than this source";

/// The cases of this family.
pub(super) fn mutations(scene: &Scene) -> Vec<Mutation> {
    let found = &scene.answer.classification;
    let trigger = found.trigger;
    let arn = found.source_arn.value.as_deref();
    match trigger.delivery() {
        Delivery::Push { .. } if trigger.source_arn_shape().is_some() => {
            let mut all = vec![other_account(scene, arn)];
            if let Some(arn) = arn.filter(|_| !is_route(trigger)) {
                all.extend(neighbours(trigger, arn));
                all.extend(rule_on_a_bus(trigger, arn));
            }
            all
        }
        // The secret of another cluster or broker is not known, so nothing can be said of it.
        Delivery::Poll { .. } if !scene.asks("secretsmanager:GetSecretValue") => {
            arn.into_iter().flat_map(|arn| neighbours(trigger, arn)).collect()
        }
        _ => vec![],
    }
}

/// Whether the source is a route of an API, whose parts are changed one by one.
fn is_route(trigger: Trigger) -> bool {
    !SourcePart::Route.places(trigger).is_empty()
}

fn other_account(scene: &Scene, arn: Option<&str>) -> Mutation {
    let found = &scene.answer.classification;
    let of_arn = arn.and_then(Arn::parse).and_then(|arn| arn.account_id());
    let known = found.source_account.value.as_deref().or(of_arn);
    let other = names::other_account(known);
    let noun = noun(found.trigger);
    let mut mutation = Mutation::new(
        "other-account",
        "Another account",
        format!("The {noun} is one of account `{other}`."),
        WIDER,
    );
    mutation.facts.source_account = Some(other.to_owned());
    mutation.payload.extend(known.map(|from| PayloadEdit::new(SourcePart::Account, from, other)));
    if let (Some(arn), Some(_)) = (arn, of_arn) {
        let parsed = Arn::parse(arn).map(|arn| Arn { account: other, ..arn }.to_string());
        let to = parsed.unwrap_or_else(|| arn.to_owned());
        mutation.change = format!("The {noun} is one of another account: `{to}`.");
        mutation.payload.push(PayloadEdit::new(SourcePart::Arn, arn, &to));
        mutation.facts.source_arn = Some(to);
    }
    mutation
}

/// Sources whose ARNs are close to this one.
fn neighbours(trigger: Trigger, arn: &str) -> Vec<Mutation> {
    let noun = noun(trigger);
    let folder = noun.replace(' ', "-");
    let pieces = Pieces::of(trigger, arn);
    let other = |id: &str| names::other_id(id);
    let named = pieces.has_name();
    let mut all = vec![to_arn(
        format!("other-{folder}"),
        format!("Another {noun}"),
        &format!("It is another {noun}"),
        (arn, pieces.changed(names::other_name, other)),
    )];
    if named {
        all.push(to_arn(
            format!("{folder}-with-longer-name"),
            format!("A {noun} whose name starts the same"),
            &format!("It is another {noun}, whose name is longer by one character"),
            (arn, pieces.changed(names::longer_name, other)),
        ));
    }
    if named && pieces.has_id() {
        all.push(to_arn(
            format!("{folder}-made-anew"),
            format!("The same {noun}, made anew"),
            &format!("The {noun} was deleted and made anew under the same name, with another id"),
            (arn, pieces.changed(str::to_owned, other)),
        ));
    }
    all
}

/// `rule/NAME` is a rule of the default event bus, whose ARN does not name the bus; a pattern that
/// does, as `rule/default/NAME`, means another ARN. Source: Amazon EventBridge User Guide, "Using
/// resource-based policies for Amazon EventBridge".
fn rule_on_a_bus(trigger: Trigger, arn: &str) -> Option<Mutation> {
    if trigger.delivery().service() != Some("events.amazonaws.com") {
        return None;
    }
    let (head, rule) = arn.split_once(":rule/")?;
    let (name, change, to) = match rule.split_once('/') {
        None => {
            ("rule-with-its-bus", "names the default bus", format!("{head}:rule/default/{rule}"))
        }
        Some((_, name)) => {
            ("rule-without-its-bus", "does not name a bus", format!("{head}:rule/{name}"))
        }
    };
    let change = format!("The rule's ARN {change}");
    Some(to_arn(name.to_owned(), "The same name on another bus".to_owned(), &change, (arn, to)))
}

fn to_arn(name: String, title: String, change: &str, (from, to): (&str, String)) -> Mutation {
    let mut mutation = Mutation::new(name, title, format!("{change}: `{to}`."), WIDER);
    mutation.payload.push(PayloadEdit::new(SourcePart::Arn, from, &to));
    let bucket = |arn: &str| arn.strip_prefix("arn:aws:s3:::").map(str::to_owned);
    if let (Some(from), Some(to)) = (bucket(from), bucket(&to)) {
        mutation.payload.push(PayloadEdit::new(SourcePart::Name, &from, &to));
    }
    mutation.facts = Declared { source_arn: Some(to), ..Declared::default() };
    mutation
}

/// The resource part of an ARN in the pieces that its trigger's ARNs have.
struct Pieces<'a> {
    /// All before the resource part.
    head: &'a str,
    pieces: Vec<Piece<'a>>,
}

enum Piece<'a> {
    Fixed(&'a str),
    Name(&'a str),
    Id(&'a str),
}

impl<'a> Pieces<'a> {
    /// Reads an ARN by the shape of its trigger's; where it has another, the last piece is a name.
    fn of(trigger: Trigger, arn: &'a str) -> Self {
        let resource = Arn::parse(arn).map_or(arn, |arn| arn.resource);
        let head = &arn[..arn.len() - resource.len()];
        let shape = trigger.source_arn_shape().and_then(Arn::parse);
        let pieces = shape.and_then(|shape| fitted(shape.resource, resource));
        let last = || {
            let start = resource.rfind(['/', ':']).map_or(0, |at| at + 1);
            let (fixed, name) = resource.split_at(start);
            vec![Piece::Fixed(fixed), Piece::Name(name)]
        };
        Self { head, pieces: pieces.unwrap_or_else(last) }
    }

    fn has_name(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Name(_)))
    }

    fn has_id(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Id(_)))
    }

    /// The ARN with its last name and all its ids changed.
    fn changed(&self, name: fn(&str) -> String, id: fn(&str) -> String) -> String {
        let last = self.pieces.iter().rposition(|piece| matches!(piece, Piece::Name(_)));
        let changed = self.pieces.iter().enumerate().map(|(index, piece)| match piece {
            Piece::Name(text) if Some(index) == last => name(text),
            Piece::Fixed(text) | Piece::Name(text) => (*text).to_owned(),
            Piece::Id(text) => id(text),
        });
        format!("{}{}", self.head, changed.collect::<String>())
    }
}

/// The pieces of `resource` by a shape such as `targetgroup/NAME/ID`; `None` where it does not fit.
fn fitted<'a>(shape: &str, resource: &'a str) -> Option<Vec<Piece<'a>>> {
    let is_capital = |byte: u8| byte.is_ascii_uppercase();
    let (mut shape, mut rest, mut pieces) = (shape, resource, Vec::new());
    while !shape.is_empty() {
        let fixed = shape.bytes().position(is_capital).unwrap_or(shape.len());
        pieces.push(Piece::Fixed(rest.get(..fixed).filter(|text| *text == &shape[..fixed])?));
        (shape, rest) = (&shape[fixed..], &rest[fixed..]);
        if shape.is_empty() {
            break;
        }
        let end = shape.bytes().position(|byte| !is_capital(byte)).unwrap_or(shape.len());
        let (kind, after) = shape.split_at(end);
        let next = &after[..after.bytes().position(is_capital).unwrap_or(after.len())];
        let is_last = next.len() == after.len();
        let length = if is_last { rest.strip_suffix(next)?.len() } else { rest.find(next)? };
        let text = &rest[..length];
        if text.is_empty() || (after.is_empty() && text.contains('/')) {
            return None;
        }
        pieces.push(if is_id(kind) { Piece::Id(text) } else { Piece::Name(text) });
        (shape, rest) = (after, &rest[length..]);
    }
    rest.is_empty().then_some(pieces)
}

/// Whether AWS gives this piece, and nobody chooses it.
fn is_id(kind: &str) -> bool {
    matches!(kind, "ID" | "POOL" | "API" | "BOT" | "ALIAS" | "VERSION" | "LABEL" | "AUTHORIZER")
}

/// What people call the source of a trigger.
pub(super) fn noun(trigger: Trigger) -> &'static str {
    match trigger {
        Trigger::Alb | Trigger::VpcLattice => "target group",
        Trigger::S3 => "bucket",
        Trigger::Sns => "topic",
        Trigger::Sqs => "queue",
        Trigger::Eventbridge | Trigger::EventbridgeScheduled => "rule",
        Trigger::Kinesis | Trigger::Dynamodb => "stream",
        Trigger::Msk | Trigger::Documentdb => "cluster",
        Trigger::AmazonmqActivemq | Trigger::AmazonmqRabbitmq => "broker",
        Trigger::CloudwatchLogs => "log group",
        Trigger::CloudwatchAlarm => "alarm",
        Trigger::Codecommit => "repository",
        Trigger::CognitoUserpool => "user pool",
        Trigger::SecretsmanagerRotation => "secret",
        trigger if is_route(trigger) => "API",
        _ => "source",
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        Trigger::Alb,
        "targetgroup/my-targets/73e2d6bc24d8a067",
        &["targetgroup/my-other/73e2d6bc24d8a068", "targetgroup/my-targets2/73e2d6bc24d8a068",
          "targetgroup/my-targets/73e2d6bc24d8a068"]
    )]
    #[case(Trigger::Sqs, "orders.fifo", &["other.fifo", "orders2.fifo"])]
    #[case(Trigger::Sns, "lambda-demo-news", &["lambda-demo-other", "lambda-demo-news2"])]
    #[case(
        Trigger::CloudwatchLogs,
        "log-group:/aws/lambda/shop:*",
        &["log-group:/aws/lambda/other:*", "log-group:/aws/lambda/shop2:*"]
    )]
    #[case(Trigger::Eventbridge, "rule/night", &["rule/other", "rule/night2"])]
    #[case(Trigger::Eventbridge, "rule/shop/night", &["rule/shop/other", "rule/shop/night2"])]
    #[case(
        Trigger::Dynamodb,
        "table/orders/stream/2026-01-01T00:00:00.000",
        &["table/other/stream/2026-01-01T00:00:00.001", "table/orders2/stream/2026-01-01T00:00:00.001",
          "table/orders/stream/2026-01-01T00:00:00.001"]
    )]
    #[case(Trigger::CognitoUserpool, "userpool/us-east-1_Ab9", &["userpool/us-east-1_Ab0"])]
    fn neighbours_differ_in_their_last_pieces(
        #[case] trigger: Trigger,
        #[case] resource: &str,
        #[case] wanted: &[&str],
    ) {
        let arn = format!("arn:aws:x:us-east-1:841860927337:{resource}");
        let found: Vec<String> = neighbours(trigger, &arn)
            .into_iter()
            .map(|mutation| {
                let arn = mutation.facts.source_arn.unwrap();
                arn.split_once("7337:").unwrap().1.to_owned()
            })
            .collect();
        assert_eq!(found, wanted);
    }

    #[rstest]
    #[case("rule/night", "rule/default/night")]
    #[case("rule/default/night", "rule/night")]
    #[case("rule/shop/night", "rule/night")]
    fn a_rule_is_put_on_another_bus(#[case] from: &str, #[case] to: &str) {
        let arn = |resource: &str| format!("arn:aws:events:us-east-1:841860927337:{resource}");
        let mutation = rule_on_a_bus(Trigger::Eventbridge, &arn(from)).unwrap();
        assert_eq!(mutation.facts.source_arn, Some(arn(to)));
    }
}
