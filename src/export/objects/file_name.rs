//! Names of files made safe: whatever a server or a client named them.

use dissectors::format::is_printable;

/// Maximum bytes of a name, and of its extension.
const MAX_NAME: usize = 120;
const MAX_EXTENSION: usize = 16;

/// Name of a file without another.
const NAMELESS: &str = "object";

/// Names of devices in Windows, with any extension.
const DEVICES: [&str; 8] = ["con", "prn", "aux", "nul", "conin$", "conout$", "clock$", "config$"];

/// Characters that a name of Windows cannot have, and those with a meaning in a shell that begin a name.
const REPLACED: &str = "<>:\"/\\|?*";

/// Returns a name that is only a name, in every system and on every terminal: no path, no device, no hidden file, no option, and at
/// most 120 bytes.
pub(super) fn safe_name(wanted: &str) -> String {
    // The last component of a path of any system.
    let name = wanted.trim_end_matches(['/', '\\']);
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_allowed = |char: char| is_printable(char) && !char.is_whitespace() && !REPLACED.contains(char);
    let name: String = name
        .chars()
        .map(|char| match char {
            ' ' => ' ',
            char if is_allowed(char) => char,
            _ => '_',
        })
        .collect();
    // Windows removes dots and spaces at the end. A dot at the begin hides a file, a hyphen makes it an option.
    let name = name.trim_start_matches(['.', '-', ' ', '~']).trim_end_matches(['.', ' ']);
    let name = shortened(name);
    match name.as_str() {
        "" => NAMELESS.to_owned(),
        _ if is_device(&name) => format!("_{name}"),
        _ => name,
    }
}

/// Truncates a name at the limit, and keeps its extension.
fn shortened(name: &str) -> String {
    if name.len() <= MAX_NAME {
        return name.to_owned();
    }
    let extension = extension(name);
    let stem = name.get(..name.len() - extension.len()).unwrap_or_default();
    let stem = dissectors::format::prefix(stem, MAX_NAME - extension.len());
    format!("{}{extension}", stem.trim_end_matches(['.', ' ']))
}

/// Returns the extension of a name with its dot; empty if there is none, or if it is too long.
pub(super) fn extension(name: &str) -> &str {
    let dot = name.rfind('.').filter(|&dot| dot > 0);
    let extension = dot.and_then(|dot| name.get(dot..)).unwrap_or_default();
    if (2..=MAX_EXTENSION).contains(&extension.len()) { extension } else { "" }
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_lowercase();
    let is_port = ["com", "lpt"].iter().any(|port| {
        let number = stem.strip_prefix(port).unwrap_or_default();
        let mut digits = number.chars();
        matches!((digits.next(), digits.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
    });
    is_port || DEVICES.contains(&stem.as_str())
}

/// Returns a name with a number before its extension, so that it differs from others.
pub(super) fn numbered(name: &str, number: u64) -> String {
    let extension = extension(name);
    let stem = name.get(..name.len() - extension.len()).unwrap_or_default();
    format!("{stem}-{number}{extension}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names that servers and clients could send, to escape from the folder or to deceive.
    #[rustfmt::skip]
    const HOSTILE: [&str; 72] = [
        "../a", "../../etc/passwd", "/etc/passwd", "//etc//passwd", "..\\..\\a", "C:\\Windows\\a", "C:a", "\\\\server\\share\\a",
        "..", ".", "", " ", "...", "....//....//a", "a/..", "a/../", "a\\..\\", "/", "\\", "a/", "./a", "~/a", "~root/a", "~",
        ".bashrc", ".ssh/authorized_keys", "..a", "-rf", "--help", "- ", "-", "a\0b", "\0", "a\nb", "a\r\nb", "\x1b[2J", "\x1b]0;x\x07",
        "\u{9b}2J", "a\u{202e}gpj.exe", "\u{200b}", "\u{feff}a", "\u{2028}", "a\tb", "\u{7f}", "CON", "con.txt", "Con .txt", "NUL",
        "nul.tar.gz", "AUX.", "PRN ", "COM1", "com9.log", "LPT3", "COM¹", "CONIN$", "clock$.x", "a.", "a ", "a. . .", "a<b>c", "a:b",
        "a::$DATA", "a|b", "a?b*c", "a\"b", "%2e%2e%2fa", "..%2fa", "file:///etc/passwd", "manifest.json/../x", "a\u{0}.png/..\\",
        "\u{fffd}/\u{fffd}",
    ];

    #[test]
    fn no_name_leaves_the_folder_or_controls_a_terminal() {
        let folder = tempfile::tempdir().expect("a folder");
        let long = ["a".repeat(1000), format!("{}.png", "ä".repeat(500)), format!("a.{}", "x".repeat(400))];
        for wanted in HOSTILE.iter().copied().chain(long.iter().map(String::as_str)) {
            let name = safe_name(wanted);
            assert!(!name.is_empty() && name.len() <= MAX_NAME + 1, "{wanted:?} {name:?}");
            assert!(name.chars().all(|char| char == ' ' || is_printable(char)), "{wanted:?} {name:?}");
            assert!(!name.starts_with(['.', '-', '~', ' ']) && !name.ends_with(['.', ' ']), "{wanted:?} {name:?}");
            assert!(!name.contains(|char| REPLACED.contains(char)), "{wanted:?} {name:?}");
            assert!(!is_device(&name), "{wanted:?} {name:?}");
            let path = folder.path().join(&name);
            assert_eq!(path.parent(), Some(folder.path()), "{wanted:?} {name:?}");
            std::fs::write(&path, b"").expect("a name of a file");
            assert!(path.canonicalize().expect("a file").starts_with(folder.path().canonicalize().expect("a folder")));
            std::fs::remove_file(&path).expect("the file");
        }
    }

    #[test]
    fn plain_names_stay_and_extensions_are_kept() {
        for name in ["index.html", "Übersicht 2024.pdf", "a.tar.gz", "日本.png", "a_b-c.d"] {
            assert_eq!(safe_name(name), name);
        }
        assert_eq!(safe_name("../../x/report.pdf"), "report.pdf");
        let long = safe_name(&format!("{}.png", "a".repeat(500)));
        assert!(long.ends_with("a.png") && long.len() == MAX_NAME, "{long}");
        assert_eq!((numbered("a.png", 2), numbered("a", 3)), ("a-2.png".to_owned(), "a-3".to_owned()));
        assert_eq!((extension("a.tar.gz"), extension(".a"), extension("a.")), (".gz", "", ""));
    }
}
