//! Arguments of `print`.

use super::{InputArgs, RunArgs};
use clap::{Args, ValueEnum};
use overhear::report::{Layout, Occurrence};

#[derive(Debug, Args)]
#[command(after_help = "\
Field names are Wireshark's; `overhear fields` lists them. Columns are fields too: _ws.col.protocol, _ws.col.info.

Settings of -E, as in tshark, for -T fields and csv: header=y|n, separator=/t|/s|C, occurrence=f|l|a, \
aggregator=,|/s|C, quote=d|s|n, bom=y|n, escape=y|n.

JSON values: numbers and booleans are native; durations are seconds; timestamps are UTC strings; bytes are \
{\"text\": ...} if they are printable text, else {\"bytes\": ...} in hexadecimal; a field with several values is an array.

Examples:
  overhear print login.pcap -V -c 10
  overhear print login.pcap -T fields -e frame.number -e tcp.stream -e http.request.uri -E header=y
  overhear print login.pcap -T ndjson -e ip.src -e http.host | jq .")]
pub(crate) struct PrintArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Output format [default: text; fields with -e]
    #[arg(short = 'T', value_name = "FORMAT")]
    pub(crate) format: Option<FrameFormat>,
    /// Field to print (repeatable)
    #[arg(short = 'e', value_name = "FIELD")]
    pub(crate) fields: Vec<String>,
    /// Layout setting of -T fields or csv (repeatable)
    #[arg(short = 'E', value_name = "NAME=VALUE", value_parser = parse_setting)]
    pub(crate) settings: Vec<LayoutSetting>,
    /// Print the detail tree of each frame
    #[arg(short = 'V')]
    pub(crate) details: bool,
    /// Print a hex dump of each frame
    #[arg(short = 'x')]
    pub(crate) bytes: bool,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FrameFormat {
    /// One line per frame; with -V its detail tree
    Text,
    /// Tab-separated values of the fields selected with -e
    Fields,
    /// Array of objects
    Json,
    /// One object per line
    Ndjson,
    /// Comma-separated values of the fields selected with -e, or of the columns
    Csv,
}

/// Layout setting of `-E`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LayoutSetting {
    Header(bool),
    Separator(char),
    Occurrence(Occurrence),
    Aggregator(char),
    Quote(Option<char>),
    Bom(bool),
    Escape(bool),
}

impl LayoutSetting {
    /// Applies the setting to a layout.
    pub(crate) fn apply(self, layout: &mut Layout) {
        match self {
            LayoutSetting::Header(header) => layout.header = header,
            LayoutSetting::Separator(separator) => layout.separator = separator,
            LayoutSetting::Occurrence(occurrence) => layout.occurrence = occurrence,
            LayoutSetting::Aggregator(aggregator) => layout.aggregator = aggregator,
            LayoutSetting::Quote(quote) => layout.quote = quote,
            LayoutSetting::Bom(bom) => layout.bom = bom,
            LayoutSetting::Escape(escape) => layout.escape = escape,
        }
    }
}

/// Parses `name=value`.
fn parse_setting(text: &str) -> Result<LayoutSetting, String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE, such as header=y")?;
    let flag = || match value {
        "y" | "Y" => Ok(true),
        "n" | "N" => Ok(false),
        _ => Err(format!("{name}: expected y or n")),
    };
    let character = || match value {
        "/t" => Ok('\t'),
        "/s" => Ok(' '),
        _ => {
            let mut chars = value.chars();
            match (chars.next(), chars.next()) {
                (Some(char), None) => Ok(char),
                _ => Err(format!("{name}: expected one character, /t (tab) or /s (space)")),
            }
        }
    };
    Ok(match name {
        "header" => LayoutSetting::Header(flag()?),
        "bom" => LayoutSetting::Bom(flag()?),
        "escape" => LayoutSetting::Escape(flag()?),
        "separator" => LayoutSetting::Separator(character()?),
        "aggregator" => LayoutSetting::Aggregator(character()?),
        "occurrence" => LayoutSetting::Occurrence(match value {
            "f" => Occurrence::First,
            "l" => Occurrence::Last,
            "a" => Occurrence::All,
            _ => return Err("occurrence: expected f (first), l (last) or a (all)".into()),
        }),
        "quote" => LayoutSetting::Quote(match value {
            "d" => Some('"'),
            "s" => Some('\''),
            "n" => None,
            _ => return Err("quote: expected d (double quotes), s (single quotes) or n (none)".into()),
        }),
        _ => {
            let names = "header, separator, occurrence, aggregator, quote, bom, escape";
            return Err(format!("unknown setting {name}; expected one of {names}"));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_tshark_layout_settings() {
        assert_eq!(parse_setting("separator=/t"), Ok(LayoutSetting::Separator('\t')));
        assert_eq!(parse_setting("separator=,"), Ok(LayoutSetting::Separator(',')));
        assert_eq!(parse_setting("separator=="), Ok(LayoutSetting::Separator('=')));
        assert_eq!(parse_setting("aggregator=/s"), Ok(LayoutSetting::Aggregator(' ')));
        assert_eq!(parse_setting("quote=d"), Ok(LayoutSetting::Quote(Some('"'))));
        assert_eq!(parse_setting("occurrence=l"), Ok(LayoutSetting::Occurrence(Occurrence::Last)));
        assert!(
            parse_setting("separator=ab").is_err()
                && parse_setting("header").is_err()
                && parse_setting("foo=1").is_err()
        );
    }
}
