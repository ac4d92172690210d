//! Paths: which operations a method and a path may be, and what stands in the labels.

use super::blob::literal;
use super::operation::{Condition, Operation, Segment};
use super::request::WireRequest;
use super::service::Service;
use super::text::Text;

/// In the order of the catalogue.
pub(super) const METHODS: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// A request's method, path and query, made ready to be compared with many operations.
pub(super) struct Route<'r> {
    method: Option<u8>,
    segments: Vec<&'r str>,
    /// The literal that each segment is, if any operation has it.
    literals: Vec<Option<usize>>,
    /// The literals of query names that some operation asks for, and their values; each name once.
    query: Vec<(usize, &'r str)>,
    headers: &'r [(&'r str, &'r str)],
}

/// How exactly an operation is met; greater is better.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Match {
    /// All members are there that the operation requires.
    is_complete: bool,
    pub(super) literals: usize,
    conditions: usize,
    is_exact: bool,
}

impl<'r> Route<'r> {
    /// With the bucket of a virtual host as the first segment.
    pub(super) fn of(request: &WireRequest<'r>, bucket: Option<&'r str>) -> Self {
        let method = METHODS.iter().position(|method| *method == request.method);
        let segments = segments(request.path(), bucket);
        let literals = segments.iter().map(|segment| literal(segment)).collect();
        Self {
            method: method.and_then(|method| u8::try_from(method).ok()),
            segments,
            literals,
            query: known_query(request),
            headers: request.headers,
        }
    }

    /// The operation of the service that is met best.
    pub(super) fn best(&self, service: Service) -> Option<(Match, Operation)> {
        let method = self.method?;
        let count = u8::try_from(self.segments.len()).ok().filter(|count| *count < 0x80);
        let exact = count.into_iter().flat_map(|count| service.routes(method, count));
        let mut best: Option<(Match, Operation)> = None;
        for operation in exact.chain(service.greedy_routes(method)) {
            if let Some(found) = self.meet(operation)
                && best.is_none_or(|(other, _)| other < found)
            {
                best = Some((found, operation));
            }
        }
        best
    }

    fn meet(&self, operation: Operation) -> Option<Match> {
        let literals = self.meet_segments(operation)?;
        let mut found = Match {
            is_complete: true,
            literals,
            conditions: 0,
            is_exact: operation.route_key().1 < 0x80,
        };
        for condition in operation.conditions() {
            match self.meet_condition(condition) {
                true => found.conditions += 1,
                false if is_member(condition) => found.is_complete = false,
                false => return None,
            }
        }
        Some(found)
    }

    /// The number of literals, if all segments are met.
    fn meet_segments(&self, operation: Operation) -> Option<usize> {
        let spans = spans(operation, self.segments.len())?;
        let mut literals = 0;
        for (segment, from, to) in spans {
            match segment {
                Segment::Literal(number) if self.literals[from] == Some(number) => literals += 1,
                Segment::Literal(_) => return None,
                Segment::Label(_) if to == from + 1 && self.segments[from].is_empty() => {
                    return None;
                }
                Segment::Label(_) => {}
            }
        }
        Some(literals)
    }

    fn meet_condition(&self, condition: Condition) -> bool {
        let value = |name| self.query.iter().find(|(each, _)| *each == name);
        match condition {
            Condition::Query(name) | Condition::QueryMember(name) => value(name).is_some(),
            Condition::QueryValue(name, wanted) => {
                value(name).is_some_and(|(_, value)| Text::of_literal(wanted) == **value)
            }
            Condition::HeaderMember(name) => {
                self.headers.iter().any(|(each, _)| Text::of_literal(name).eq_ignore_case(each))
            }
        }
    }
}

fn is_member(condition: Condition) -> bool {
    matches!(condition, Condition::QueryMember(_) | Condition::HeaderMember(_))
}

fn segments<'r>(path: &'r str, bucket: Option<&'r str>) -> Vec<&'r str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let mut segments: Vec<&str> = bucket.into_iter().chain(path.split('/')).collect();
    if segments.last() == Some(&"") && segments.len() <= 1 + usize::from(bucket.is_some()) {
        segments.pop();
    }
    // `/2015-03-31/functions/` is what `/2015-03-31/functions` is. Keys of objects may end with a
    // slash, though, but those have a label that takes what is left of the path.
    if segments.len() > 1 && segments.last() == Some(&"") {
        segments.pop();
    }
    segments
}

/// Each segment of the operation with the range of the request's segments that it stands for.
fn spans(
    operation: Operation,
    count: usize,
) -> Option<impl Iterator<Item = (Segment, usize, usize)>> {
    let wanted = operation.segments().len();
    let is_greedy = operation.route_key().1 >= 0x80;
    if count < wanted || (count > wanted && !is_greedy) {
        return None;
    }
    let more = count - wanted;
    let mut at = 0;
    Some(operation.segments().map(move |segment| {
        let takes_more = match segment {
            Segment::Label(number) if is_greedy => {
                Text::of_name(number).pieces().any(|piece| piece == "+")
            }
            _ => false,
        };
        let from = at;
        at += if takes_more { 1 + more } else { 1 };
        (segment, from, at)
    }))
}

/// The labels of the operation's path: the name and what stands there, still percent-encoded.
pub(super) fn labels(
    operation: Operation,
    request: &WireRequest<'_>,
    bucket: Option<&str>,
) -> Vec<(String, String)> {
    let segments = segments(request.path(), bucket);
    let Some(spans) = spans(operation, segments.len()) else { return Vec::new() };
    let ends_with_slash = request.path().ends_with('/');
    let mut labels = Vec::new();
    for (segment, from, to) in spans {
        if let Segment::Label(number) = segment {
            let name = Text::of_name(number).to_string();
            let is_greedy = name.ends_with("+}");
            let name = name.trim_matches(['{', '+', '}']).to_owned();
            let mut value = segments.get(from..to).unwrap_or_default().join("/");
            if is_greedy && to == segments.len() && ends_with_slash {
                value.push('/');
            }
            labels.push((name, value));
        }
    }
    labels
}

fn known_query<'r>(request: &WireRequest<'r>) -> Vec<(usize, &'r str)> {
    let mut known = Vec::new();
    for (name, value) in request.query() {
        let decoded = percent_encoding::percent_decode_str(name).decode_utf8();
        if let Some(number) = decoded.ok().and_then(|name| literal(&name)) {
            known.push((number, value.unwrap_or_default()));
        }
    }
    // The first of each name; sorting is stable.
    known.sort_by_key(|(number, _)| *number);
    known.dedup_by_key(|(number, _)| *number);
    known
}
