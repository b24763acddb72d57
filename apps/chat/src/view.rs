//! The screen: messages, status bar, input line.

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Position, Rect},
    style::{Color, Modifier, Style},
    text::{Line, Span},
    widgets::Paragraph,
};
use unicode_width::UnicodeWidthStr;

use crate::{
    app::{App, count_peers},
    format,
    session::Module,
    transcript::Entry,
};

const PROMPT: &str = ">> ";

/// Draws everything. The list must have been fitted to the frame by an [`Event::Resize`](crate::Event::Resize).
pub fn draw(frame: &mut Frame<'_>, app: &App) {
    let rows = [Constraint::Min(0), Constraint::Length(1), Constraint::Length(1)];
    let [list, status, input] = Layout::vertical(rows).areas(frame.area());
    draw_list(frame, app, list);
    draw_status(frame, app, status);
    draw_input(frame, app, input);
}

fn draw_list(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let rows: Vec<Line<'_>> = app
        .transcript
        .window()
        .into_iter()
        .map(|(entry, n, row)| styled(entry, n, row))
        .collect();
    // Few messages stand at the bottom, where the next one comes.
    let missing = area
        .height
        .saturating_sub(rows.len().try_into().unwrap_or(u16::MAX));
    let area = Rect {
        y: area.y + missing,
        height: area.height - missing,
        ..area
    };
    frame.render_widget(Paragraph::new(rows), area);
}

fn styled<'a>(entry: Option<&Entry>, number: usize, row: &'a str) -> Line<'a> {
    let faint = Style::new().fg(Color::DarkGray);
    match entry {
        None => Line::styled(row, faint),
        Some(Entry::Notice(_)) => Line::styled(row, Style::new().fg(Color::Blue)),
        Some(Entry::Error(_)) => Line::styled(row, Style::new().fg(Color::Red)),
        Some(Entry::Message(_)) if number > 0 => Line::raw(row),
        Some(Entry::Message(message)) => {
            let (time, rest) = row.split_at_checked(format::TIME_LEN).unwrap_or((row, ""));
            let (nick, text) = rest
                .split_at_checked(rest.find(": ").unwrap_or(0))
                .unwrap_or(("", rest));
            let color = if message.outgoing {
                Color::Green
            } else {
                Color::Cyan
            };
            let nick = Span::styled(nick, Style::new().fg(color).add_modifier(Modifier::BOLD));
            Line::from(vec![Span::styled(time, faint), nick, Span::raw(text)])
        }
    }
}

fn draw_status(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let style = Style::new().add_modifier(Modifier::REVERSED);
    let mut parts: Vec<String> = app.modules.iter().map(module).collect();
    parts.extend(app.peers.map(count_peers));
    parts.push(format::clean(&app.nick));
    parts.retain(|part| !part.is_empty());
    frame.render_widget(
        Paragraph::new(format!(" {}", parts.join(" · "))).style(style),
        area,
    );

    if app.transcript.unseen() > 0 {
        let news = format!(" {} new below ", app.transcript.unseen());
        let width = u16::try_from(news.width()).unwrap_or(u16::MAX).min(area.width);
        let area = Rect {
            x: area.right() - width,
            width,
            ..area
        };
        frame.render_widget(
            Paragraph::new(news).style(style.add_modifier(Modifier::BOLD)),
            area,
        );
    }
}

fn module(module: &Module) -> String {
    match &*module.state {
        "ready" => format!("{} {}", module.name, module.version),
        state => format!("{} {} ({state})", module.name, module.version),
    }
}

fn draw_input(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let prompt = u16::try_from(PROMPT.len()).unwrap_or(0).min(area.width);
    let (text, column) = app.input.window(usize::from(area.width - prompt));
    frame.render_widget(Paragraph::new(format!("{PROMPT}{text}")), area);
    let column = u16::try_from(column).unwrap_or(u16::MAX);
    let x = area
        .x
        .saturating_add(prompt)
        .saturating_add(column)
        .min(area.right().saturating_sub(1));
    frame.set_cursor_position(Position::new(x, area.y));
}
