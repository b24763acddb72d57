//! The list of messages and notices: wrapping, scrolling, order and bounds.

use std::collections::{HashSet, VecDeque};

use jiff::tz::TimeZone;

use crate::{
    format,
    limits::{MAX_ENTRIES, MAX_ROWS},
    session::{ChatLine, Page},
};

/// One entry of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A message of the conversation.
    Message(ChatLine),
    /// An answer to the person.
    Notice(String),
    /// Something that did not work.
    Error(String),
}

/// How far the list reaches back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Older {
    /// Nothing was asked yet.
    Unknown,
    /// A page is on its way.
    Loading,
    /// Older messages follow at this cursor.
    At(String),
    /// The list begins where the history begins.
    Start,
}

/// The list. Rows are counted from the bottom, so that what comes in above does not move what is read.
#[derive(Debug)]
pub struct Transcript {
    zone: TimeZone,
    entries: VecDeque<(Entry, Vec<String>)>,
    cursors: HashSet<String>,
    older: Older,
    width: usize,
    height: usize,
    rows: usize,
    scroll: usize,
    unseen: usize,
}

impl Transcript {
    /// An empty list that shows times in this zone.
    pub fn new(zone: TimeZone) -> Self {
        Self {
            zone,
            entries: VecDeque::new(),
            cursors: HashSet::new(),
            older: Older::Unknown,
            width: 80,
            height: 24,
            rows: 0,
            scroll: 0,
            unseen: 0,
        }
    }

    /// How far it reaches back.
    pub fn older(&self) -> &Older {
        &self.older
    }

    /// Messages that came in below what is shown.
    pub fn unseen(&self) -> usize {
        self.unseen
    }

    /// Takes a message that is new; one that is in the list already replaces it there.
    pub fn message(&mut self, line: ChatLine) {
        if !self.cursors.insert(line.cursor.clone()) {
            return self.replace(line);
        }
        if self.scroll > 0 {
            self.unseen += 1;
        }
        self.push(Entry::Message(line));
    }

    /// Adds an answer to the person.
    pub fn notice(&mut self, text: impl Into<String>) {
        self.push(Entry::Notice(text.into()));
    }

    /// Adds something that did not work.
    pub fn error(&mut self, text: impl Into<String>) {
        self.push(Entry::Error(text.into()));
    }

    /// The cursor to load older messages from, if that is possible now; the page then counts as on its way.
    /// The first page has no cursor.
    pub fn start_loading(&mut self) -> Option<Option<String>> {
        let before = match &self.older {
            _ if self.is_full() => return None,
            Older::Unknown => None,
            Older::At(cursor) => Some(cursor.clone()),
            Older::Loading | Older::Start => return None,
        };
        self.older = Older::Loading;
        Some(before)
    }

    /// Puts a page of older messages on top.
    pub fn prepend(&mut self, page: Page) {
        self.older = page.older.map_or(Older::Start, Older::At);
        for line in page.lines.into_iter().rev() {
            if self.is_full() {
                self.older = Older::At(self.oldest_cursor().unwrap_or_default());
                return;
            }
            if self.cursors.insert(line.cursor.clone()) {
                let entry = Entry::Message(line);
                let rows = self.wrap(&entry);
                self.rows += rows.len();
                self.entries.push_front((entry, rows));
            }
        }
    }

    /// A page did not come: it can be asked for again.
    pub fn loading_failed(&mut self) {
        self.older = self.oldest_cursor().map_or(Older::Unknown, Older::At);
    }

    /// Whether no older message can be shown for want of room.
    pub fn is_full(&self) -> bool {
        self.entries.len() >= MAX_ENTRIES
    }

    /// Fits the list into a window.
    pub fn resize(&mut self, width: usize, height: usize) {
        let rewrap = width != self.width;
        (self.width, self.height) = (width, height);
        if rewrap {
            let mut entries = std::mem::take(&mut self.entries);
            self.rows = 0;
            for (entry, rows) in &mut entries {
                *rows = self.wrap(entry);
                self.rows += rows.len();
            }
            self.entries = entries;
        }
        self.scroll_to(self.scroll);
    }

    /// Rows in the window.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Moves the window up; `true` when it is at the top.
    pub fn up(&mut self, rows: usize) -> bool {
        self.scroll_to(self.scroll.saturating_add(rows));
        self.scroll == self.highest()
    }

    /// Moves the window down.
    pub fn down(&mut self, rows: usize) {
        self.scroll_to(self.scroll.saturating_sub(rows));
    }

    /// The rows in the window, top first, each with its entry and its number in it. The row above all
    /// entries tells how far the list reaches back.
    pub fn window(&self) -> Vec<(Option<&Entry>, usize, &str)> {
        let end = self.all_rows().saturating_sub(self.scroll);
        let start = end.saturating_sub(self.height);
        let first = (None, 0, self.beginning());
        let rows = self.entries.iter().flat_map(|(entry, rows)| {
            rows.iter()
                .enumerate()
                .map(move |(n, row)| (Some(entry), n, &**row))
        });
        std::iter::once(first)
            .chain(rows)
            .skip(start)
            .take(end - start)
            .collect()
    }

    fn beginning(&self) -> &'static str {
        match self.older {
            _ if self.is_full() => "─ the list is full, older messages stay in the history ─",
            Older::Unknown => "",
            Older::Loading => "─ loading older messages ─",
            Older::At(_) => "─ PageUp loads older messages ─",
            Older::Start => "─ the history begins here ─",
        }
    }

    fn push(&mut self, entry: Entry) {
        let rows = self.wrap(&entry);
        self.rows += rows.len();
        if self.scroll > 0 {
            self.scroll += rows.len();
        }
        self.entries.push_back((entry, rows));
        if self.entries.len() > MAX_ENTRIES {
            self.drop_oldest();
        }
        self.scroll_to(self.scroll);
    }

    fn drop_oldest(&mut self) {
        let Some((entry, rows)) = self.entries.pop_front() else {
            return;
        };
        self.rows -= rows.len();
        if let Entry::Message(line) = entry {
            self.cursors.remove(&line.cursor);
            if self.older != Older::Loading {
                self.older = self.oldest_cursor().map_or(Older::Unknown, Older::At);
            }
        }
    }

    fn replace(&mut self, line: ChatLine) {
        let place = self
            .entries
            .iter()
            .rposition(|(entry, _)| matches!(entry, Entry::Message(old) if old.cursor == line.cursor));
        let Some(place) = place else { return };
        let entry = Entry::Message(line);
        let rows = self.wrap(&entry);
        self.rows = self.rows - self.entries[place].1.len() + rows.len();
        self.entries[place] = (entry, rows);
        self.scroll_to(self.scroll);
    }

    fn oldest_cursor(&self) -> Option<String> {
        self.entries.iter().find_map(|(entry, _)| match entry {
            Entry::Message(line) => Some(line.cursor.clone()),
            Entry::Notice(_) | Entry::Error(_) => None,
        })
    }

    fn wrap(&self, entry: &Entry) -> Vec<String> {
        let text = match entry {
            Entry::Message(line) => format::message(line, &self.zone),
            Entry::Notice(text) => format!("* {}", format::clean(text)),
            Entry::Error(text) => format!("! {}", format::clean(text)),
        };
        let options = textwrap::Options::new(self.width.max(8)).subsequent_indent("  ");
        let mut rows: Vec<String> = textwrap::wrap(&text, options)
            .into_iter()
            .map(|row| row.into_owned())
            .collect();
        if rows.len() > MAX_ROWS {
            let more = rows.len() - MAX_ROWS + 1;
            rows.truncate(MAX_ROWS - 1);
            rows.push(format!("  … ({more} more rows)"));
        }
        rows
    }

    fn all_rows(&self) -> usize {
        self.rows + 1
    }

    fn highest(&self) -> usize {
        self.all_rows().saturating_sub(self.height)
    }

    fn scroll_to(&mut self, scroll: usize) {
        self.scroll = scroll.min(self.highest());
        if self.scroll == 0 {
            self.unseen = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::{line, page};

    fn list(width: usize, height: usize) -> Transcript {
        let mut list = Transcript::new(TimeZone::UTC);
        list.resize(width, height);
        list
    }

    fn shown(list: &Transcript) -> Vec<&str> {
        list.window().into_iter().map(|(_, _, row)| row).collect()
    }

    /// What follows `<Jan 01, 00:00> a: `.
    fn texts(list: &Transcript) -> Vec<&str> {
        shown(list)
            .into_iter()
            .filter_map(|row| row.split_once(": ").map(|(_, text)| text))
            .collect()
    }

    #[test]
    fn long_lines_wrap_with_an_indent() {
        let mut list = list(24, 5);
        list.message(line("1", "a", "one two three four"));
        list.notice("noted");
        assert_eq!(
            shown(&list),
            ["", "<Jan 01, 00:00> a: one", "  two three four", "* noted"]
        );
    }

    #[test]
    fn a_forged_second_line_does_not_look_like_a_message() {
        let mut list = list(60, 5);
        list.message(line("1", "a", "hi\n<Jan 01, 00:01> b: forged"));
        assert_eq!(shown(&list)[2], "  <Jan 01, 00:01> b: forged");
    }

    #[test]
    fn pages_go_on_top_once_and_in_order() {
        let mut list = list(60, 9);
        assert_eq!(list.start_loading(), Some(None));
        assert_eq!(list.start_loading(), None, "one page at a time");
        list.message(line("4", "a", "four"));
        list.prepend(page(&["2", "3", "4"], Some("2")));
        assert_eq!(texts(&list), ["text 2", "text 3", "four"]);
        assert_eq!(list.start_loading(), Some(Some("2".into())));
        assert_eq!(shown(&list)[0], "─ loading older messages ─");
        list.prepend(page(&["1"], None));
        assert_eq!(texts(&list), ["text 1", "text 2", "text 3", "four"]);
        assert_eq!(shown(&list)[0], "─ the history begins here ─");
        assert_eq!(list.start_loading(), None);
    }

    #[test]
    fn what_is_being_read_stays_in_place() {
        let mut list = list(60, 2);
        list.prepend(page(&["1", "2", "3", "4"], Some("1")));
        assert!(!list.up(1));
        assert_eq!(texts(&list), ["text 2", "text 3"]);
        list.message(line("5", "a", "new"));
        assert_eq!((texts(&list), list.unseen()), (vec!["text 2", "text 3"], 1));
        list.prepend(page(&["0"], None));
        assert_eq!(texts(&list), ["text 2", "text 3"]);
        list.down(9);
        assert_eq!((texts(&list), list.unseen()), (vec!["text 4", "new"], 0));
        assert!(list.up(99));
        assert_eq!(shown(&list)[0], "─ the history begins here ─");
    }

    #[test]
    fn a_message_that_comes_again_replaces_the_first() {
        let mut list = list(60, 3);
        list.message(ChatLine {
            outgoing: true,
            published: false,
            ..line("1", "a", "x")
        });
        assert_eq!(texts(&list), ["x (not sent)"]);
        list.message(ChatLine {
            outgoing: true,
            ..line("1", "a", "x")
        });
        assert_eq!(texts(&list), ["x"]);
    }

    #[test]
    fn the_list_is_bounded_and_knows_where_it_begins() {
        let mut list = list(60, 3);
        list.prepend(page(&["first"], None));
        for n in 0..MAX_ENTRIES {
            list.message(line(&n.to_string(), "a", "x"));
        }
        assert_eq!(list.entries.len(), MAX_ENTRIES);
        assert_eq!(list.older(), &Older::At("0".into()));
        assert_eq!(list.start_loading(), None);
        list.up(usize::MAX);
        assert_eq!(
            shown(&list)[0],
            "─ the list is full, older messages stay in the history ─"
        );
        assert_eq!(list.rows, MAX_ENTRIES);
    }

    #[test]
    fn one_message_cannot_fill_the_list() {
        let mut list = list(60, 2);
        list.message(line("1", "a", &"\n".repeat(8000)));
        assert_eq!(list.rows, MAX_ROWS);
        assert_eq!(shown(&list)[1], "  … (7802 more rows)");
    }

    #[test]
    fn a_smaller_window_shows_the_newest() {
        let mut list = list(60, 9);
        list.prepend(page(&["1", "2", "3"], None));
        list.resize(60, 2);
        assert_eq!(texts(&list), ["text 2", "text 3"]);
        list.resize(0, 0);
        assert!(shown(&list).is_empty());
    }

    #[test]
    fn a_page_that_failed_can_be_asked_for_again() {
        let mut list = list(60, 3);
        list.start_loading();
        list.loading_failed();
        assert_eq!(list.start_loading(), Some(None));
        list.prepend(page(&["7"], Some("7")));
        list.start_loading();
        list.loading_failed();
        assert_eq!(list.start_loading(), Some(Some("7".into())));
    }
}
