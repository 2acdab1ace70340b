//! The status line at the bottom of the terminal, as tmux shows it.

use crate::lab::{CABLE, Lab, SERVER, text};
use crate::replay::Load;
use crate::running::until;

/// A terminal of 100 columns with a shell in the server's namespace. It ends when this is dropped.
struct Terminal<'a> {
    lab: &'a Lab,
    socket: String,
}

impl Terminal<'_> {
    fn new<'a>(lab: &'a Lab, command: &str) -> Terminal<'a> {
        let terminal = Terminal { lab, socket: lab.file("tmux") };
        terminal.tmux(&["-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", command]);
        terminal
    }

    fn tmux(&self, words: &[&str]) -> String {
        let output = self.lab.server("tmux").args(["-S", &self.socket]).args(words).output().expect("tmux runs");
        text(&output.stdout)
    }

    fn screen(&self) -> Vec<String> {
        self.tmux(&["capture-pane", "-p"]).lines().map(str::to_owned).filter(|line| !line.is_empty()).collect()
    }

    fn shows(&self, what: &str, holds: impl Fn(&[String]) -> bool) -> Vec<String> {
        let mut screen = Vec::new();
        until(what, || {
            screen = self.screen();
            holds(&screen)
        });
        screen
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

fn is_status(line: &str) -> bool {
    line.contains(" captured, ") && line.contains(" waiting; dropped: 0 by kernel, 0 by interface, 0 by overhear")
}

#[test]
fn rows_and_the_status_line_share_a_terminal() {
    let Some(lab) = Lab::new("the status line", &["tmux", "nginx", "curl"]) else { return };
    let _nginx = lab.nginx(&[80]);
    let program = env!("CARGO_BIN_EXE_overhear");
    let terminal = Terminal::new(&lab, &format!("{program} calls -i {CABLE}; echo code $?; cat"));
    terminal.shows("a status line", |screen| screen.last().is_some_and(|line| is_status(line)));
    for nth in 1..=5 {
        lab.curl(&[&format!("http://{SERVER}/?nth={nth}")]);
        let screen = terminal.shows("the row above the line", |screen| {
            screen.last().is_some_and(|line| is_status(line))
                && screen.iter().any(|line| line.contains(&format!("nth={nth}")))
        });
        assert_eq!(screen.iter().filter(|line| is_status(line)).count(), 1, "{screen:#?}");
    }
    terminal.tmux(&["send-keys", "C-c"]);
    let screen = terminal.shows("an end", |screen| screen.last().is_some_and(|line| line == "code 0"));
    let rows: Vec<&String> = screen.iter().filter(|line| line.contains("nth=")).collect();
    assert_eq!(rows.len(), 5, "{screen:#?}");
    assert!(!screen.iter().any(|line| is_status(line)), "the line stayed: {screen:#?}");
    let summary = &screen[screen.len() - 2];
    let before = summary.trim_start_matches("^C");
    assert!(before.starts_with("overhear: veth0: ") && summary.ends_with("0 by overhear"), "{screen:#?}");
}

#[test]
fn the_status_line_counts_while_rows_go_elsewhere() {
    let Some(lab) = Lab::new("the status line alone", &["tmux"]) else { return };
    let program = env!("CARGO_BIN_EXE_overhear");
    let terminal = Terminal::new(&lab, &format!("{program} print -i {CABLE} > rows; echo code $?; cat"));
    terminal.shows("a status line", |screen| screen.last().is_some_and(|line| line.starts_with("0 frames captured, ")));
    lab.sends(Load { first: 1, packets: 1234, bytes: 100, per_second: 5000 });
    let wanted = "1234 frames captured, 0 waiting; dropped: 0 by kernel, 0 by interface, 0 by overhear";
    let screen = terminal.shows("a count", |screen| screen.last().is_some_and(|line| line == wanted));
    assert_eq!(screen.len(), 1, "{screen:#?}");
    terminal.tmux(&["send-keys", "C-c"]);
    terminal.shows("an end", |screen| screen.last().is_some_and(|line| line == "code 0"));
    let rows = std::fs::read_to_string(lab.path("rows")).expect("rows");
    assert_eq!(rows.lines().count(), 1234);
}
