//! The bodies that channels get.
//!
//! Owns the forms of Slack and Teams, and what their markup could misread. Must never word anything itself.

use serde_json::{Value, json};

use super::facts::{NoticeFacts, NoticeWords};

/// Longest text of a section, in characters. Slack takes 3,000.
const SECTION_CHARS_MAX: usize = 2_900;
/// Longest subject, in characters: more is not read at a glance.
const HEADER_CHARS_MAX: usize = 150;
/// Longest value of one line, in characters.
const VALUE_CHARS_MAX: usize = 300;

/// The body of a generic webhook: id, facts and the words.
pub(super) fn webhook_body(id: &str, facts: &NoticeFacts, words: &NoticeWords) -> Value {
    let mut body = json!(facts);
    let steps: Vec<Value> = words
        .next
        .iter()
        .map(|(what, command)| json!({ "what": what, "command": command }))
        .collect();
    body["id"] = json!(id);
    body["summary"] = json!(words.subject);
    body["next"] = json!(steps);
    body
}

/// The body of an incoming webhook of Slack.
pub(super) fn slack_body(words: &NoticeWords) -> Value {
    let subject = for_slack(&cut(&words.subject, HEADER_CHARS_MAX));
    let lines = words.lines.iter().map(|(label, value)| {
        format!("*{}:* {}", for_slack(label), for_slack(&cut(value, VALUE_CHARS_MAX)))
    });
    let next = words.next.iter().map(|(what, command)| {
        // A backtick would end the code.
        format!("{}:\n`{}`", for_slack(what), for_slack(command).replace('`', "'"))
    });
    let mut blocks = Vec::new();
    // No header block: it takes plain text, in which nothing can be escaped.
    let heading = format!("*{subject}*");
    for text in [heading, lines.collect::<Vec<_>>().join("\n"), next.collect::<Vec<_>>().join("\n")]
    {
        if !text.is_empty() {
            let text = cut(&text, SECTION_CHARS_MAX);
            blocks.push(json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } }));
        }
    }
    json!({ "text": subject, "blocks": blocks, "unfurl_links": false, "unfurl_media": false })
}

/// The body of a workflow of Teams: an Adaptive Card in a message.
pub(super) fn teams_body(words: &NoticeWords) -> Value {
    let facts: Vec<Value> = words
        .lines
        .iter()
        .map(|(label, value)| {
            json!({ "title": for_teams(label), "value": for_teams(&cut(value, VALUE_CHARS_MAX)) })
        })
        .collect();
    let mut body = vec![
        json!({
            "type": "TextBlock", "text": for_teams(&cut(&words.subject, HEADER_CHARS_MAX)),
            "weight": "Bolder", "size": "Medium", "wrap": true,
        }),
        json!({ "type": "FactSet", "facts": facts }),
    ];
    for (what, command) in &words.next {
        body.push(
            json!({ "type": "TextBlock", "text": format!("{}:", for_teams(what)), "wrap": true }),
        );
        body.push(json!({
            "type": "TextBlock", "text": for_teams(command), "fontType": "Monospace", "wrap": true,
        }));
    }
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": body,
            },
        }],
    })
}

/// The text of a mail.
pub(super) fn mail_text(words: &NoticeWords) -> String {
    let mut text = format!("{}\n\n", one_line(&words.subject));
    for (label, value) in &words.lines {
        text.push_str(&format!("{label}: {}\n", one_line(value)));
    }
    for (what, command) in &words.next {
        text.push_str(&format!("\n{what}:\n  {}\n", one_line(command)));
    }
    text
}

/// The three letters that Slack gives a meaning to; with them mentions and links are disarmed, too.
fn for_slack(text: &str) -> String {
    one_line(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Adaptive Cards read a part of Markdown. A name that has some must not become a link.
fn for_teams(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in one_line(text).chars() {
        if matches!(letter, '[' | ']' | '(' | ')' | '*' | '_' | '`' | '\\' | '#') {
            shown.push('\\');
        }
        shown.push(letter);
    }
    shown
}

/// The text without line breaks and control characters.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// At most so many characters.
fn cut(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max.saturating_sub(1)) {
        Some((at, letter)) if at + letter.len_utf8() < text.len() => format!("{}…", &text[..at]),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(subject: &str, value: &str) -> NoticeWords {
        NoticeWords {
            subject: subject.to_owned(),
            lines: vec![("Job".to_owned(), value.to_owned())],
            next: vec![("resume the run".to_owned(), "sortie resume R".to_owned())],
        }
    }

    #[test]
    fn slack_gets_text_and_blocks_within_its_limits() {
        let body = slack_body(&words(&"s".repeat(500), &"v".repeat(9_000)));
        let text = body["text"].as_str().expect("a text");
        assert_eq!(text.chars().count(), HEADER_CHARS_MAX);
        let blocks = body["blocks"].as_array().expect("blocks");
        assert_eq!(blocks.len(), 3);
        for block in blocks {
            assert_eq!(block["text"]["type"], "mrkdwn");
            assert!(block["text"]["text"].as_str().expect("a text").chars().count() <= 3_000);
        }
    }

    #[test]
    fn a_name_mentions_and_links_nothing() {
        let evil =
            "<!channel> & <https://evil.example|here>\nsecond `line` [x](https://evil.example)";
        let body = slack_body(&words(evil, evil)).to_string();
        assert!(!body.contains("<!") && !body.contains("<http"), "{body}");
        assert!(body.contains("&lt;!channel&gt; &amp;"), "{body}");
        let card = teams_body(&words(evil, evil));
        let shown = card["attachments"][0]["content"]["body"][0]["text"].as_str().expect("text");
        assert!(shown.contains("\\[x\\]\\(https"), "{shown}");
        assert!(!shown.contains('\n'), "{shown}");
    }

    #[test]
    fn teams_gets_a_card_in_a_message() {
        let body = teams_body(&words("done", "lock"));
        assert_eq!(body["type"], "message");
        let attachment = &body["attachments"][0];
        assert_eq!(attachment["contentType"], "application/vnd.microsoft.card.adaptive");
        assert_eq!(attachment["content"]["type"], "AdaptiveCard");
        assert_eq!(attachment["content"]["body"][1]["facts"][0]["value"], "lock");
    }

    #[test]
    fn a_mail_has_one_line_for_each_fact() {
        let text = mail_text(&words("a\r\nBcc: x@example.com", "b\nc"));
        assert_eq!(
            text,
            "a  Bcc: x@example.com\n\nJob: b c\n\nresume the run:\n  sortie resume R\n"
        );
    }

    #[test]
    fn a_text_is_cut_at_a_character() {
        assert_eq!(cut("éééé", 3), "éé…");
        assert_eq!(cut("ééé", 3), "ééé");
        assert_eq!(cut("", 3), "");
    }
}
