//! Selections of devices: `hostname~edge-*`, `version<11.0.0`, `ha!=active`.
//!
//! Promises: an expression that parses means something for every device, and one that does not is refused
//! with the place and the fields there are. Leaves to others: where devices come from, and what is done with
//! the chosen ones. Several selectors given together must all hold ([`all_match`]).
//!
//! Text is compared without regard to ASCII case and as a whole; `~` takes a pattern with `*` (any text) and
//! `?` (one character). Only `version` has an order. A device whose version cannot be read is neither less nor
//! greater nor equal to anything.

use std::{cmp::Ordering, fmt, str::FromStr};

use super::{
    device::{Device, Source},
    input::quoted,
    version::{Version, VersionError},
};

/// What a selection can look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Field {
    Serial,
    Hostname,
    Model,
    Version,
    Address,
    Ha,
    Connected,
    Source,
}

const FIELDS: [(&str, Field); 8] = [
    ("serial", Field::Serial),
    ("hostname", Field::Hostname),
    ("model", Field::Model),
    ("version", Field::Version),
    ("address", Field::Address),
    ("ha", Field::Ha),
    ("connected", Field::Connected),
    ("source", Field::Source),
];

/// The operators; one that begins with another stands before it.
const OPERATORS: [(&str, Operator); 7] = [
    ("!=", Operator::NotEqual),
    ("<=", Operator::AtMost),
    (">=", Operator::AtLeast),
    ("=", Operator::Equal),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("~", Operator::Like),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Operator {
    Equal,
    NotEqual,
    Like,
    Less,
    AtMost,
    AtLeast,
    Greater,
}

impl Operator {
    /// Whether it holds for a value that compares so with the wanted one; `None`: it cannot be compared.
    fn holds(self, compared: Option<Ordering>) -> bool {
        match self {
            Self::Equal => compared == Some(Ordering::Equal),
            Self::NotEqual => compared != Some(Ordering::Equal),
            Self::Less => compared.is_some_and(Ordering::is_lt),
            Self::AtMost => compared.is_some_and(Ordering::is_le),
            Self::AtLeast => compared.is_some_and(Ordering::is_ge),
            Self::Greater => compared.is_some_and(Ordering::is_gt),
            Self::Like => false,
        }
    }
}

/// One condition on a device.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Selector {
    condition: Condition,
    /// As it was given, for messages.
    expression: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Condition {
    Is(Field, String),
    IsNot(Field, String),
    Like(Field, String),
    Version(Operator, Version),
}

impl Selector {
    /// Reads `field OPERATOR value`; blanks around the operator do not count.
    ///
    /// # Errors
    /// [`SelectError`] names the expression, the place in it and what may stand there.
    pub fn parse(expression: &str) -> Result<Self, SelectError> {
        Scan { expression }.selector()
    }

    /// Whether the condition holds for `device`.
    pub fn matches(&self, device: &Device) -> bool {
        match &self.condition {
            Condition::Is(field, wanted) => value(*field, device).eq_ignore_ascii_case(wanted),
            Condition::IsNot(field, wanted) => !value(*field, device).eq_ignore_ascii_case(wanted),
            Condition::Like(field, pattern) => like(pattern, value(*field, device)),
            Condition::Version(operator, wanted) => {
                operator.holds(device.version().ok().map(|version| version.cmp(wanted)))
            }
        }
    }
}

/// Whether all of `selectors` hold for `device`; without any, every device is chosen.
pub fn all_match(selectors: &[Selector], device: &Device) -> bool {
    selectors.iter().all(|selector| selector.matches(device))
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.expression)
    }
}

impl FromStr for Selector {
    type Err = SelectError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// An expression that selects nothing because it cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("selection {}, character {position}: {problem}", quoted(.expression))]
pub struct SelectError {
    /// The whole expression.
    pub expression: String,
    /// Of the first character that does not fit, counted from 1.
    pub position: usize,
    /// What is wrong there.
    pub problem: SelectProblem,
}

/// What is wrong with an expression, and what may stand there instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectProblem {
    /// No such field.
    #[error("unknown field {}; the fields are {}", quoted(.0), field_names())]
    UnknownField(String),
    /// No operator after the field.
    #[error(
        "expected one of = != ~, or with version also < <= > >=, after the field; the fields are {}",
        field_names()
    )]
    NoOperator,
    /// Nothing after the operator.
    #[error("expected a value after the operator")]
    NoValue,
    /// `<` and the like with a field that has no order.
    #[error("only version has an order; use = != or ~ with {0}")]
    NoOrder(&'static str),
    /// The value is no version.
    #[error("{0}; a pattern goes with ~, for example version~11.1.*")]
    Version(VersionError),
    /// A value that the field never has.
    #[error("{} is never {}; it is one of {allowed}", .field, quoted(.found))]
    NeverSo {
        /// The field.
        field: &'static str,
        /// The value asked for.
        found: String,
        /// The values there are.
        allowed: &'static str,
    },
}

fn field_names() -> String {
    FIELDS.map(|(name, _)| name).join(" ")
}

/// An expression being read. Positions are in bytes until an error counts characters.
#[derive(Clone, Copy)]
struct Scan<'a> {
    expression: &'a str,
}

impl Scan<'_> {
    fn selector(self) -> Result<Selector, SelectError> {
        let text = self.expression;
        let start = text.len() - text.trim_start().len();
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        let name_end = text[start..].find(|c| !is_name(c)).map_or(text.len(), |length| start + length);
        let name = &text[start..name_end];
        if name.is_empty() {
            return Err(self.error(start, SelectProblem::NoOperator));
        }
        let &(field_name, field) = FIELDS
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| self.error(start, SelectProblem::UnknownField(name.to_owned())))?;

        let operator_at = text.len() - text[name_end..].trim_start().len();
        let &(symbol, operator) = OPERATORS
            .iter()
            .find(|(symbol, _)| text[operator_at..].starts_with(symbol))
            .ok_or_else(|| self.error(operator_at, SelectProblem::NoOperator))?;

        let rest = &text[operator_at + symbol.len()..];
        let value_at = text.len() - rest.trim_start().len();
        let value = rest.trim();
        if value.is_empty() {
            return Err(self.error(text.len(), SelectProblem::NoValue));
        }
        let condition = condition(field_name, field, operator, value).map_err(|problem| {
            self.error(if is_order(&problem) { operator_at } else { value_at }, problem)
        })?;
        Ok(Selector { condition, expression: text.trim().to_owned() })
    }

    fn error(self, at: usize, problem: SelectProblem) -> SelectError {
        let position = self.expression[..at].chars().count() + 1;
        SelectError { expression: self.expression.to_owned(), position, problem }
    }
}

/// Whether the operator is to blame, and not the value.
fn is_order(problem: &SelectProblem) -> bool {
    matches!(problem, SelectProblem::NoOrder(_))
}

fn condition(
    name: &'static str,
    field: Field,
    operator: Operator,
    value: &str,
) -> Result<Condition, SelectProblem> {
    match (operator, field) {
        (Operator::Like, _) => Ok(Condition::Like(field, value.to_owned())),
        (operator, Field::Version) => {
            Ok(Condition::Version(operator, value.parse().map_err(SelectProblem::Version)?))
        }
        (Operator::Equal, field) => Ok(Condition::Is(field, possible(name, field, value)?)),
        (Operator::NotEqual, field) => Ok(Condition::IsNot(field, possible(name, field, value)?)),
        (Operator::Less | Operator::AtMost | Operator::AtLeast | Operator::Greater, _) => {
            Err(SelectProblem::NoOrder(name))
        }
    }
}

/// The value, unless the field can never have it.
fn possible(name: &'static str, field: Field, value: &str) -> Result<String, SelectProblem> {
    let one_of = |values: [&str; 2], allowed| {
        if values.iter().any(|known| value.eq_ignore_ascii_case(known)) {
            Ok(value.to_owned())
        } else {
            Err(SelectProblem::NeverSo { field: name, found: value.to_owned(), allowed })
        }
    };
    match field {
        Field::Connected => one_of(["yes", "no"], "yes no"),
        Field::Source => one_of([Source::Panorama.as_str(), Source::Csv.as_str()], "panorama csv"),
        Field::Serial | Field::Hostname | Field::Model | Field::Version | Field::Address | Field::Ha => {
            Ok(value.to_owned())
        }
    }
}

/// A field of a device as text; an address that is not known is empty.
fn value(field: Field, device: &Device) -> &str {
    match field {
        Field::Serial => device.serial.as_str(),
        Field::Hostname => &device.hostname,
        Field::Model => &device.model,
        Field::Version => &device.sw_version,
        Field::Address => device.address.as_deref().unwrap_or_default(),
        Field::Ha => device.ha.state(),
        Field::Connected if device.connected => "yes",
        Field::Connected => "no",
        Field::Source => device.source.as_str(),
    }
}

/// Whether `text` fits `pattern` as a whole. Needs at most pattern x text comparisons, whatever the pattern.
fn like(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().map(|c| c.to_ascii_lowercase()).collect();
    let text: Vec<char> = text.chars().map(|c| c.to_ascii_lowercase()).collect();
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None; // After the last `*`, and where its text ends so far.
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                p += 1;
                star = Some((p, t));
            }
            Some(c) if *c == '?' || *c == text[t] => (p, t) = (p + 1, t + 1),
            _ => match &mut star {
                Some((after, end)) => {
                    *end += 1;
                    (p, t) = (*after, *end);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests;
