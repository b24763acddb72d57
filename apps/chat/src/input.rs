//! The input line: editing, and recalling what was entered before.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::{Input, InputRequest};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::limits::{MAX_INPUT_BYTES, MAX_RECALL};

/// The line being typed, and the lines entered before it.
#[derive(Debug, Default)]
pub struct InputLine {
    input: Input,
    entered: Vec<String>,
    /// Which entered line is shown; `None` for the one being typed.
    recalled: Option<usize>,
    /// What was being typed when recalling began.
    draft: String,
}

impl InputLine {
    /// The text as it stands.
    pub fn text(&self) -> &str {
        self.input.value()
    }

    /// The part that fits into `width` columns with the cursor in sight, and the cursor's column in it.
    pub fn window(&self, width: usize) -> (String, usize) {
        let scroll = self.input.visual_scroll(width.max(1) - 1);
        let mut left = 0;
        let mut shown = String::new();
        let mut used = 0;
        for grapheme in self.text().graphemes(true) {
            let columns = grapheme.width();
            if left < scroll {
                left += columns;
            } else if used + columns <= width {
                shown.push_str(grapheme);
                used += columns;
            } else {
                break;
            }
        }
        (shown, self.input.visual_cursor().saturating_sub(left))
    }

    /// Takes the line as entered and starts an empty one.
    pub fn enter(&mut self) -> String {
        let line = self.input.value_and_reset();
        self.recalled = None;
        if !line.trim().is_empty() && self.entered.last() != Some(&line) {
            self.entered.push(line.clone());
            if self.entered.len() > MAX_RECALL {
                self.entered.remove(0);
            }
        }
        line
    }

    /// Inserts text at the cursor, line breaks as spaces. `false`, and nothing changes, when it is too much.
    pub fn insert(&mut self, text: &str) -> bool {
        if self.text().len() + text.len() > MAX_INPUT_BYTES {
            return false;
        }
        let text = text.replace("\r\n", " ");
        let text: String = text
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let at = self.input.cursor();
        let mut value: Vec<char> = self.text().chars().collect();
        value.splice(at..at, text.chars());
        let cursor = at + text.chars().count();
        self.input = std::mem::take(&mut self.input)
            .with_value(value.into_iter().collect())
            .with_cursor(cursor);
        true
    }

    /// Lets a key edit the line. `None` when the key has no meaning here, else whether the line had room.
    pub fn key(&mut self, key: KeyEvent) -> Option<bool> {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let request = match key.code {
            KeyCode::Char(c) if !ctrl && !alt => return Some(self.insert(c.encode_utf8(&mut [0; 4]))),
            KeyCode::Up if key.modifiers.is_empty() => return Some(self.recall(Step::Older)),
            KeyCode::Down if key.modifiers.is_empty() => return Some(self.recall(Step::Newer)),
            KeyCode::Backspace | KeyCode::Char('w') if ctrl || alt => InputRequest::DeletePrevWord,
            KeyCode::Backspace => InputRequest::DeletePrevChar,
            KeyCode::Delete if ctrl => InputRequest::DeleteNextWord,
            KeyCode::Delete => InputRequest::DeleteNextChar,
            KeyCode::Left if ctrl || alt => InputRequest::GoToPrevWord,
            KeyCode::Right if ctrl || alt => InputRequest::GoToNextWord,
            KeyCode::Left => InputRequest::GoToPrevChar,
            KeyCode::Right => InputRequest::GoToNextChar,
            KeyCode::Home => InputRequest::GoToStart,
            KeyCode::End => InputRequest::GoToEnd,
            KeyCode::Char('a') if ctrl => InputRequest::GoToStart,
            KeyCode::Char('e') if ctrl => InputRequest::GoToEnd,
            KeyCode::Char('b') => InputRequest::GoToPrevWord,
            KeyCode::Char('f') => InputRequest::GoToNextWord,
            KeyCode::Char('d') if alt => InputRequest::DeleteNextWord,
            KeyCode::Char('u') if ctrl => InputRequest::DeleteFromStart,
            KeyCode::Char('k') if ctrl => InputRequest::DeleteTillEnd,
            KeyCode::Char('y') if ctrl => InputRequest::Yank,
            _ => return None,
        };
        self.input.handle(request);
        Some(true)
    }

    fn recall(&mut self, step: Step) -> bool {
        let place = match (step, self.recalled) {
            (Step::Older, None) => self.entered.len().checked_sub(1),
            (Step::Older, Some(place)) => Some(place.saturating_sub(1)),
            (Step::Newer, Some(place)) if place + 1 < self.entered.len() => Some(place + 1),
            (Step::Newer, _) => None,
        };
        if self.recalled.is_none() && place.is_some() {
            self.draft = self.text().to_owned();
        }
        let text = match (place, self.recalled) {
            (Some(place), _) => self.entered[place].clone(),
            (None, Some(_)) => std::mem::take(&mut self.draft),
            (None, None) => return true,
        };
        self.recalled = place;
        self.input = std::mem::take(&mut self.input).with_value(text);
        true
    }
}

enum Step {
    Older,
    Newer,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(line: &mut InputLine, code: KeyCode, modifiers: KeyModifiers) {
        assert_eq!(line.key(KeyEvent::new(code, modifiers)), Some(true));
    }

    fn typed(text: &str) -> InputLine {
        let mut line = InputLine::default();
        text.chars()
            .for_each(|c| press(&mut line, KeyCode::Char(c), KeyModifiers::NONE));
        line
    }

    #[test]
    fn keys_edit_the_line() {
        let mut line = typed("helo word");
        press(&mut line, KeyCode::Left, KeyModifiers::NONE);
        press(&mut line, KeyCode::Char('l'), KeyModifiers::NONE);
        press(&mut line, KeyCode::Left, KeyModifiers::CONTROL);
        press(&mut line, KeyCode::Left, KeyModifiers::NONE);
        press(&mut line, KeyCode::Left, KeyModifiers::NONE);
        press(&mut line, KeyCode::Char('l'), KeyModifiers::NONE);
        assert_eq!(line.text(), "hello world");
        press(&mut line, KeyCode::End, KeyModifiers::NONE);
        press(&mut line, KeyCode::Char('w'), KeyModifiers::CONTROL);
        assert_eq!(line.text(), "hello ");
        press(&mut line, KeyCode::Char('y'), KeyModifiers::CONTROL);
        assert_eq!(line.text(), "hello world");
        press(&mut line, KeyCode::Char('u'), KeyModifiers::CONTROL);
        assert_eq!(line.text(), "");
    }

    #[test]
    fn a_whole_emoji_goes_at_once() {
        let mut line = typed("a👩‍👩‍👧");
        press(&mut line, KeyCode::Backspace, KeyModifiers::NONE);
        assert_eq!(line.text(), "a");
    }

    #[test]
    fn arrows_recall_and_come_back_to_the_draft() {
        let mut line = typed("one");
        assert_eq!(line.enter(), "one");
        line.insert("two");
        line.enter();
        line.insert("two");
        line.enter();
        line.insert("dra");
        let mut seen = Vec::new();
        for code in [
            KeyCode::Up,
            KeyCode::Up,
            KeyCode::Up,
            KeyCode::Down,
            KeyCode::Down,
            KeyCode::Down,
        ] {
            press(&mut line, code, KeyModifiers::NONE);
            seen.push(line.text().to_owned());
        }
        assert_eq!(seen, ["two", "one", "one", "two", "dra", "dra"]);
    }

    #[test]
    fn a_paste_goes_in_at_the_cursor_as_one_line() {
        let mut line = typed("ac");
        press(&mut line, KeyCode::Left, KeyModifiers::NONE);
        assert!(line.insert("1\r\n2\x1b3"));
        assert_eq!(line.text(), "a1 2 3c");
        press(&mut line, KeyCode::Backspace, KeyModifiers::NONE);
        assert_eq!(line.text(), "a1 2 c");
    }

    #[test]
    fn the_line_has_an_end() {
        let mut line = InputLine::default();
        assert!(line.insert(&"a".repeat(MAX_INPUT_BYTES)));
        assert!(!line.insert("b"));
        assert_eq!(
            line.key(KeyEvent::new(KeyCode::Char('b'), KeyModifiers::NONE)),
            Some(false)
        );
        assert_eq!(line.text().len(), MAX_INPUT_BYTES);
    }

    #[test]
    fn a_long_line_scrolls_with_its_cursor() {
        let mut line = typed("abcdefghij");
        assert_eq!(line.window(20), ("abcdefghij".into(), 10));
        assert_eq!(line.window(5), ("ghij".into(), 4));
        press(&mut line, KeyCode::Home, KeyModifiers::NONE);
        assert_eq!(line.window(5), ("abcde".into(), 0));
        let wide = typed("日本語");
        assert_eq!(wide.window(4), ("語".into(), 2));
        assert_eq!(typed("a👩‍👩‍👧b").window(20), ("a👩‍👩‍👧b".into(), 4));
        assert_eq!(typed("a👩‍👩‍👧b").window(4), ("👩‍👩‍👧b".into(), 3));
    }
}
