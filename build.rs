//! Says what to install when libpcap is missing, before the linker says it in its own words.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    for name in ["LIBPCAP_LIBDIR", "PKG_CONFIG_PATH", "RUSTC_LINKER"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    // Windows has another library and other ways to find it; docs.rs links nothing.
    let is_set = |name| env::var_os(name).is_some();
    if !is_set("CARGO_FEATURE_LIVE") || !is_set("CARGO_CFG_UNIX") || is_set("DOCS_RS") {
        return;
    }
    let folder = env::var_os("LIBPCAP_LIBDIR").map(PathBuf::from);
    // What another machine's linker will find cannot be asked of this one's.
    let found = match &folder {
        _ if env::var_os("TARGET") == env::var_os("HOST") => links(folder.as_deref()),
        Some(folder) => holds_libpcap(folder),
        None => true,
    };
    if !found {
        explain(folder.as_deref());
    }
}

/// Whether a program links with libpcap. Without a linker that links anything there is nothing to be said about libpcap.
fn links(folder: Option<&Path>) -> bool {
    let mut options = folder_options(folder);
    options.push("-lpcap".into());
    link(&options) || !link(&[])
}

/// Where the `pcap` crate tells the linker to look: `LIBPCAP_LIBDIR`, or what pkg-config says.
fn folder_options(folder: Option<&Path>) -> Vec<String> {
    if let Some(folder) = folder {
        return vec![format!("-L{}", folder.display())];
    }
    match Command::new("pkg-config").args(["--libs-only-L", "libpcap"]).stderr(Stdio::null()).output() {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).split_whitespace().map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether the linker makes a program of nothing but these options.
fn link(options: &[String]) -> bool {
    let Some(out) = env::var_os("OUT_DIR").map(PathBuf::from) else { return false };
    let source = out.join("probe.c");
    if std::fs::write(&source, "int main(void) { return 0; }\n").is_err() {
        return false;
    }
    let linker = env::var_os("RUSTC_LINKER").unwrap_or_else(|| "cc".into());
    let mut command = Command::new(linker);
    command.arg(&source).arg("-o").arg(out.join("probe")).args(options);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Whether the folder has a libpcap in any form: `.so`, `.a`, `.dylib`, `.tbd`.
fn holds_libpcap(folder: &Path) -> bool {
    ["so", "a", "dylib", "tbd"].iter().any(|form| folder.join("libpcap").with_extension(form).exists())
}

fn explain(folder: Option<&Path>) {
    let place = match folder {
        Some(folder) => {
            format!("libpcap was not found, neither in LIBPCAP_LIBDIR ({}) nor elsewhere", folder.display())
        }
        None => String::from("libpcap was not found"),
    };
    let lines = [
        format!("{place}. It is needed to listen on interfaces. Install it:"),
        String::from("  Debian, Ubuntu   sudo apt-get install libpcap-dev"),
        String::from("  Fedora           sudo dnf install libpcap-devel"),
        String::from("  Alpine           sudo apk add libpcap-dev"),
        String::from("  macOS            xcode-select --install"),
        String::from(
            "or set LIBPCAP_LIBDIR to the folder it is in, or build what reads capture files and needs no libpcap:",
        ),
        String::from("  cargo build --release --no-default-features"),
    ];
    for line in lines {
        println!("cargo::error={line}");
    }
}
