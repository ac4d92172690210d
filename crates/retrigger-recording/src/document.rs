//! A policy document, wherever and however it stands in its file.

use std::{ops::Range, path::Path, sync::Arc};

use serde_json::value::RawValue;

use crate::{
    error::{Error, Problem},
    mapping::{Layer, percent_decode, unescape_json},
    source::{DOCUMENT, Place, Source},
    stored_form::function_policy_in_aws_form,
};

/// The text of one policy document, and where it stands.
///
/// AWS's commands print a document as a file of its own, as an object within a larger listing, as
/// a JSON string, or as a percent-encoded JSON string. In each case [`text`](Self::text) is the
/// document itself and offsets in it lead back to the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyDocument {
    name: String,
    arn: Option<String>,
    text: String,
    /// From the document outwards to the file.
    layers: Vec<Layer>,
    source: Arc<Source>,
}

impl PolicyDocument {
    /// What messages call it, such as ``inline policy `logs` of role `demo` ``.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The policy's own ARN; `None` for a policy that has none, such as an inline or
    /// resource-based one.
    pub fn arn(&self) -> Option<&str> {
        self.arn.as_deref()
    }

    /// The document's own text, unescaped.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The file that holds it.
    pub fn file(&self) -> &Path {
        &self.source.path
    }

    /// The whole text of that file.
    pub fn file_text(&self) -> &str {
        &self.source.text
    }

    /// Where byte `offset` of [`text`](Self::text) stands in the file. Within an escape it is the
    /// start of the escape; past the end it is the end of the document.
    pub fn locate(&self, offset: usize) -> Place {
        let at = self.layers.iter().fold(offset.min(self.text.len()), |at, layer| layer.offset(at));
        self.source.place(at)
    }

    /// The bytes of the file from which a range of [`text`](Self::text) came, escapes whole.
    pub fn outer_span(&self, range: Range<usize>) -> Range<usize> {
        let end = range.end.min(self.text.len());
        let start = range.start.min(end);
        self.layers.iter().fold(start..end, |range, layer| layer.range(range))
    }

    /// Reads a file that is one document, or that holds one under `Policy`, as
    /// `aws lambda get-policy` prints it. Whether the document is JSON is for the reader of
    /// policies to say.
    ///
    /// # Errors
    ///
    /// When the file cannot be read.
    pub fn read(path: &Path, name: impl Into<String>) -> Result<Self, Error> {
        #[derive(serde::Deserialize)]
        struct Holder<'a> {
            #[serde(borrow, rename = "Policy")]
            policy: &'a RawValue,
        }
        let source = Arc::new(Source::read(path, DOCUMENT)?);
        match serde_json::from_str::<Holder<'_>>(&source.text) {
            Ok(holder) => Self::within(name.into(), None, holder.policy, &source),
            Err(_) => Ok(Self::whole(name.into(), Arc::clone(&source))),
        }
    }

    /// The same, where a server printed it that has another form of function policies than AWS.
    pub(crate) fn in_aws_form(self) -> Self {
        // What a person wrote stands in the file as it is, and is held to AWS's form.
        let is_printed = self.layers.len() > 1;
        let Some(text) = is_printed.then(|| function_policy_in_aws_form(&self.text)).flatten()
        else {
            return self;
        };
        let layers = vec![Layer::reworded(self.outer_span(0..self.text.len()))];
        Self { text, layers, ..self }
    }

    /// A file that is one document.
    pub(crate) fn whole(name: String, source: Arc<Source>) -> Self {
        let text = source.text.clone();
        Self { name, arn: None, text, layers: vec![Layer::verbatim(0)], source }
    }

    /// A document that stands in a file as an object, a string, or a percent-encoded string.
    /// `value` was borrowed from `source`.
    pub(crate) fn within(
        name: String,
        arn: Option<&str>,
        value: &RawValue,
        source: &Arc<Source>,
    ) -> Result<Self, Error> {
        let start = source.span_of(value.get()).start;
        let (text, layers) = unwrap(value.get(), start).map_err(|fault| match fault {
            Fault::NoDocument => source.error(
                start,
                Problem::value(format!("{name} is neither an object nor a string that holds one")),
            ),
            Fault::Escape(at) => {
                source.error(at, Problem::value(format!("{name} has a broken escape")))
            }
        })?;
        Ok(Self { name, arn: arn.map(str::to_owned), text, layers, source: Arc::clone(source) })
    }
}

enum Fault {
    NoDocument,
    /// At this byte of the file.
    Escape(usize),
}

/// The document in a JSON value that starts at byte `start` of its file.
fn unwrap(value: &str, start: usize) -> Result<(String, Vec<Layer>), Fault> {
    if value.starts_with('{') {
        return Ok((value.to_owned(), vec![Layer::verbatim(start)]));
    }
    if !value.starts_with('"') {
        return Err(Fault::NoDocument);
    }
    let (text, quoted) = unescape_json(value).map_err(|at| Fault::Escape(start + at))?;
    if !text.trim_start().starts_with('%') {
        return Ok((text, vec![quoted, Layer::verbatim(start)]));
    }
    let (decoded, encoded) =
        percent_decode(&text).map_err(|at| Fault::Escape(start + quoted.offset(at)))?;
    Ok((decoded, vec![encoded, quoted, Layer::verbatim(start)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(file: &str) -> Result<PolicyDocument, Error> {
        #[derive(serde::Deserialize)]
        struct Holder<'a> {
            #[serde(borrow, rename = "Policy")]
            policy: &'a RawValue,
        }
        let source = Arc::new(Source { path: "f.json".into(), text: file.into() });
        let holder: Holder<'_> = serde_json::from_str(&source.text).unwrap();
        PolicyDocument::within("policy `x`".into(), None, holder.policy, &source)
    }

    /// The document reads `{"Effect":"ALLOW"}` whatever its escapes, and `"ALLOW"` leads back to
    /// `outer` in the file.
    #[track_caller]
    fn check(file: &str, outer: &str, line: usize, column: usize) {
        let document = document(file).unwrap();
        assert_eq!(document.text(), r#"{"Effect":"ALLOW"}"#);
        assert_eq!(file.get(document.outer_span(10..17)), Some(outer));
        assert_eq!(document.locate(10), Place { line, column });
    }

    #[test]
    fn an_object_is_located_in_its_file() {
        check("{\n \"é\": 1, \"Policy\": {\"Effect\":\"ALLOW\"}}", "\"ALLOW\"", 2, 30);
    }

    #[test]
    fn a_string_is_located_through_its_escapes() {
        check(r#"{"Policy": "{\"Effect\":\"ALLOW\"}"}"#, r#"\"ALLOW\""#, 1, 25);
        check(r#"{"Policy": "\u007b\"Effect\":\"ALLOW\"}"}"#, r#"\"ALLOW\""#, 1, 30);
    }

    #[test]
    fn a_percent_encoded_string_is_located_through_both() {
        check(r#"{"Policy": "%7B%22Effect%22%3A%22ALLOW%22%7D"}"#, "%22ALLOW%22", 1, 31);
    }

    #[test]
    fn a_broken_escape_is_located() {
        let error = document(r#"{"Policy": "%7B%2"}"#).unwrap_err().to_string();
        assert_eq!(error, "f.json:1:16: policy `x` has a broken escape");
        let error = document(r#"{"Policy": 5}"#).unwrap_err().to_string();
        assert!(error.starts_with("f.json:1:12: policy `x` is neither an object"), "{error}");
    }

    #[test]
    fn offsets_past_the_end_are_the_end() {
        let document = document(r#"{"Policy": "{}"}"#).unwrap();
        assert_eq!(document.locate(99), Place { line: 1, column: 15 });
        assert_eq!(document.outer_span(50..99), 14..14);
    }
}
