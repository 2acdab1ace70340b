//! Colours: light and dark, of 16 colours, of true colour, and of none.

use dissectors::Severity;
use ratatui::style::{Color, Modifier, Style};
use std::ffi::OsString;

/// How many colours a terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// None: bold and reverse only.
    None,
    /// The sixteen that every terminal has.
    Sixteen,
    /// All.
    True,
}

/// What colour is behind the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Black, or nearly.
    Dark,
    /// White, or nearly.
    Light,
}

/// How each thing on the screen is painted.
#[derive(Clone, Debug)]
pub struct Theme {
    depth: Depth,
    tone: Tone,
    pub(crate) text: Style,
    /// What matters less.
    pub(crate) dim: Style,
    /// The line at the top.
    pub(crate) bar: Style,
    /// What in it stands out.
    pub(crate) bar_loud: Style,
    /// What in it is bad.
    pub(crate) bar_bad: Style,
    pub(crate) tab: Style,
    pub(crate) tab_on: Style,
    /// Titles of columns, and of panes.
    pub(crate) head: Style,
    /// The title of the pane that has the keys.
    pub(crate) head_on: Style,
    /// The row of the cursor, in the pane that has the keys.
    pub(crate) cursor: Style,
    /// The row of the cursor in another pane.
    pub(crate) cursor_off: Style,
    /// A key's name.
    pub(crate) key: Style,
    /// What was found, or belongs to what is chosen.
    pub(crate) found: Style,
    pub(crate) good: Style,
    pub(crate) fair: Style,
    pub(crate) warn: Style,
    pub(crate) bad: Style,
    /// Names: methods, fields, protocols.
    pub(crate) name: Style,
    pub(crate) client: Style,
    pub(crate) server: Style,
    pub(crate) connect: Style,
    pub(crate) wait: Style,
    pub(crate) download: Style,
}

impl Theme {
    /// The theme for a terminal.
    #[must_use]
    pub fn new(depth: Depth, tone: Tone) -> Theme {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let reversed = plain.add_modifier(Modifier::REVERSED);
        let paint = Paint { depth, tone };
        let blue = paint.color([39, 25], [Color::LightBlue, Color::Blue]);
        let cyan = paint.color([80, 30], [Color::Cyan, Color::Cyan]);
        let green = paint.color([114, 28], [Color::Green, Color::Green]);
        let yellow = paint.color([221, 130], [Color::Yellow, Color::Yellow]);
        let red = paint.color([203, 160], [Color::LightRed, Color::Red]);
        let violet = paint.color([176, 90], [Color::LightMagenta, Color::Magenta]);
        let gray = match depth {
            Depth::None => plain.add_modifier(Modifier::DIM),
            _ => paint.color([245, 243], [Color::DarkGray, Color::DarkGray]),
        };
        let on = |color: [u8; 2], basic: Color, text: Style| match depth {
            Depth::None => reversed,
            Depth::Sixteen => text.bg(basic),
            Depth::True => text.bg(Color::Indexed(color[tone as usize])),
        };
        // The cursor's colour is too much like theirs where there are few.
        let bar = |many: [u8; 2], few: [Color; 2]| match depth {
            Depth::Sixteen => paint.color(many, few).bg(Color::Reset),
            _ => paint.color(many, few),
        };
        let white = plain.fg(Color::White);
        let black = plain.fg(Color::Black);
        let over = if tone == Tone::Dark || depth == Depth::Sixteen { white } else { black };
        Theme {
            depth,
            tone,
            text: plain,
            dim: gray,
            bar: on([236, 253], Color::Blue, over),
            bar_loud: on([236, 253], Color::Blue, over).add_modifier(Modifier::BOLD),
            bar_bad: match depth {
                Depth::None => reversed.add_modifier(Modifier::BOLD),
                Depth::Sixteen => white.bg(Color::Red),
                Depth::True => on([236, 253], Color::Blue, over).patch(paint.color([210, 124], [Color::Red; 2])),
            },
            tab: gray,
            tab_on: bold.patch(blue),
            head: gray,
            head_on: bold.patch(blue),
            cursor: on([24, 153], Color::Cyan, if depth == Depth::Sixteen { black } else { over }),
            cursor_off: match depth {
                Depth::None => plain.add_modifier(Modifier::UNDERLINED),
                Depth::Sixteen => bold.patch(cyan),
                Depth::True => over.bg(Color::Indexed([238, 252][tone as usize])),
            },
            key: bold.patch(cyan),
            found: match depth {
                Depth::None => reversed.add_modifier(Modifier::BOLD),
                _ => black.bg(Color::Yellow),
            },
            good: green,
            fair: cyan,
            warn: yellow,
            bad: if depth == Depth::None { bold } else { red },
            name: blue,
            client: cyan,
            server: violet,
            connect: bar([117, 25], [Color::LightBlue, Color::Blue]),
            wait: bar([221, 130], [Color::Yellow; 2]),
            download: bar([114, 28], [Color::Green; 2]),
        }
    }

    /// The theme for the terminal that these variables describe: `NO_COLOR`, `TERM`, `COLORTERM`, `COLORFGBG`.
    #[must_use]
    pub fn of(variable: impl Fn(&str) -> Option<OsString>) -> Theme {
        let text = |name| variable(name).unwrap_or_default().to_string_lossy().into_owned();
        let depth = match (text("NO_COLOR").as_str(), text("TERM").as_str(), text("COLORTERM").as_str()) {
            ("", "dumb", _) => Depth::None,
            ("", _, "truecolor" | "24bit") => Depth::True,
            ("", _, _) => Depth::Sixteen,
            _ => Depth::None,
        };
        // Foreground and background; of the sixteen colours, 7 and 9 to 15 are light.
        let behind = text("COLORFGBG").rsplit(';').next().and_then(|color| color.parse::<u8>().ok());
        let tone = if matches!(behind, Some(7 | 9..=15)) { Tone::Light } else { Tone::Dark };
        Theme::new(depth, tone)
    }

    /// Whether the terminal has more than sixteen colours.
    pub(crate) fn has_many(&self) -> bool {
        self.depth == Depth::True
    }

    /// The same for the other background.
    pub(crate) fn turned(&self) -> Theme {
        Theme::new(self.depth, if self.tone == Tone::Dark { Tone::Light } else { Tone::Dark })
    }

    /// For how bad something is.
    pub(crate) fn severity(&self, severity: Severity) -> Style {
        match severity {
            Severity::Chat => self.dim,
            Severity::Note => self.fair,
            Severity::Warn => self.warn,
            Severity::Error => self.bad,
        }
    }

    /// For an answer's code.
    pub(crate) fn status(&self, status: u16) -> Style {
        match status {
            100..=299 => self.good,
            300..=399 => self.fair,
            400..=499 => self.warn,
            _ => self.bad,
        }
    }

    /// For the protocol of a frame.
    pub(crate) fn protocol(&self, protocol: &str) -> Style {
        match protocol {
            "TCP" | "UDP" => self.dim,
            "HTTP" | "HTTP2" | "WebSocket" | "HTTP/JSON" | "HTTP/XML" => self.good,
            name if name.starts_with("TLS") || name.starts_with("SSL") => self.server,
            "ARP" | "ICMP" | "ICMPv6" | "IGMP" => self.warn,
            _ => self.name,
        }
    }
}

struct Paint {
    depth: Depth,
    tone: Tone,
}

impl Paint {
    /// A colour of the 256 for dark and light, and of the sixteen for dark and light.
    fn color(&self, many: [u8; 2], few: [Color; 2]) -> Style {
        match self.depth {
            Depth::None => Style::new(),
            Depth::Sixteen => Style::new().fg(few[self.tone as usize]),
            Depth::True => Style::new().fg(Color::Indexed(many[self.tone as usize])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(set: &[(&str, &str)]) -> (Depth, Tone) {
        let theme = Theme::of(|name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into()));
        (theme.depth, theme.tone)
    }

    #[test]
    fn a_terminal_is_known_by_its_variables() {
        assert_eq!(of(&[]), (Depth::Sixteen, Tone::Dark));
        assert_eq!(of(&[("COLORTERM", "truecolor")]), (Depth::True, Tone::Dark));
        assert_eq!(of(&[("COLORTERM", "truecolor"), ("NO_COLOR", "1")]), (Depth::None, Tone::Dark));
        assert_eq!(of(&[("NO_COLOR", "")]), (Depth::Sixteen, Tone::Dark));
        assert_eq!(of(&[("COLORFGBG", "0;15")]), (Depth::Sixteen, Tone::Light));
        assert_eq!(of(&[("COLORFGBG", "15;default;0")]), (Depth::Sixteen, Tone::Dark));
    }

    /// The three parts of a colour of the 256, as xterm has it; of the sixteen only those that are used here.
    fn parts(color: Color) -> [u8; 3] {
        let of_cube = |part: u8| if part == 0 { 0 } else { 55 + part * 40 };
        match color {
            Color::Black => [0; 3],
            Color::White => [255; 3],
            Color::Yellow => [205, 205, 0],
            Color::Indexed(gray @ 232..) => [8 + 10 * (gray - 232); 3],
            Color::Indexed(of) => [(of - 16) / 36, (of - 16) / 6 % 6, (of - 16) % 6].map(of_cube),
            other => panic!("{other}"),
        }
    }

    /// How well one is seen on the other, from 1 to 21 (WCAG 2.2, contrast ratio).
    fn contrast(one: Color, other: Color) -> f64 {
        let luminance = |color| {
            let linear = |part: u8| match f64::from(part) / 255.0 {
                part if part <= 0.04045 => part / 12.92,
                part => ((part + 0.055) / 1.055).powf(2.4),
            };
            let [red, green, blue] = parts(color).map(linear);
            0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05
        };
        let (one, other) = (luminance(one), luminance(other));
        one.max(other) / one.min(other)
    }

    #[test]
    fn in_true_colour_everything_can_be_read() {
        for (tone, behind, text) in
            [(Tone::Dark, Color::Black, Color::White), (Tone::Light, Color::White, Color::Black)]
        {
            let theme = Theme::new(Depth::True, tone);
            let seen = |style: Style, on: Color| contrast(style.fg.unwrap_or(text), style.bg.unwrap_or(on));
            let Theme {
                dim, bar, bar_bad, tab_on, head, cursor, cursor_off, key, found, good, fair, warn, bad, ..
            } = theme;
            let words = [dim, bar, bar_bad, tab_on, head, cursor, cursor_off, key, found, good, fair, warn, bad];
            for style in words.into_iter().chain([theme.name, theme.client, theme.server]) {
                assert!(seen(style, behind) >= 4.3, "{tone:?} {style:?}: {}", seen(style, behind));
            }
            // Bars stand on the row of the cursor, too.
            for bar in [theme.connect, theme.wait, theme.download] {
                let on = cursor.bg.expect("a colour");
                assert!(seen(bar, behind) >= 3.0 && seen(bar, on) >= 3.0, "{tone:?} {bar:?}: {}", seen(bar, on));
            }
        }
    }

    #[test]
    fn without_colours_there_are_attributes_only() {
        let theme = Theme::new(Depth::None, Tone::Dark);
        let all = format!("{theme:?}");
        assert!(!all.contains("fg: Some") && !all.contains("bg: Some"), "{all}");
    }
}
