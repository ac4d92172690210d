//! Operations and where their members stand.

use super::blob::{MEMBERS, Reader};
use super::text::Text;

/// An operation of a service: a few bytes of the catalogue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Operation {
    at: Reader,
}

const HAS_HOST_PREFIX: u8 = 1;
const IS_REST: u8 = 2;
const HAS_CONDITIONS: u8 = 4;
const HAS_MEMBERS: u8 = 8;
const IS_UNSIGNED: u8 = 16;

/// Where a member stands whose place has to be told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    Label,
    Query,
    Header,
    Body,
    HeaderPrefix,
    Payload,
    RawPayload,
    /// It stands where others do: only that it is one is told.
    IdempotencyToken,
}

/// A member, and its name on the wire.
#[derive(Clone, Copy)]
pub(super) struct Member {
    pub(super) place: Place,
    pub(super) name: Text,
    pub(super) wire: Text,
}

/// A segment of a path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Segment {
    /// The number of a literal.
    Literal(usize),
    /// The number of a name such as `{Key+}`.
    Label(usize),
}

/// What a request must have besides method and path; numbers are those of literals.
#[derive(Clone, Copy)]
pub(super) enum Condition {
    Query(usize),
    QueryValue(usize, usize),
    QueryMember(usize),
    HeaderMember(usize),
}

impl Operation {
    pub(super) fn new(at: Reader) -> Self {
        Self { at }
    }

    fn flags(self) -> u8 {
        { self.at }.u8()
    }

    /// Number of the method; number of segments, with `0x80` where one of them is greedy.
    pub(super) fn route_key(self) -> (u8, u8) {
        let mut at = self.at.skip(1);
        (at.u8(), at.u8())
    }

    fn after_flags(self) -> Reader {
        self.at.skip(if self.flags() & IS_REST == 0 { 1 } else { 3 })
    }

    /// Its name, such as `GetItem`.
    pub fn name(self) -> Text {
        Text::new(self.after_flags().bytes())
    }

    /// Whether AWS takes it without a signature, such as those that hand out credentials (Smithy,
    /// "Authentication traits": `noAuth`).
    pub fn is_unsigned(self) -> bool {
        self.flags() & IS_UNSIGNED != 0
    }

    /// The members that clients fill with a random value where the caller gives none (Smithy,
    /// "Behavior traits": `idempotencyToken`).
    pub fn idempotency_tokens(self) -> impl Iterator<Item = Text> {
        let tokens = self.members().filter(|member| member.place == Place::IdempotencyToken);
        tokens.map(|member| member.name)
    }

    /// What the host has before the service's own, such as `data-` or `{AccountId}.`.
    pub fn host_prefix(self) -> Option<Text> {
        let mut at = self.after_flags();
        at.bytes();
        (self.flags() & HAS_HOST_PREFIX != 0).then(|| Text::of_name(at.number()))
    }

    fn path(self) -> Reader {
        let mut at = self.after_flags();
        at.bytes();
        if self.flags() & HAS_HOST_PREFIX != 0 {
            at.number();
        }
        at
    }

    fn segment_count(self) -> usize {
        if self.flags() & IS_REST == 0 { 0 } else { usize::from(self.route_key().1 & 0x7f) }
    }

    pub(super) fn segments(self) -> impl ExactSizeIterator<Item = Segment> {
        let mut at = self.path();
        (0..self.segment_count()).map(move |_| {
            let number = at.number();
            if number & 1 == 0 { Segment::Literal(number / 2) } else { Segment::Label(number / 2) }
        })
    }

    fn after_path(self) -> Reader {
        let mut at = self.path();
        (0..self.segment_count()).for_each(|_| {
            at.number();
        });
        at
    }

    pub(super) fn conditions(self) -> impl Iterator<Item = Condition> {
        let mut at = self.after_path();
        let count = if self.flags() & HAS_CONDITIONS == 0 { 0 } else { at.u8() };
        (0..count).map(move |_| condition(&mut at))
    }

    pub(super) fn members(self) -> impl Iterator<Item = Member> {
        let mut at = self.after_path();
        if self.flags() & HAS_CONDITIONS != 0 {
            (0..at.u8()).for_each(|_| {
                condition(&mut at);
            });
        }
        let count = if self.flags() & HAS_MEMBERS == 0 { 0 } else { at.u8() };
        (0..count).map(move |_| member(at.number()))
    }
}

fn member(number: usize) -> Member {
    let mut at = MEMBERS.reader(5 * number);
    let place = match at.u8() {
        0 => Place::Label,
        1 => Place::Query,
        2 => Place::Header,
        3 => Place::Body,
        4 => Place::HeaderPrefix,
        5 => Place::Payload,
        6 => Place::RawPayload,
        _ => Place::IdempotencyToken,
    };
    let name = Text::of_name(at.u16());
    Member { place, name, wire: Text::of_name(at.u16()) }
}

fn condition(at: &mut Reader) -> Condition {
    let kind = at.u8();
    let name = at.number();
    match kind {
        0 => Condition::Query(name),
        1 => Condition::QueryValue(name, at.number()),
        2 => Condition::QueryMember(name),
        _ => Condition::HeaderMember(name),
    }
}
