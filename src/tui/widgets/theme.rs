//! Colour themes: light and dark, for 16 colours, 256 colours and none.

use dissectors::Severity;
use dissectors::exchange::{Exchange, Outcome};
use ratatui::style::{Color, Modifier, Style};
use std::ffi::OsString;

/// Colour support of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColorDepth {
    /// No colours: bold and reverse only.
    None,
    /// The sixteen colours every terminal supports.
    Sixteen,
    /// All 256 colours or more.
    True,
}

/// Background of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Background {
    /// Black or dark.
    Dark,
    /// White or light.
    Light,
}

/// Style of each element of the screen.
#[derive(Clone, Debug)]
pub struct Theme {
    depth: ColorDepth,
    background: Background,
    pub(crate) text: Style,
    /// Secondary text.
    pub(crate) dim: Style,
    /// Status bar.
    pub(crate) bar: Style,
    /// Emphasis in the status bar.
    pub(crate) bar_strong: Style,
    /// Errors in the status bar.
    pub(crate) bar_bad: Style,
    pub(crate) tab: Style,
    pub(crate) tab_on: Style,
    /// Titles of columns and panes.
    pub(crate) head: Style,
    /// Title of the focused pane.
    pub(crate) head_on: Style,
    /// Cursor row of the focused pane.
    pub(crate) cursor: Style,
    /// Cursor row of other panes.
    pub(crate) cursor_off: Style,
    /// Name of a key.
    pub(crate) key: Style,
    /// Search hits, and bytes of the selected line.
    pub(crate) found: Style,
    pub(crate) good: Style,
    pub(crate) notice: Style,
    pub(crate) warn: Style,
    pub(crate) bad: Style,
    /// Names of methods, fields and protocols.
    pub(crate) name: Style,
    pub(crate) client: Style,
    pub(crate) server: Style,
    pub(crate) connect: Style,
    pub(crate) wait: Style,
    pub(crate) download: Style,
}

impl Theme {
    /// Returns the theme for a terminal.
    #[must_use]
    pub fn new(depth: ColorDepth, background: Background) -> Theme {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let reversed = plain.add_modifier(Modifier::REVERSED);
        let paint = Palette { depth, background };
        let blue = paint.color([39, 25], [Color::LightBlue, Color::Blue]);
        let cyan = paint.color([80, 30], [Color::Cyan, Color::Cyan]);
        let green = paint.color([114, 28], [Color::Green, Color::Green]);
        let yellow = paint.color([221, 130], [Color::Yellow, Color::Yellow]);
        let red = paint.color([203, 160], [Color::LightRed, Color::Red]);
        let violet = paint.color([176, 90], [Color::LightMagenta, Color::Magenta]);
        let gray = match depth {
            ColorDepth::None => plain.add_modifier(Modifier::DIM),
            _ => paint.color([245, 243], [Color::DarkGray, Color::DarkGray]),
        };
        let on = |color: [u8; 2], basic: Color, text: Style| match depth {
            ColorDepth::None => reversed,
            ColorDepth::Sixteen => text.bg(basic),
            ColorDepth::True => text.bg(Color::Indexed(color[background as usize])),
        };
        // With sixteen colours, bars are hard to see on the cursor's background.
        let bar = |many: [u8; 2], few: [Color; 2]| match depth {
            ColorDepth::Sixteen => paint.color(many, few).bg(Color::Reset),
            _ => paint.color(many, few),
        };
        let white = plain.fg(Color::White);
        let black = plain.fg(Color::Black);
        let on_bar = if background == Background::Dark || depth == ColorDepth::Sixteen { white } else { black };
        Theme {
            depth,
            background,
            text: plain,
            dim: gray,
            bar: on([236, 253], Color::Blue, on_bar),
            bar_strong: on([236, 253], Color::Blue, on_bar).add_modifier(Modifier::BOLD),
            bar_bad: match depth {
                ColorDepth::None => reversed.add_modifier(Modifier::BOLD),
                ColorDepth::Sixteen => white.bg(Color::Red),
                ColorDepth::True => on([236, 253], Color::Blue, on_bar).patch(paint.color([210, 124], [Color::Red; 2])),
            },
            tab: gray,
            tab_on: bold.patch(blue),
            head: gray,
            head_on: bold.patch(blue),
            cursor: on([24, 153], Color::Cyan, if depth == ColorDepth::Sixteen { black } else { on_bar }),
            cursor_off: match depth {
                ColorDepth::None => plain.add_modifier(Modifier::UNDERLINED),
                ColorDepth::Sixteen => bold.patch(cyan),
                ColorDepth::True => on_bar.bg(Color::Indexed([238, 252][background as usize])),
            },
            key: bold.patch(cyan),
            found: match depth {
                ColorDepth::None => reversed.add_modifier(Modifier::BOLD),
                _ => black.bg(Color::Yellow),
            },
            good: green,
            notice: cyan,
            warn: yellow,
            bad: if depth == ColorDepth::None { bold } else { red },
            name: blue,
            client: cyan,
            server: violet,
            connect: bar([117, 25], [Color::LightBlue, Color::Blue]),
            wait: bar([221, 130], [Color::Yellow; 2]),
            download: bar([114, 28], [Color::Green; 2]),
        }
    }

    /// Returns the theme for the variables `NO_COLOR`, `TERM`, `COLORTERM` and `COLORFGBG`.
    #[must_use]
    pub fn detect(variable: impl Fn(&str) -> Option<OsString>) -> Theme {
        let text = |name| variable(name).unwrap_or_default().to_string_lossy().into_owned();
        let depth = match (text("NO_COLOR").as_str(), text("TERM").as_str(), text("COLORTERM").as_str()) {
            ("", "dumb", _) => ColorDepth::None,
            ("", _, "truecolor" | "24bit") => ColorDepth::True,
            ("", _, _) => ColorDepth::Sixteen,
            _ => ColorDepth::None,
        };
        // Foreground and background; of the sixteen colours, 7 and 9 to 15 are light.
        let behind = text("COLORFGBG").rsplit(';').next().and_then(|color| color.parse::<u8>().ok());
        let background = if matches!(behind, Some(7 | 9..=15)) { Background::Light } else { Background::Dark };
        Theme::new(depth, background)
    }

    /// Returns whether the terminal has more than sixteen colours.
    pub(crate) fn has_256_colors(&self) -> bool {
        self.depth == ColorDepth::True
    }

    /// Returns the same theme for the other background.
    pub(crate) fn inverted(&self) -> Theme {
        Theme::new(self.depth, if self.background == Background::Dark { Background::Light } else { Background::Dark })
    }

    /// Returns the style of a severity.
    pub(crate) fn severity(&self, severity: Severity) -> Style {
        match severity {
            Severity::Chat => self.dim,
            Severity::Note => self.notice,
            Severity::Warn => self.warn,
            Severity::Error => self.bad,
        }
    }

    /// Returns the style of a call's status: by its code, or by the outcome if it has none.
    pub(crate) fn status(&self, exchange: &Exchange) -> Style {
        match (exchange.code, exchange.outcome) {
            (Some(100..=299), _) => self.good,
            (Some(300..=399), _) => self.notice,
            (Some(400..=499), _) => self.warn,
            (Some(_), _) => self.bad,
            (None, Outcome::Success) => self.good,
            (None, Outcome::ClientError) => self.warn,
            (None, _) => self.bad,
        }
    }

    /// Returns the style of a protocol name.
    pub(crate) fn protocol(&self, protocol: &str) -> Style {
        match protocol {
            "TCP" | "UDP" => self.dim,
            "HTTP" | "HTTP2" | "HTTP3" | "WebSocket" | "HTTP/JSON" | "HTTP/XML" => self.good,
            "QUIC" => self.server,
            name if name.starts_with("TLS") || name.starts_with("SSL") => self.server,
            "ARP" | "ICMP" | "ICMPv6" | "IGMP" => self.warn,
            _ => self.name,
        }
    }
}

struct Palette {
    depth: ColorDepth,
    background: Background,
}

impl Palette {
    /// Returns a foreground colour: of the 256 for dark and light, and of the sixteen for dark and light.
    fn color(&self, many: [u8; 2], few: [Color; 2]) -> Style {
        match self.depth {
            ColorDepth::None => Style::new(),
            ColorDepth::Sixteen => Style::new().fg(few[self.background as usize]),
            ColorDepth::True => Style::new().fg(Color::Indexed(many[self.background as usize])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(set: &[(&str, &str)]) -> (ColorDepth, Background) {
        let theme = Theme::detect(|name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into()));
        (theme.depth, theme.background)
    }

    #[test]
    fn colour_support_is_detected_from_variables() {
        assert_eq!(of(&[]), (ColorDepth::Sixteen, Background::Dark));
        assert_eq!(of(&[("COLORTERM", "truecolor")]), (ColorDepth::True, Background::Dark));
        assert_eq!(of(&[("COLORTERM", "truecolor"), ("NO_COLOR", "1")]), (ColorDepth::None, Background::Dark));
        assert_eq!(of(&[("NO_COLOR", "")]), (ColorDepth::Sixteen, Background::Dark));
        assert_eq!(of(&[("COLORFGBG", "0;15")]), (ColorDepth::Sixteen, Background::Light));
        assert_eq!(of(&[("COLORFGBG", "15;default;0")]), (ColorDepth::Sixteen, Background::Dark));
    }

    /// Returns the RGB parts of a colour of xterm's 256; of the sixteen, only those used here.
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

    /// Returns the contrast ratio of two colours, from 1 to 21 (WCAG 2.2).
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
    fn all_256_colour_styles_are_readable() {
        for (background, behind, text) in
            [(Background::Dark, Color::Black, Color::White), (Background::Light, Color::White, Color::Black)]
        {
            let theme = Theme::new(ColorDepth::True, background);
            let seen = |style: Style, on: Color| contrast(style.fg.unwrap_or(text), style.bg.unwrap_or(on));
            let Theme {
                dim,
                bar,
                bar_bad,
                tab_on,
                head,
                cursor,
                cursor_off,
                key,
                found,
                good,
                notice: fair,
                warn,
                bad,
                ..
            } = theme;
            let styles = [dim, bar, bar_bad, tab_on, head, cursor, cursor_off, key, found, good, fair, warn, bad];
            for style in styles.into_iter().chain([theme.name, theme.client, theme.server]) {
                assert!(seen(style, behind) >= 4.3, "{background:?} {style:?}: {}", seen(style, behind));
            }
            // Bars are also drawn on the cursor row.
            for bar in [theme.connect, theme.wait, theme.download] {
                let on = cursor.bg.expect("a colour");
                assert!(seen(bar, behind) >= 3.0 && seen(bar, on) >= 3.0, "{background:?} {bar:?}: {}", seen(bar, on));
            }
        }
    }

    #[test]
    fn a_theme_without_colours_has_attributes_only() {
        let theme = Theme::new(ColorDepth::None, Background::Dark);
        let all = format!("{theme:?}");
        assert!(!all.contains("fg: Some") && !all.contains("bg: Some"), "{all}");
    }
}
