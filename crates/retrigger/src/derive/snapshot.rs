//! A snapshot with changed policies: it extends the recording's own, and has only the files that
//! differ, in which only the changed text differs.

use std::{collections::BTreeMap, ops::Range, path::Path};

use jsonc_parser::{CollectOptions, ParseOptions, ast, common::Ranged, parse_to_ast};
use retrigger_iam::{Policy, Span};
use retrigger_recording::{PolicyDocument, SNAPSHOT_FORMAT};

use super::{scene::Scene, text};
use crate::replay::{Change, PolicyEdit};

/// A snapshot that is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DerivedSnapshot {
    /// Its folder below the function folder, with `/`.
    pub(super) folder: String,
    /// Its files by name, `snapshot.toml` included.
    pub(super) files: BTreeMap<String, String>,
}

type Cuts = Vec<(Range<usize>, String)>;

/// The scene's snapshot with these changes; `None` where a document cannot be found in its files.
pub(super) fn derived(
    scene: &Scene,
    case: &str,
    change: &str,
    edits: &[PolicyEdit],
) -> Option<DerivedSnapshot> {
    let (mut changes, mut without) = (BTreeMap::<String, (String, Cuts)>::new(), Vec::new());
    let mut names: Vec<&str> = edits.iter().map(|edit| edit.policy.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let document = scene.answer.documents.document(name)?;
        let file = file_name(scene, document.file())?;
        let of_document = edits.iter().filter(|edit| edit.policy == name);
        let of_document: Vec<Change> = of_document.map(|edit| edit.change).collect();
        let policy = Policy::parse(document.text()).policy?;
        let cuts = if !is_emptied(&policy, &of_document) {
            cuts_in(document, &policy, &of_document)
        } else if file.starts_with("lambda/") {
            without.push(file);
            continue;
        } else {
            attachments(document)?
        };
        let text = document.file_text().to_owned();
        changes.entry(file).or_insert((text, Cuts::new())).1.extend(cuts);
    }
    let files = changes.into_iter().map(|(name, (text, cuts))| (name, text::replaced(&text, cuts)));
    let mut files: BTreeMap<String, String> = files.collect();
    files.insert(retrigger_recording::SNAPSHOT_FILE.to_owned(), about(scene, change, &without)?);
    let folder = format!("snapshots/derived-{}-{case}", text::slug(&scene.name));
    Some(DerivedSnapshot { folder, files })
}

/// `snapshot.toml`.
fn about(scene: &Scene, change: &str, without: &[String]) -> Option<String> {
    let base = scene.snapshot.path().strip_prefix(scene.folder.path()).ok()?;
    let base = slashed(base);
    let names: Vec<String> = without.iter().map(|name| format!("\"{name}\"")).collect();
    let without = match names.as_slice() {
        [] => String::new(),
        names => format!("without = [{}]\n", names.join(", ")),
    };
    Some(format!(
        "# Derived from the snapshot of `{}`. {change}\n\
         format = {SNAPSHOT_FORMAT}\nextends = \"../../{base}\"\n{without}",
        scene.name
    ))
}

/// The name of a file within the snapshot that it belongs to.
fn file_name(scene: &Scene, file: &Path) -> Option<String> {
    let folders = scene.snapshot.folders().iter();
    folders.filter_map(|folder| file.strip_prefix(folder).ok()).map(slashed).next()
}

fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

/// Whether no statement is left, which AWS takes for no policy.
fn is_emptied(policy: &Policy, changes: &[Change]) -> bool {
    policy
        .statements
        .iter()
        .all(|statement| changes.contains(&Change::WithoutStatement(statement.span)))
}

/// What to change in the document's file.
fn cuts_in(document: &PolicyDocument, policy: &Policy, changes: &[Change]) -> Cuts {
    let span = |range: &Range<usize>| Span::new(range.start, range.end);
    let spans: Vec<Range<usize>> = policy.statements.iter().map(|one| one.span.into()).collect();
    let mut cuts =
        text::cuts(&spans, |range| changes.contains(&Change::WithoutStatement(span(range))));
    for action in policy.statements.iter().filter_map(|one| one.action.as_ref()) {
        let patterns = action.patterns.iter().map(|pattern| pattern.text.span.into());
        let patterns: Vec<Range<usize>> = patterns.collect();
        let is_cut = |range: &Range<usize>| changes.contains(&Change::WithoutAction(span(range)));
        cuts.extend(text::cuts(&patterns, is_cut));
    }
    let cuts = cuts.into_iter().map(|cut| (document.outer_span(cut), String::new()));
    // Between its quotes, which may be escaped.
    let services = changes.iter().filter_map(|change| match change {
        Change::OtherService(span, service) => {
            let inner = span.start + 1..span.end.saturating_sub(1);
            Some((document.outer_span(inner), (*service).to_owned()))
        }
        _ => None,
    });
    cuts.chain(services).collect()
}

/// The entries in `account-authorization-details.json` by which roles have a policy: the inline
/// policy itself, or every attachment of a managed one.
fn attachments(document: &PolicyDocument) -> Option<Cuts> {
    let text = document.file_text();
    let parsed = parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default()).ok()?;
    let root = parsed.value?;
    let start = document.outer_span(0..1).start;
    let key = document.arn().map_or("RolePolicyList", |_| "AttachedManagedPolicies");
    let mut all = Cuts::new();
    for role in list(&root, "RoleDetailList")? {
        let entries = list(role, key).unwrap_or_default();
        let is_it = |entry: &&ast::Value<'_>| match document.arn() {
            Some(arn) => is(entry, "PolicyArn", arn),
            None => entry.range().start <= start && start < entry.range().end,
        };
        let range = |entry: &ast::Value<'_>| entry.range().start..entry.range().end;
        let gone: Vec<Range<usize>> = entries.iter().filter(is_it).map(range).collect();
        let ranges: Vec<Range<usize>> = entries.iter().map(range).collect();
        let cuts = text::cuts(&ranges, |range| gone.contains(range));
        all.extend(cuts.into_iter().map(|cut| (cut, String::new())));
    }
    (!all.is_empty()).then_some(all)
}

fn list<'v, 'a>(value: &'v ast::Value<'a>, key: &str) -> Option<&'v [ast::Value<'a>]> {
    match &value.as_object()?.get(key)?.value {
        ast::Value::Array(array) => Some(&array.elements),
        _ => None,
    }
}

fn is(value: &ast::Value<'_>, key: &str, wanted: &str) -> bool {
    let property = value.as_object().and_then(|object| object.get(key));
    matches!(property.map(|property| &property.value), Some(ast::Value::StringLit(text)) if text.value == wanted)
}
