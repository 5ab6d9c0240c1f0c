//! What somebody asks of the list of devices, as it stands in an address.

use common::domain::failure::FailureKind;
use common::domain::job::JobState;
use common::ledger::{DeviceQuery, DeviceSort};
use serde::Deserialize;
use url::form_urlencoded;

use super::super::text::is_unsafe;

/// Rows of a page.
pub(in crate::pages) const PER_PAGE: u32 = 100;

/// Characters of a search; a longer text names no device.
const SEARCH_CHARS: usize = 200;

/// As it came: anybody can write anything into an address.
#[derive(Debug, Default, Deserialize)]
pub(in crate::pages) struct Asked {
    search: Option<String>,
    state: Option<String>,
    kind: Option<String>,
    sort: Option<String>,
    descending: Option<String>,
    page: Option<String>,
}

/// As it is understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::pages) struct Question {
    /// What the ledger is asked.
    pub(in crate::pages) query: DeviceQuery,
    /// What was left out, because it makes no sense.
    pub(in crate::pages) nonsense: Option<String>,
}

impl Question {
    /// Reads what came; what makes no sense is left out and named.
    pub(in crate::pages) fn read(asked: &Asked) -> Self {
        let mut nonsense = Vec::new();
        let search = asked.search.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let page = read(asked.page.as_deref(), &mut nonsense, |text: &str| {
            text.parse::<u32>().ok().filter(|page| *page > 0).ok_or_else(|| format!("`{text}` is no page"))
        });
        let query = DeviceQuery {
            search: search.map(searchable),
            state: read(asked.state.as_deref(), &mut nonsense, word::<JobState>),
            kind: read(asked.kind.as_deref(), &mut nonsense, word::<FailureKind>),
            sort: read(asked.sort.as_deref(), &mut nonsense, word::<DeviceSort>).unwrap_or_default(),
            descending: asked.descending.as_deref() == Some("true"),
            page: page.unwrap_or(1),
            per_page: PER_PAGE,
        };
        Self { query, nonsense: (!nonsense.is_empty()).then(|| nonsense.join("; ")) }
    }

    /// The same, with another state, from the first page.
    pub(super) fn of_state(&self, state: Option<JobState>) -> Self {
        self.with(|query| query.state = state)
    }

    /// The same, with another kind, from the first page.
    pub(super) fn of_kind(&self, kind: Option<FailureKind>) -> Self {
        self.with(|query| query.kind = kind)
    }

    /// The same in another order; the order it has already is turned round.
    pub(super) fn sorted_by(&self, sort: DeviceSort) -> Self {
        self.with(|query| {
            query.descending = query.sort == sort && !query.descending;
            query.sort = sort;
        })
    }

    /// The same on another page.
    pub(super) fn on_page(&self, page: u32) -> Self {
        Self { query: DeviceQuery { page, ..self.query.clone() }, nonsense: None }
    }

    fn with(&self, change: impl FnOnce(&mut DeviceQuery)) -> Self {
        let mut query = DeviceQuery { page: 1, ..self.query.clone() };
        change(&mut query);
        Self { query, nonsense: None }
    }

    /// What a new search keeps of this question.
    pub(super) fn kept_by_search(&self) -> Vec<(&'static str, String)> {
        self.parts().into_iter().filter(|(name, _)| !matches!(*name, "search" | "page")).collect()
    }

    /// The address of its page: what differs from the plain list, and nothing else.
    pub(super) fn href(&self) -> String {
        let mut written = form_urlencoded::Serializer::new(String::new());
        written.extend_pairs(self.parts());
        let written = written.finish();
        if written.is_empty() { "/devices".to_owned() } else { format!("/devices?{written}") }
    }

    fn parts(&self) -> Vec<(&'static str, String)> {
        let DeviceQuery { search, state, kind, sort, descending, page, per_page: _ } = &self.query;
        let parts = [
            ("search", search.clone()),
            ("state", state.map(|state| state.to_string())),
            ("kind", kind.map(|kind| kind.to_string())),
            ("sort", (*sort != DeviceSort::default()).then(|| sort.to_string())),
            ("descending", descending.then(|| "true".to_owned())),
            ("page", (*page > 1).then(|| page.to_string())),
        ];
        parts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// Without what nobody can see: it came with a paste, and no device is found by it.
fn searchable(text: &str) -> String {
    text.chars().filter(|character| !is_unsafe(*character)).take(SEARCH_CHARS).collect()
}

/// A part that may be absent or empty; what cannot be read is noted.
fn read<T>(
    text: Option<&str>,
    nonsense: &mut Vec<String>,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Option<T> {
    let text = text.map(str::trim).filter(|text| !text.is_empty())?;
    parse(text).map_err(|reason| nonsense.push(reason)).ok()
}

fn word<T: std::str::FromStr<Err = common::domain::job::UnknownWord>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: common::domain::job::UnknownWord| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(search: &str, state: &str, page: &str) -> Asked {
        let some = |text: &str| Some(text.to_owned());
        Asked { search: some(search), state: some(state), page: some(page), ..Asked::default() }
    }

    #[test]
    fn an_address_reads_back_as_the_question_that_wrote_it() {
        let question = Question::read(&asked(" fw & <b>\"50%\" ", "failed", "3"))
            .sorted_by(DeviceSort::Updated)
            .sorted_by(DeviceSort::Updated)
            .of_kind(Some(FailureKind::DiskFull))
            .on_page(2);
        let href = question.href();
        assert!(!href.contains(['<', '"', ' ', '\'']), "{href}");
        let (_, written) = href.split_once('?').unwrap();
        let pairs: std::collections::BTreeMap<String, String> =
            form_urlencoded::parse(written.as_bytes()).into_owned().collect();
        let back: Asked = serde_json::from_value(serde_json::to_value(pairs).unwrap()).unwrap();
        assert_eq!(Question::read(&back), question);
        assert!(question.query.descending);
    }

    #[test]
    fn the_plain_list_has_the_plain_address() {
        assert_eq!(Question::read(&Asked::default()).href(), "/devices");
        assert_eq!(Question::read(&asked("", " ", "1")).href(), "/devices");
    }

    #[test]
    fn what_makes_no_sense_is_left_out_and_named() {
        for (state, page) in
            [("asleep", "1"), ("", "0"), ("", "-1"), ("", "99999999999"), ("failed; drop", "x")]
        {
            let question = Question::read(&asked("fw", state, page));
            assert!(question.nonsense.is_some(), "{state} {page}");
            assert_eq!((question.query.state, question.query.page), (None, 1));
            assert_eq!(question.query.search.as_deref(), Some("fw"));
        }
    }

    #[test]
    fn another_filter_begins_on_the_first_page() {
        let question = Question::read(&asked("fw", "failed", "7"));
        assert_eq!(question.of_state(None).query.page, 1);
        assert_eq!(question.kept_by_search(), [("state", "failed".to_owned())]);
    }

    #[test]
    fn a_search_has_a_limit() {
        let question = Question::read(&asked(&"é".repeat(10_000), "", ""));
        assert_eq!(question.query.search.unwrap().chars().count(), SEARCH_CHARS);
    }
}
