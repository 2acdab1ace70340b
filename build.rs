//! Checks for libpcap and, if it is missing, prints installation instructions instead of a linker error.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    for name in ["LIBPCAP_LIBDIR", "PKG_CONFIG_PATH", "RUSTC_LINKER"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    // Windows uses another library, found in other ways; docs.rs does not link.
    let is_set = |name| env::var_os(name).is_some();
    if !is_set("CARGO_FEATURE_LIVE") || !is_set("CARGO_CFG_UNIX") || is_set("DOCS_RS") {
        return;
    }
    let folder = env::var_os("LIBPCAP_LIBDIR").map(PathBuf::from);
    // When cross-compiling, this machine's linker cannot determine whether libpcap will be found.
    let found = match &folder {
        _ if env::var_os("TARGET") == env::var_os("HOST") => links_libpcap(folder.as_deref()),
        Some(folder) => contains_libpcap(folder),
        None => true,
    };
    if !found {
        print_instructions(folder.as_deref());
    }
}

/// Returns whether a program links with libpcap. If no program links at all, the linker is broken: also true.
fn links_libpcap(folder: Option<&Path>) -> bool {
    let mut options = folder_options(folder);
    options.push("-lpcap".into());
    can_link(&options) || !can_link(&[])
}

/// Returns the linker options of the `pcap` crate for libpcap's folder: `LIBPCAP_LIBDIR`, or the output of pkg-config.
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

/// Returns whether an empty program links with these options.
fn can_link(options: &[String]) -> bool {
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

/// Returns whether the folder has libpcap in any form: `.so`, `.a`, `.dylib`, `.tbd`.
fn contains_libpcap(folder: &Path) -> bool {
    ["so", "a", "dylib", "tbd"].iter().any(|form| folder.join("libpcap").with_extension(form).exists())
}

/// Prints installation instructions as build errors.
fn print_instructions(folder: Option<&Path>) {
    let problem = match folder {
        Some(folder) => {
            format!("libpcap not found in LIBPCAP_LIBDIR ({}) or the default folders", folder.display())
        }
        None => String::from("libpcap not found"),
    };
    let lines = [
        format!("{problem}. Live capture requires it. To install it:"),
        String::from("  Debian, Ubuntu   sudo apt-get install libpcap-dev"),
        String::from("  Fedora           sudo dnf install libpcap-devel"),
        String::from("  Alpine           sudo apk add libpcap-dev"),
        String::from("  macOS            xcode-select --install"),
        String::from(
            "or set LIBPCAP_LIBDIR to its folder, or build without live capture, which reads capture files only:",
        ),
        String::from("  cargo build --release --no-default-features"),
    ];
    for line in lines {
        println!("cargo::error={line}");
    }
}
