//! A small tree of an XML document, and nothing that an answer could hurt us with.
//!
//! Promises: bounded depth, elements and attributes; no DTD, no entities but the five that XML defines;
//! exactly one document. Readers go along the child axis only: searching the whole tree for `entry` finds
//! plug-ins and virtual systems, too, and once made devices of them.
//!
//! Leaves to others: what the elements mean ([`envelope`](crate::envelope), `commands/`), and the size of
//! the text ([`transport`](crate::transport)).

use crate::redact::{field, line};
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// Deepest nesting; real answers stay below 15.
const MAX_DEPTH: usize = 64;
/// Most elements: a Panorama entry has about 80, so this is a fleet of twelve thousand.
const MAX_ELEMENTS: usize = 1_000_000;
/// Most attributes of one element; real answers have at most four.
const MAX_ATTRIBUTES: usize = 64;

/// One element with what it directly contains.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    name: Box<str>,
    attributes: Vec<Attribute>,
    /// The element's own text, its children's left out. Empty when only white space.
    text: String,
    children: Vec<Element>,
}

/// Name and value.
type Attribute = (Box<str>, Box<str>);

/// Why a text is not a document that we read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("nothing")]
    Empty,
    #[error("a document that ends too early")]
    Cut,
    #[error("text outside the document")]
    TextOutside,
    #[error("a second document after the first")]
    SecondDocument,
    #[error("a document type definition")]
    DocumentType,
    #[error("an entity that XML does not define")]
    Entity,
    #[error("more than {MAX_DEPTH} levels of elements")]
    TooDeep,
    #[error("more than {MAX_ELEMENTS} elements")]
    TooManyElements,
    #[error("more than {MAX_ATTRIBUTES} attributes in one element")]
    TooManyAttributes,
    #[error("text that is not well-formed XML")]
    Syntax,
}

impl Element {
    /// Reads a whole document.
    pub(crate) fn parse(text: &str) -> Result<Self, Malformed> {
        let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}').trim_start());
        let mut tree = Tree::default();
        loop {
            match reader.read_event().map_err(|error| tree.malformed(&error))? {
                Event::Start(start) => tree.open(&start)?,
                Event::Empty(start) => {
                    tree.open(&start)?;
                    tree.close();
                }
                Event::End(_) => tree.close(),
                Event::Text(text) => tree.text(&text.xml10_content())?,
                Event::CData(text) => tree.text(&text.xml10_content())?,
                Event::GeneralRef(entity) => match entity.resolve_char_ref() {
                    Ok(Some(c)) => tree.text(c.encode_utf8(&mut [0; 4]))?,
                    Ok(None) => tree.text(resolve_xml_entity(&entity).ok_or(Malformed::Entity)?)?,
                    Err(_) => return Err(Malformed::Entity),
                },
                Event::DocType(_) => return Err(Malformed::DocumentType),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
                Event::Eof => return tree.finish(),
            }
        }
    }

    /// The tag.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The value of an attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| **key == *name).map(|(_, value)| &**value)
    }

    /// The element's own text without white space around it.
    pub(crate) fn text(&self) -> &str {
        self.text.trim()
    }

    /// The first child of that name.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| *child.name == *name)
    }

    /// The children of that name, in order.
    pub(crate) fn children<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| *child.name == *name)
    }

    /// All children, in order.
    pub(crate) fn all_children(&self) -> &[Self] {
        &self.children
    }

    /// The element at the end of a path of first children.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |element, name| element.child(name))
    }

    /// The text of the first child of that name; none when it is absent or blank.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.child(name).map(Self::text).filter(|text| !text.is_empty())
    }

    /// Like [`Self::value`], and none for the words by which devices say that there is no value; kept as a
    /// [`field`].
    pub(crate) fn known(&self, name: &str) -> Option<String> {
        self.stated(name).map(field)
    }

    /// The same for a remark, which may be longer.
    pub(crate) fn remark(&self, name: &str) -> Option<String> {
        self.stated(name).map(line)
    }

    fn stated(&self, name: &str) -> Option<&str> {
        const NO_VALUE: [&str; 3] = ["unknown", "N/A", "(null)"];
        self.value(name).filter(|text| !NO_VALUE.iter().any(|word| word.eq_ignore_ascii_case(text)))
    }
}

/// The tree while it is being built.
#[derive(Default)]
struct Tree {
    /// The elements that are open, outermost first.
    open: Vec<Element>,
    root: Option<Element>,
    n_elements: usize,
}

impl Tree {
    fn open(&mut self, start: &BytesStart<'_>) -> Result<(), Malformed> {
        if self.root.is_some() {
            return Err(Malformed::SecondDocument);
        }
        if self.open.len() == MAX_DEPTH {
            return Err(Malformed::TooDeep);
        }
        self.n_elements += 1;
        if self.n_elements > MAX_ELEMENTS {
            return Err(Malformed::TooManyElements);
        }
        self.open.push(Element {
            name: start.name().0.into(),
            attributes: attributes(start)?,
            ..Element::default()
        });
        Ok(())
    }

    fn close(&mut self) {
        let Some(element) = self.open.pop() else { return };
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), Malformed> {
        let blank = text.trim().is_empty();
        match self.open.last_mut() {
            Some(element) if !(blank && element.text.is_empty()) => element.text.push_str(text),
            Some(_) => {}
            None if blank => {}
            None => return Err(Malformed::TextOutside),
        }
        Ok(())
    }

    fn finish(self) -> Result<Element, Malformed> {
        match self.root {
            Some(root) => Ok(root),
            None if self.open.is_empty() => Err(Malformed::Empty),
            None => Err(Malformed::Cut),
        }
    }

    /// quick-xml reports a cut tag as a syntax error; with elements open that is most likely a cut answer.
    fn malformed(&self, error: &quick_xml::Error) -> Malformed {
        match error {
            quick_xml::Error::Syntax(_) if !self.open.is_empty() => Malformed::Cut,
            _ => Malformed::Syntax,
        }
    }
}

fn attributes(start: &BytesStart<'_>) -> Result<Vec<Attribute>, Malformed> {
    let mut found = Vec::new();
    // Without quick-xml's check for doubles, whose cost grows with the square of their number.
    for attribute in start.attributes().with_checks(false) {
        let attribute = attribute.map_err(|_| Malformed::Syntax)?;
        if found.len() == MAX_ATTRIBUTES {
            return Err(Malformed::TooManyAttributes);
        }
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|_| Malformed::Entity)?;
        found.push((attribute.key.0.into(), value.as_ref().into()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
