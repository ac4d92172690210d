//! Requests: the scene's own, mostly with one thing about it changed.

use retrigger_iam::Request;

use super::{
    entropy::Entropy,
    near::change,
    pools::{ACCOUNTS, ACTIONS, CALLERS, ISSUERS, KEYS, TARGETS},
    scene::{Scene, insert},
};

pub(crate) fn request(entropy: &mut Entropy<'_>, scene: &Scene) -> Request {
    let mut request = Request::new(scene.caller.clone(), &*scene.action, &*scene.resource);
    request.context = scene.context.clone();
    request.session_issuer.clone_from(&scene.issuer);
    if entropy.chance(30) {
        request = request.with_derived_context();
    }
    if entropy.chance(55) {
        change_one_thing(entropy, &mut request);
    }
    request.principal_in_management_account = entropy.chance(4);
    request.resource_in_management_account = entropy.chance(4);
    request
}

fn change_one_thing(entropy: &mut Entropy<'_>, request: &mut Request) {
    match entropy.below(14) {
        0 => request.action = request.action.to_ascii_uppercase(),
        1 => request.action = change(entropy, &request.action),
        2 => request.action = entropy.pick(&ACTIONS).to_owned(),
        3 | 4 => request.resource = change(entropy, &request.resource),
        5 => TARGETS[entropy.below(TARGETS.len())].1.clone_into(&mut request.resource),
        6 => request.principal = entropy.pick(&CALLERS).parse().expect("a caller"),
        7 => change_caller(entropy, request),
        8 => request.session_issuer = Some(entropy.pick(&ISSUERS).to_owned()),
        9 => request.declared_resource_account = Some(entropy.pick(&ACCOUNTS).to_owned()),
        10 => request.wildcard_only_action = true,
        11 | 12 => {
            let (key, kind, is_multi) = KEYS[entropy.below(KEYS.len())];
            insert(entropy, &mut request.context, key, kind, is_multi);
        }
        _ => drop_key(entropy, request),
    }
}

/// A caller of one digit, one letter or one piece less or more, where that is still one.
fn change_caller(entropy: &mut Entropy<'_>, request: &mut Request) {
    if let Ok(caller) = change(entropy, request.principal.as_str()).parse() {
        request.principal = caller;
    }
}

fn drop_key(entropy: &mut Entropy<'_>, request: &mut Request) {
    let keys = keys_of(request);
    if !keys.is_empty() {
        request.context.remove(&keys[entropy.below(keys.len())]);
    }
}

/// Every key of the request's context, unknown ones included.
pub(crate) fn keys_of(request: &Request) -> Vec<String> {
    let known = request.context.iter().map(|(key, _)| key);
    known.chain(request.context.unknown_keys()).map(str::to_owned).collect()
}
