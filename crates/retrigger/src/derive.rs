//! Negative cases of a recording: what is close to it, and must not be allowed.
//!
//! In production a denied invocation never reaches a function, so that no recorder can capture
//! one. From a recording that is allowed its neighbours follow: another account, another source
//! whose ARN is close, another API, stage, method or route, the unqualified function in place of an
//! alias or the reverse, the granting statement removed, a poll action missing, a role that Lambda
//! may not assume.
//!
//! ```text
//! recording ─▶ mutations ─▶ cases: changed files, and the decisions ─▶ replayed ─▶ written
//!              source, api,        that follow from facts and          stage       write
//!              qualifier, grant,   policies                case
//!              role
//! ```
//!
//! A case that is allowed all the same is kept, and says so: the policy is wider than it need be.
//!
//! ```no_run
//! let found = retrigger::recording::discover(&["recordings/lambda-demo/alb-get-root"])?;
//! for recording in &found {
//!     let derived = retrigger::derive::derive(recording)?;
//!     derived.write(None, false)?;
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod case;
mod error;
mod mutation;
mod scene;
// The families.
mod api;
mod grant;
mod qualifier;
mod role;
mod source;
// What they are made with.
mod names;
mod payload;
mod snapshot;
mod text;
// What becomes of them.
mod readme;
mod stage;
mod write;

use std::collections::BTreeSet;

use retrigger_recording::RecordingPath;

pub use case::{DerivedCase, Verdict};
pub use error::DeriveError;
use mutation::Mutation;
use scene::Scene;
pub use write::Written;

/// The cases of one recording, each replayed and found to give what it says.
pub struct Derived {
    cases: Vec<DerivedCase>,
    scene: Scene,
}

impl std::fmt::Debug for Derived {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Derived").field("from", &self.scene.name).finish_non_exhaustive()
    }
}

impl Derived {
    /// The cases, family by family, in the same order each time.
    pub fn cases(&self) -> &[DerivedCase] {
        &self.cases
    }
}

/// Derives the negative cases of a recording, and replays them from temporary files. Nothing is
/// written below the recording, and the function's own handler does not run.
///
/// # Errors
///
/// When the recording cannot be read or decided, is denied, or was derived itself.
pub fn derive(recording: &RecordingPath) -> Result<Derived, DeriveError> {
    let scene = Scene::load(recording)?;
    let mut all: Vec<Mutation> = source::mutations(&scene);
    all.extend(api::mutations(&scene));
    all.extend(qualifier::mutations(&scene));
    all.extend(grant::mutations(&scene));
    all.extend(role::mutations(&scene));
    name_apart(&mut all);
    let cases = all.into_iter().map(|mutation| case::case(&scene, mutation));
    let cases: Vec<DerivedCase> = cases.collect::<Result<_, _>>()?;
    stage::verify(&scene, &cases)?;
    Ok(Derived { cases, scene })
}

/// Gives cases of one name a number, also where only the case of letters differs.
fn name_apart(mutations: &mut [Mutation]) {
    let mut taken = BTreeSet::new();
    for mutation in mutations {
        let base = mutation.name.clone();
        let mut number = 2;
        while !taken.insert(mutation.name.to_lowercase()) {
            mutation.name = format!("{base}-{number}");
            number += 1;
        }
    }
}
