//! The IAM policy language: parse, validate, evaluate, explain.
//!
//! It knows no files, no network, no clock and nothing of Lambda.
//!
//! ```text
//! text ── lint ───▶ all that is wrong with it: Linted (`lint_with` asks a Catalogue too)
//! text ── parse ──▶ Policy ──┐
//!                            ├─ evaluate ──▶ Explanation ──▶ Decision, AWS's denial text
//! Request (who, what, where, ┤
//!          under which       └─ compile ───▶ CompiledPolicySet ── decide ──▶ Decision
//!          context)
//! ```
//!
//! There are two evaluators. The plain one (`evaluate`) reads as the IAM User Guide does and
//! considers every statement: it is the specification. The compiled one (`compile`) gives the same
//! decisions from an index. What AWS's documentation leaves open is decided in one module,
//! `unsettled`, with what is known about each choice; `docs/semantics.md` lists every rule.

mod action_ref;
mod arn;
mod catalogue;
mod compile;
mod context;
mod denial;
mod evaluate;
mod explain;
mod finding;
mod fold;
mod kind;
mod need;
mod operator;
mod page;
mod parse;
mod pattern;
mod policy;
mod principal;
mod rcp_services;
mod request;
mod request_ref;
mod source;
mod truth;
mod unsettled;
mod validate;
mod value;

pub use arn::Arn;
pub use catalogue::{Catalogue, KeyFacts, Named, ServiceFacts, ValueType};
pub use compile::{CompiledPolicySet, Decided, StatementId};
pub use context::{Context, ContextValue, ValueRef, Values};
pub use denial::Denial;
pub use evaluate::PolicySet;
pub use explain::{
    CallerMatch, Check, CheckEffect, Decision, Element, Explanation, Miss, PolicyType,
    StatementReport,
};
pub use finding::{Code, Finding, Severity, UnknownCode};
pub use kind::{PolicyKind, UnknownPolicyKind};
pub use need::{Change, Nearest, Need};
pub use operator::{Comparison, ComparisonKind, Operator, SetQualifier};
pub use page::Page;
pub use parse::{InvalidPolicy, MAX_DOCUMENT_BYTES, Parsed};
pub use pattern::Pattern;
pub use policy::{
    ActionElement, ActionPattern, ArnPattern, Condition, ConditionValue, Effect, Policy,
    PrincipalElement, PrincipalEntry, PrincipalKind, ResourceElement, ResourcePattern, Statement,
    Version,
};
pub use principal::{ParsePrincipalError, Principal};
pub use rcp_services::supports_rcps;
pub use request::Request;
pub use request_ref::{ContextRef, KeyRef, RequestRef};
pub use source::{Location, Span, Text};
pub use validate::{Linted, lint, lint_with};
