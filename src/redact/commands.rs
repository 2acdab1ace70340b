//! Secrets in commands and scripts: values of options, arguments of functions, and lines that set a variable.

use super::Redactor;
use super::forms::regex;
use super::named::{content_range, value_range};
use super::names::SecretKind;
use super::text::Spans;
use memchr::memmem::Finder;
use regex::bytes::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// What precedes a value: the value begins where the expression of the option ends.
struct CommandPattern {
    /// The command, in whose line and those that continue it the option is. `None` if it may be in any text.
    command: Option<Regex>,
    option: Regex,
    argument: Argument,
    /// A text with such a value has this word.
    word: Finder<'static>,
}

#[derive(Clone, Copy, Debug)]
enum Argument {
    /// A word is the value of the name in the first group.
    Named,
    /// The rest of the line is the value of the name in the first group.
    NamedLine,
    /// A text in quotes is the value of the name in the first group.
    NamedText,
    /// A word is a secret.
    Secret,
    /// What follows a sign in a word is a secret.
    After(u8),
    /// The first group is a secret.
    Group,
}

/// Expressions of a command, or none, and of an option, what the value is, and a word that a text with it has.
type Pattern = (&'static str, &'static str, Argument, &'static [u8]);

const PATTERNS: [Pattern; 29] = [
    ("", r"ConvertTo-SecureString\s+(?:-String\s+)?", Argument::Secret, b"ConvertTo-"),
    (r"\bnet\s+use\b", r"/user:\S+\s+", Argument::Secret, b"/user:"),
    // --password x, -password=x, "--password", "x".
    (
        "",
        r#"(?:\A|[\s"'`\[(,])--?([A-Za-z][\w\-.]{1,63})(?:=|["']?(?:[ \t]*[\\^`]\r?\n[ \t]*|[ \t]+|,[ \t]*))"#,
        Argument::Named,
        b"-",
    ),
    ("", r"(?:\A|\s)(?:-u|-U|--user|--proxy-user)(?:[ \t]*\\\r?\n[ \t]*|[ =]+)", Argument::After(b':'), b"-"),
    (r"\bcurl\b", r"\s-[A-Za-z]*?[uU][ =]*", Argument::After(b':'), b"curl"),
    (r"(?m)^[$#\s]*(?:https?|xh)\s", r"-a[ =]", Argument::After(b':'), b"-a"),
    (r"\bsmb\w+", r"\s(?:-U|--user)[ =]?", Argument::After(b'%'), b"smb"),
    (r"\b(?:mysql|mariadb|mongo|cqlsh|7z)", r"\s-p[ =]?", Argument::Secret, b"-p"),
    (r"\blogin\b", r"\s-p[ =]?", Argument::Secret, b"login"),
    (r"\bsshpass\b", r"\s-p[ =]?", Argument::Secret, b"sshpass"),
    (r"\bredis-cli\b", r"\s-a[ =]?", Argument::Secret, b"redis-cli"),
    (r"\bldap\w+", r"\s-w[ =]?", Argument::Secret, b"ldap"),
    (r"\b(?:zip|unzip|sqlcmd|bcp|mosquitto_\w+)\b", r"\s-P[ =]?", Argument::Secret, b"-P"),
    ("", r"-pass(?:in|out)?[ =]+pass:", Argument::Secret, b"pass:"),
    ("", r"\bvault\s+login\s+(?:-\S+\s+)*", Argument::Secret, b"vault"),
    ("", r"\bhtpasswd\s+-\w*n\w*\s+\S+\s+", Argument::Secret, b"htpasswd"),
    ("", r"\bhtpasswd\s+-\w*b\w*\s+\S+\s+\S+\s+", Argument::Secret, b"htpasswd"),
    ("", r"--from-literal[= ]+[^\s=]+=", Argument::Secret, b"--from-literal"),
    (r"\bsecrets?\s+set\b", r"\s(?:--body|-b)[ =]", Argument::Secret, b"secret"),
    ("", r"-stdin\s*<<<\s*", Argument::Secret, b"<<<"),
    (
        "",
        r#"\b(?:echo|printf)\s+(?:-\w\s+)?((?:"[^"\n]*"|'[^'\n]*'|[^\s|])+)\s*\|[^\n]*?(?:-stdin\b|--with-token\b|\bchpasswd\b|\bsudo\s+-S|\bpasswd\b)"#,
        Argument::Group,
        b"|",
    ),
    // ENV TOKEN x, setenv TOKEN x, proxy_set_header X-Token x, aws configure set aws_secret_access_key x.
    (
        "",
        concat!(
            r"(?im)(?:^|[;&|])[ \t]*(?:env|arg|setenv|setx|set(?:[ \t]+-\w+)+|set[ \t]+\$|(?:proxy|grpc)_set_header|",
            r"(?:fastcgi|uwsgi)_param|(?:request)?header[ \t]+set|",
            r"[a-z]+[ \t]+config(?:ure)?(?:[ \t]+(?:set|--\w+))*)[ \t]*([^\s=:][^\s=]*)[ \t]+"
        ),
        Argument::NamedLine,
        b" ",
    ),
    // #define TOKEN "x".
    ("", r"#[ \t]*define[ \t]+(\w{1,64})[ \t]+(?:\w+\()?[ \t]*", Argument::NamedText, b"define"),
    // The same of npm, whose names have a colon.
    ("", r"\bconfig\s+set\s+(//\S+)[ \t]+", Argument::NamedLine, b"config"),
    // setToken("x"), with_password("x"), password("x").
    ("", r"\b(?:set|with)_?([A-Za-z]\w{1,40})\(\s*", Argument::NamedText, b"("),
    (
        "",
        r"(?i)\b(password|passwd|pwd|token|secret|api_?key|access_?key|auth_?token|access_?token|credentials?)\(\s*",
        Argument::NamedText,
        b"(",
    ),
    // {:password "x"} of Clojure, and (:password . "x") of Lisp.
    ("", r":([A-Za-z][\w\-]{1,63})\s+(?:\.\s*)?", Argument::NamedText, b":"),
    // var_dump of PHP.
    ("", r#"\[["']?([\w.\-]{1,64})["']?\]\s*=>\s*string\([0-9]+\)\s+"#, Argument::NamedText, b"=>"),
    // setItem('token', 'x'), define("PASSWORD", "x"), ['token', 'x'].
    ("", r#"[(\[]\s*\\*["'`]([\w.$\-]{1,64})\\*["'`]\s*,\s*"#, Argument::NamedText, b","),
];

static COMMANDS: LazyLock<Vec<CommandPattern>> = LazyLock::new(|| {
    let compiled = PATTERNS.into_iter().map(|(command, option, argument, word)| {
        let command = if command.is_empty() { None } else { Some(regex(&format!("(?-u){command}"))?) };
        Some(CommandPattern { command, option: regex(&format!("(?-u){option}"))?, argument, word: Finder::new(word) })
    });
    compiled.flatten().collect()
});

impl Redactor {
    /// Adds the values of options and of arguments in a text.
    pub(super) fn add_commands(&self, text: &[u8], spans: &mut Spans) {
        let has_word = |pattern: &&CommandPattern| pattern.word.find(text).is_some();
        for pattern in COMMANDS.iter().filter(has_word) {
            let Some(command) = &pattern.command else {
                self.add_options(text, 0, pattern, spans);
                continue;
            };
            let mut at = 0;
            while let Some(found) = command.find_at(text, at) {
                at = line_end(text, found.end()).max(found.end());
                self.add_options(text.get(..at).unwrap_or_default(), found.end(), pattern, spans);
            }
        }
    }

    /// Adds the values of an option after a position.
    fn add_options(&self, text: &[u8], mut at: usize, pattern: &CommandPattern, spans: &mut Spans) {
        while let Some(groups) = pattern.option.captures_at(text, at) {
            let Some(all) = groups.get(0) else { break };
            // What ends one value may begin the next.
            at = all.end().max(at + 1);
            let name = groups.get(1);
            let found = match pattern.argument {
                Argument::Group => name.map(|group| (content_range(text, group.range()), SecretKind::Password)),
                Argument::Secret => option_word(text, at).map(|word| (word, SecretKind::Password)),
                Argument::After(sign) => option_word(text, at).and_then(|word| {
                    let sign = memchr::memchr(sign, text.get(word.clone())?)?;
                    Some((content_range(text, word.start + sign + 1..word.end), SecretKind::Password))
                }),
                Argument::Named | Argument::NamedText | Argument::NamedLine => name.and_then(|name| {
                    self.rule_of(name.as_bytes())?;
                    let value = match pattern.argument {
                        Argument::NamedText => text_range(text, at)?,
                        Argument::NamedLine => line_range(text, at),
                        _ => option_word(text, at)?,
                    };
                    let kind = self.kind_of(name.as_bytes(), text.get(value.clone())?)?;
                    Some((value, kind))
                }),
            };
            if let Some((value, kind)) = found {
                at = value.end.max(at);
                spans.push((value, kind));
            }
            if at > text.len() {
                break;
            }
        }
    }
}

/// Returns the place of a word that is no option.
fn option_word(text: &[u8], at: usize) -> Option<Range<usize>> {
    let first = *text.get(at)?;
    let is_value = !first.is_ascii_whitespace() && first != b'-';
    is_value.then(|| content_range(text, at..word_end(text, at))).filter(|word| !word.is_empty())
}

/// Returns the place of a text in quotes.
fn text_range(text: &[u8], at: usize) -> Option<Range<usize>> {
    let escapes = text.get(at..)?.iter().take_while(|&&byte| byte == b'\\').count();
    is_quote(*text.get(at + escapes)?).then(|| value_range(text, at, false, false))
}

/// Returns the place of the rest of a line, with the lines that it continues in.
fn line_range(text: &[u8], at: usize) -> Range<usize> {
    let own = text.get(at..line_end(text, at)).unwrap_or_default().trim_ascii_end();
    let own = own.strip_suffix(b";").unwrap_or(own);
    content_range(text, at..at + own.len())
}

/// Returns where a line ends, with the lines that it continues in.
fn line_end(text: &[u8], at: usize) -> usize {
    let mut end = at;
    loop {
        let rest = text.get(end..).unwrap_or_default();
        let len = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let is_continued = rest.get(..len).unwrap_or_default().trim_ascii_end().ends_with(b"\\");
        end += len;
        if !is_continued || end >= text.len() {
            return end;
        }
        end += 1;
    }
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

/// Returns where the word of a shell ends that begins at a position. It may have quotes, which have blanks in them.
fn word_end(text: &[u8], at: usize) -> usize {
    let mut end = at;
    while let Some(&byte) = text.get(end) {
        let before = end.checked_sub(1).and_then(|before| text.get(before)).copied().unwrap_or_default();
        match byte {
            b'\\' if text.get(end + 1).is_some_and(|&next| next == b'\\' || is_quote(next)) && end == at => {
                // In a text of a script, quotes have backslashes.
                let escapes = text.get(end..).unwrap_or_default().iter().take_while(|&&byte| byte == b'\\').count();
                if text.get(end + escapes).is_some_and(|&byte| is_quote(byte)) {
                    return (value_range(text, end, false, false).end + escapes + 1).min(text.len());
                }
                end += escapes;
            }
            b'\\' if matches!(text.get(end + 1), Some(b'\n' | b'\r') | None) => return end,
            b'\\' => end += 2,
            _ if byte.is_ascii_whitespace() => return end,
            _ if is_quote(byte) => {
                // A quote in a word begins a part of it, or ends a text around it.
                let is_begin = end == at || is_quote(before) || b":=,/@%$".contains(&before);
                let Some(close) = close(text, end, end == at).filter(|_| is_begin) else { return end.max(at + 1) };
                end = close + 1;
                let is_continued = |next: &u8| is_quote(*next) || *next == b'\\' || next.is_ascii_alphanumeric();
                if !text.get(end).is_some_and(is_continued) {
                    return end;
                }
            }
            _ => end += 1,
        }
    }
    end.min(text.len())
}

/// Returns where the text in quotes ends that begins at a position. If it has no end, its line is the text.
fn close(text: &[u8], at: usize, is_first: bool) -> Option<usize> {
    let quote = *text.get(at)?;
    let mut end = at + 1;
    while let Some(&byte) = text.get(end) {
        match byte {
            b'\\' if quote != b'\'' => end += 1,
            b'\n' if !is_first => return None,
            _ if byte == quote => return Some(end),
            _ => {}
        }
        end += 1;
    }
    let rest = text.get(at..).unwrap_or_default();
    is_first.then(|| at + memchr::memchr(b'\n', rest).unwrap_or(rest.len()) - 1)
}
