//! Resource patterns as the cheapest comparison that decides them.

use super::{
    asked::Asked,
    text::{TextMatcher, same, starts_with},
};
use crate::{
    arn::Arn,
    pattern::Pattern,
    policy::{ArnPattern, ResourcePattern},
    request_ref::ContextRef,
    truth::Truth,
};

/// The six parts of an ARN pattern.
#[derive(Clone, Debug)]
pub(super) struct ArnMatcher {
    header: [TextMatcher; 5],
    starts_with_arn: bool,
    resource: TextMatcher,
}

impl ArnMatcher {
    pub(super) fn new(pattern: &ArnPattern) -> Self {
        let header = pattern.header.each_ref().map(TextMatcher::new);
        let starts_with_arn = matches!(&header[0], TextMatcher::Exact(arn) if **arn == *"arn");
        Self { header, starts_with_arn, resource: TextMatcher::new(&pattern.resource) }
    }

    /// Whether an ARN fits, part by part. The last part is looked at first: it differs most.
    #[inline]
    pub(super) fn fits(&self, arn: &Arn<'_>, context: &ContextRef<'_>) -> Truth {
        let mut fits = self.resource.fits(arn.resource, context);
        let texts = ["arn", arn.partition, arn.service, arn.region, arn.account];
        // An ARN starts with `arn`, so that this part of a pattern hardly ever has to be looked at.
        let order = if self.starts_with_arn { &[4, 2, 3, 1][..] } else { &[4, 2, 3, 1, 0] };
        for at in order.iter().copied() {
            if fits == Truth::No {
                break;
            }
            fits = fits.min(self.header[at].fits(texts[at], context));
        }
        fits
    }

    /// The header as it stands, where it stands for nothing but itself.
    fn literal_header(&self) -> Option<String> {
        let mut text = String::new();
        for part in &self.header {
            // A colon inside a part is one of a variable; no ARN has one there.
            let TextMatcher::Exact(part) = part else { return None };
            if part.contains(':') {
                return None;
            }
            text.push_str(part);
            text.push(':');
        }
        text.starts_with("arn:").then_some(text)
    }
}

/// An ARN pattern as the cheapest comparison that decides it part by part.
#[derive(Clone, Debug)]
pub(super) enum ArnOperand {
    /// One ARN.
    Exact(Box<str>),
    /// All ARNs that start so, the header being literal.
    Prefix(Box<str>),
    /// A literal header, and wildcards or variables after it.
    Tail(Box<TailMatcher>),
    /// Wildcards or variables elsewhere.
    Parts(Box<ArnMatcher>),
}

/// An ARN pattern whose header stands for nothing but itself.
#[derive(Clone, Debug)]
pub(super) struct TailMatcher {
    header: Box<str>,
    resource: TextMatcher,
    /// The text that everything which fits starts with.
    literal_start: Box<str>,
}

impl TailMatcher {
    fn new(header: String, resource: TextMatcher) -> Self {
        let literal_start = (header.clone() + resource.literal_start()).into();
        Self { header: header.into(), resource, literal_start }
    }

    #[inline]
    fn fits(&self, text: &str, context: &ContextRef<'_>) -> Truth {
        match text.strip_prefix(&*self.header) {
            Some(resource) => self.resource.fits(resource, context),
            None => Truth::No,
        }
    }
}

impl ArnOperand {
    pub(super) fn new(pattern: &ArnPattern) -> Self {
        let arn = ArnMatcher::new(pattern);
        match (arn.literal_header(), &arn.resource) {
            (Some(header), TextMatcher::Exact(text)) => Self::Exact((header + text).into()),
            (Some(header), TextMatcher::Prefix(text)) => Self::Prefix((header + text).into()),
            (Some(header), TextMatcher::Any) => Self::Prefix(header.into()),
            (Some(header), _) => Self::Tail(Box::new(TailMatcher::new(header, arn.resource))),
            (None, _) => Self::Parts(Box::new(arn)),
        }
    }

    /// Whether a text is an ARN that fits.
    #[inline]
    pub(super) fn fits(&self, text: &str, context: &ContextRef<'_>) -> Truth {
        match self {
            Self::Exact(only) => same(only, text).into(),
            Self::Prefix(start) => starts_with(text, start).into(),
            Self::Tail(tail) => tail.fits(text, context),
            Self::Parts(arn) => Arn::parse(text).map_or(Truth::No, |text| arn.fits(&text, context)),
        }
    }
}

/// A pattern of a `Resource` element.
#[derive(Clone, Debug)]
pub(super) enum ResourceMatcher {
    /// `*` alone, which also covers actions without resource-level permissions.
    Any,
    /// One ARN.
    Exact(Box<str>),
    /// All ARNs that start so, the header being literal.
    Prefix(Box<str>),
    /// A literal header, and wildcards or variables after it.
    Tail(Box<TailMatcher>),
    /// Six parts.
    Parts(Box<PartsMatcher>),
    /// Fewer than six parts: the text as a whole.
    Whole(TextMatcher),
}

/// After which later colons the resource part of a pattern may begin, where a `*` in its header
/// takes text with colons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// None.
    #[default]
    Nowhere,
    /// Those after an account, or after nothing: the part before the pattern's fifth colon stands
    /// for itself.
    AfterAccount,
    /// Any.
    Anywhere,
}

/// An ARN pattern that has to be taken part by part.
#[derive(Clone, Debug)]
pub(super) struct PartsMatcher {
    /// The text that everything which fits starts with.
    literal_start: Box<str>,
    arn: ArnMatcher,
    /// The whole text, where a `*` at the end of a header part may reach past the colon.
    whole: Option<TextMatcher>,
}

impl ResourceMatcher {
    pub(super) fn new(pattern: &ResourcePattern) -> Self {
        if pattern.whole.is_any() {
            return Self::Any;
        }
        let Some(parts) = &pattern.parts else {
            return Self::Whole(TextMatcher::new(&pattern.whole));
        };
        match ArnOperand::new(parts) {
            ArnOperand::Exact(text) => Self::Exact(text),
            ArnOperand::Prefix(text) => Self::Prefix(text),
            ArnOperand::Tail(tail) => Self::Tail(tail),
            ArnOperand::Parts(arn) => {
                Self::Parts(Box::new(PartsMatcher::new(pattern, parts, *arn)))
            }
        }
    }

    /// Whether it covers the resource of the request.
    #[inline]
    pub(super) fn covers(&self, asked: &Asked<'_>) -> Truth {
        let resource = asked.request.resource;
        match self {
            Self::Any => Truth::Yes,
            _ if asked.request.wildcard_only_action => Truth::No,
            Self::Exact(only) => same(only, resource).into(),
            Self::Prefix(start) => starts_with(resource, start).into(),
            Self::Tail(tail) => tail.fits(resource, &asked.request.context),
            Self::Parts(parts) => parts.covers(asked),
            Self::Whole(whole) => whole.fits(resource, &asked.request.context),
        }
    }

    /// By what to find it: the text with which the part after the fifth colon starts. `None`
    /// where nothing is known of that part.
    pub(super) fn start_of_resource_part(&self) -> Option<&str> {
        match self {
            Self::Any | Self::Whole(_) => None,
            Self::Exact(text) | Self::Prefix(text) => text.splitn(6, ':').nth(5),
            Self::Tail(tail) => Some(tail.resource.literal_start()),
            Self::Parts(parts) => Some(parts.arn.resource.literal_start()),
        }
    }

    /// The text with which every resource starts that it covers.
    pub(super) fn literal_start(&self) -> &str {
        match self {
            Self::Any => "",
            Self::Exact(text) | Self::Prefix(text) => text,
            Self::Tail(tail) => &tail.literal_start,
            Self::Parts(parts) => &parts.literal_start,
            Self::Whole(whole) => whole.literal_start(),
        }
    }

    /// The text with which every resource ends that it covers.
    pub(super) fn literal_end(&self) -> &str {
        match self {
            Self::Any | Self::Prefix(_) => "",
            Self::Exact(text) => text,
            Self::Tail(tail) => tail.resource.literal_end(),
            Self::Parts(parts) => parts.arn.resource.literal_end(),
            Self::Whole(whole) => whole.literal_end(),
        }
    }

    /// Where else than after the fifth colon of the ARN its resource part may begin.
    pub(super) fn reach(&self) -> Reach {
        match self {
            Self::Parts(parts) if parts.whole.is_some() => match &parts.arn.header[4] {
                TextMatcher::Exact(id) if id.bytes().all(|byte| byte.is_ascii_digit()) => {
                    Reach::AfterAccount
                }
                _ => Reach::Anywhere,
            },
            _ => Reach::Nowhere,
        }
    }
}

impl PartsMatcher {
    fn new(pattern: &ResourcePattern, parts: &ArnPattern, arn: ArnMatcher) -> Self {
        let reaches = parts.header.iter().any(Pattern::ends_in_any);
        Self {
            literal_start: TextMatcher::new(&pattern.whole).literal_start().into(),
            whole: reaches.then(|| TextMatcher::new(&pattern.whole)),
            arn,
        }
    }

    #[inline]
    fn covers(&self, asked: &Asked<'_>) -> Truth {
        let context = &asked.request.context;
        let part_by_part = match &asked.request.arn {
            Some(arn) => self.arn.fits(arn, context),
            None => Truth::No,
        };
        match &self.whole {
            // An ARN with five colons is split by them in one way only.
            Some(whole) if part_by_part != Truth::Yes && asked.request.may_be_split_elsewhere => {
                part_by_part.max(whole.fits(asked.request.resource, context))
            }
            _ => part_by_part,
        }
    }
}
