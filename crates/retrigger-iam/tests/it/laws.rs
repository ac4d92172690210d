//! What is true of any decision, whichever policies and request.
//!
//! Each law takes a random case, changes something, and says how the decisions stand to each other.
//! It also says whether the change came to anything, and fails where too few did: a law over
//! changes that change nothing holds of everything.

use std::cell::Cell;

use proptest::{
    collection::vec,
    prelude::any,
    test_runner::{Config, TestCaseError, TestError, TestRunner},
};
use retrigger_iam::{Context, Decision, PolicySet, Principal, Request};
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    generate::{self, Entropy},
    kinds::Kinds,
    rewrite,
};

/// Whether a change came to anything, or what is wrong.
type Verdict = Result<bool, String>;

/// Holds a law over random cases, of which `percent` at least must come to something.
///
/// What fails is not kept in a file: bytes mean another case when the generator changes. A case
/// worth keeping belongs in the decision suite.
#[track_caller]
fn hold(percent: usize, law: impl Fn(&Kinds<Value>, &Request, &mut Entropy<'_>) -> Verdict) {
    let config = Config { failure_persistence: None, ..Config::default() };
    let (held, telling) = (Cell::new(0), Cell::new(0));
    let bytes = (vec(any::<u8>(), 0..1_500), vec(any::<u8>(), 200));
    let outcome = TestRunner::new(config).run(&bytes, |(bytes, choices)| {
        let case = generate::case(&bytes);
        let mut entropy = Entropy::new(&choices);
        for request in &case.requests {
            let verdict = law(&case.policies, request, &mut entropy);
            let tells = verdict.map_err(|broken| {
                let policies = json!(case.policies);
                TestCaseError::fail(format!("{broken}\n{policies}\n{}", json!(request)))
            })?;
            held.set(held.get() + 1);
            telling.set(telling.get() + usize::from(tells));
        }
        Ok(())
    });
    match outcome {
        // The bytes say nothing to people; the case is in the reason.
        Err(TestError::Fail(reason, _)) => panic!("{reason}"),
        other => other.expect("no case is rejected"),
    }
    let (held, telling) = (held.get(), telling.get());
    // Of a few cases a share says nothing.
    let is_share = held >= 200;
    assert!(!is_share || telling * 100 >= held * percent, "only {telling} of {held} say anything");
}

fn read(policies: &Kinds<Value>) -> PolicySet {
    policies.map(Value::to_string).read()
}

/// The two decide the same; it tells something where they are not the same.
fn same(before: (&Kinds<Value>, &Request), after: (&Kinds<Value>, &Request)) -> Verdict {
    let first = read(before.0).decide(before.1);
    let second = read(after.0).decide(after.1);
    if first == second {
        // As text: neither the order of elements nor the case of keys counts for equality.
        let text = |case: (&Kinds<Value>, &Request)| format!("{}{}", json!(case.0), json!(case.1));
        return Ok(text(before) != text(after));
    }
    Err(format!("{first} becomes {second} with\n{}\n{}", json!(after.0), json!(after.1)))
}

/// What is allowed under more policies is allowed under fewer; it tells something where the two
/// decide differently.
fn never_adds(fewer: &Kinds<Value>, more: &Kinds<Value>, request: &Request) -> Verdict {
    let (without, with) = (read(fewer).decide(request), read(more).decide(request));
    if with == Decision::Allowed && without != Decision::Allowed {
        return Err(format!("{without} becomes {with} with\n{}", json!(more)));
    }
    if without == Decision::ExplicitlyDenied && with != without {
        return Err(format!("{without} becomes {with} with\n{}", json!(more)));
    }
    Ok(with != without)
}

#[test]
fn a_deny_never_allows() {
    hold(25, |policies, request, entropy| {
        let mut more = policies.clone();
        let mut documents = more.documents_mut();
        if documents.is_empty() {
            return Ok(false);
        }
        let at = entropy.below(documents.len());
        let mut statements = generate::statements_of(documents[at]);
        let everything = json!({"Action": "*", "Resource": "*", "Principal": "*"});
        let known = statements.get(entropy.below(statements.len() + 1)).unwrap_or(&everything);
        let mut deny = if entropy.chance(50) { everything.clone() } else { known.clone() };
        deny["Effect"] = json!("Deny");
        statements.insert(entropy.below(statements.len() + 1), deny);
        documents[at]["Statement"] = Value::Array(statements);
        never_adds(policies, &more, request)
    });
}

/// A document to put beside others: one of the case itself, now and then all of it as denials, or
/// one that allows everything.
fn another(policies: &Kinds<Value>, entropy: &mut Entropy<'_>) -> Value {
    let mut policies = policies.clone();
    let documents = policies.documents_mut();
    let drawn = entropy.below(documents.len() + 1);
    let everything = json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
    let known = documents.into_iter().nth(drawn);
    let mut one = known.map_or(everything, |document| document.clone());
    if entropy.chance(40) {
        rewrite::deny_all(&mut one);
    }
    one
}

/// The same policies without a limit, and with it.
struct Limited {
    without: Kinds<Value>,
    with: Kinds<Value>,
}

fn boundary(limited: &mut Limited, one: Value, _: &Request) {
    limited.without.boundary = None;
    limited.with.boundary = Some(one);
}

/// Without any session policy a federated user's session is allowed nothing.
fn session(limited: &mut Limited, one: Value, request: &Request) {
    let all = json!({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
    let needs_one = matches!(request.principal, Principal::FederatedUser(_));
    limited.without.session = needs_one.then(|| vec![all]);
    limited.with.session = Some(vec![one]);
}

fn scps(limited: &mut Limited, one: Value, _: &Request) {
    limited.with.scps.get_or_insert_default().push(vec![one]);
}

fn empty_level(limited: &mut Limited, _: Value, _: &Request) {
    limited.with.scps.get_or_insert_default().insert(0, Vec::new());
}

fn rcps(limited: &mut Limited, one: Value, _: &Request) {
    limited.with.rcps.push(vec![one]);
}

fn endpoint(limited: &mut Limited, one: Value, _: &Request) {
    limited.without.endpoint = None;
    limited.with.endpoint = Some(vec![one]);
}

#[rstest]
#[case::a_boundary(boundary)]
#[case::a_session_policy(session)]
#[case::a_level_of_scps(scps)]
#[case::an_empty_level_of_scps(empty_level)]
#[case::a_level_of_rcps(rcps)]
#[case::an_endpoint_policy(endpoint)]
fn a_limit_never_adds(#[case] limit: fn(&mut Limited, Value, &Request)) {
    hold(3, |policies, request, entropy| {
        let mut limited = Limited { without: policies.clone(), with: policies.clone() };
        limit(&mut limited, another(policies, entropy), request);
        never_adds(&limited.without, &limited.with, request)
    });
}

/// Writes the same policies in another way.
type Rewrite = fn(&mut Value, &mut Entropy<'_>);

#[rstest]
#[case::the_order_of_statements(rewrite::shuffle_statements, 30)]
#[case::the_number_of_times_a_statement_stands(rewrite::repeat_statements, 80)]
#[case::whether_actions_stand_together(rewrite::split_actions, 20)]
#[case::whether_resources_stand_together(rewrite::split_resources, 20)]
#[case::whether_one_stands_in_a_list(rewrite::list_single_values, 80)]
#[case::sids(rewrite::rename_sids, 80)]
#[case::the_case_of_actions(rewrite::change_case_of_actions, 60)]
#[case::the_case_of_condition_keys(rewrite::change_case_of_keys, 25)]
#[case::the_order_of_elements(rewrite::reverse_elements, 80)]
fn does_not_matter(#[case] rewrite: Rewrite, #[case] percent: usize) {
    hold(percent, |policies, request, entropy| {
        let mut other = policies.clone();
        other.documents_mut().into_iter().for_each(|document| rewrite(document, entropy));
        same((policies, request), (&other, request))
    });
}

#[test]
fn the_order_of_policies_and_how_often_one_stands_do_not_matter() {
    hold(30, |policies, request, entropy| {
        let mut other = policies.clone();
        let levels = other.scps.iter_mut().flatten().chain(&mut other.rcps);
        let lists = levels.chain(&mut other.session).chain(&mut other.endpoint);
        for list in lists.chain([&mut other.identity]) {
            list.reverse();
            if !list.is_empty() && entropy.chance(40) {
                list.push(list[entropy.below(list.len())].clone());
            }
        }
        same((policies, request), (&other, request))
    });
}

#[test]
fn the_case_of_the_requests_action_and_keys_does_not_matter() {
    hold(90, |policies, request, entropy| {
        let upper = entropy.chance(50);
        let change = |text: &str| {
            if upper { text.to_ascii_uppercase() } else { text.to_ascii_lowercase() }
        };
        let keys = request.context.iter().map(|(key, value)| (change(key), value.clone()));
        let mut context: Context = keys.collect();
        request.context.unknown_keys().for_each(|key| context.insert_unknown(change(key)));
        let other = Request { context, action: change(&request.action), ..request.clone() };
        same((policies, request), (policies, &other))
    });
}

#[test]
fn how_the_json_is_written_does_not_matter() {
    hold(90, |policies, request, entropy| {
        let plain = read(policies).decide(request);
        let is_escaped = entropy.chance(50);
        let other = policies.map(|document| {
            let pretty = serde_json::to_string_pretty(document).expect("JSON");
            if is_escaped { rewrite::escape(&pretty) } else { pretty }
        });
        let decision = other.read().decide(request);
        let differs = other != policies.map(Value::to_string);
        if decision == plain { Ok(differs) } else { Err(format!("{plain} becomes {decision}")) }
    });
}

/// An unknown key stands for its absence and for every value.
#[test]
fn what_is_decided_without_knowing_a_key_is_decided_whatever_it_is() {
    hold(20, |policies, request, entropy| {
        let (name, kind, is_multi) = generate::KEYS[entropy.below(generate::KEYS.len())];
        let had = generate::keys_of(request);
        let key = if had.is_empty() { name } else { had[entropy.below(had.len())].as_str() };
        let set = read(policies);
        let unknown = request.clone().with_unknown(key);
        let mut known = request.clone();
        match entropy.below(3) {
            0 => known.context.remove(key),
            1 => generate::insert(entropy, &mut known.context, key, kind, is_multi),
            _ => {}
        }
        let (open, closed) = (set.decide(&unknown), set.decide(&known));
        let is_asked = json!(policies).to_string().to_lowercase().contains(&key.to_lowercase());
        if open == Decision::Undecided || open == closed {
            return Ok(is_asked && open != Decision::Undecided);
        }
        Err(format!("{open} becomes {closed} where `{key}` is known: {}", json!(known)))
    });
}
