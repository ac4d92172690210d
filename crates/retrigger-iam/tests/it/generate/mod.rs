//! Random policies with requests that nearly fit them, made from bytes.
//!
//! The same bytes make the same case, whoever draws them: a property test, a bulk run or a fuzzer.
//! Where the bytes run out the simplest choice is made, so that fewer bytes are a smaller case.
//!
//! A case begins with a *scene*, one caller who wants one thing under one context. Statements are
//! written around it, most of them with one thing changed, and so are the requests.

mod condition;
mod document;
mod entropy;
mod near;
mod pools;
mod request;
mod scene;

pub(crate) use document::statements_of;
pub(crate) use entropy::Entropy;
pub(crate) use pools::KEYS;
pub(crate) use request::keys_of;
pub(crate) use scene::insert;

use retrigger_iam::Request;
use serde_json::Value;

use crate::kinds::Kinds;
use document::{Author, Role};
use scene::Scene;

/// Policies with the requests to hold against them.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) policies: Kinds<Value>,
    /// One request at least.
    pub(crate) requests: Vec<Request>,
}

/// The case that the bytes make.
pub(crate) fn case(bytes: &[u8]) -> Case {
    let mut entropy = Entropy::new(bytes);
    let scene = Scene::new(&mut entropy);
    let policies = policies(&mut entropy, &scene);
    let count = 1 + entropy.below(3);
    let requests = (0..count).map(|_| request::request(&mut entropy, &scene)).collect();
    Case { policies, requests }
}

fn policies(entropy: &mut Entropy<'_>, scene: &Scene) -> Kinds<Value> {
    let is_large = entropy.chance(1);
    let mut author = Author::new(entropy, scene, is_large);
    let needs_identity = scene.has_identity_policies();
    let identity = if needs_identity || author.chance(20) {
        author.policies(Role::Identity)
    } else {
        Vec::new()
    };
    let wants_resource = if scene.needs_resource_policy() { 92 } else { 45 };
    let resource = author.chance(wants_resource).then(|| author.policy(Role::Resource));
    let boundary = author.chance(15).then(|| author.policy(Role::Limit));
    let session = author.chance(if scene.is_federated_user() { 85 } else { 15 });
    let session = session.then(|| author.policies(Role::Limit));
    let scps = author.chance(20).then(|| author.levels(Role::Limit));
    let rcps = if author.chance(15) { author.levels(Role::Rcp) } else { Vec::new() };
    let endpoint = author.chance(12).then(|| author.policies(Role::Endpoint));
    Kinds { identity, resource, boundary, session, scps, rcps, endpoint }
}
