# `make help` lists the targets. Each target first checks its requirements and reports only what is missing.

CARGO   = PATH="$$PATH:$$HOME/.cargo/bin" cargo
LOGIN   = fixtures/http/post-login.pcap
SECONDS = 600
# Captures of other projects: a fresh clone has none, and no other target needs them.
CORPUS_DIR ?= ../shared/captures
NEEDS   = @sh -eu -c "$$SETUP" setup
PREFIX  = $(HOME)/.cargo

.PHONY: help run test corpus oracle forms datasets spark lint release bench instructions fuzz fixtures docs protocols screenshots install

help:
	@echo 'make run        build overhear, and print the frames, streams and calls of a recorded login'
	@echo 'make test       run all tests; those of live capture need root, iproute2, nginx, curl and tshark'
	@echo 'make corpus     the tests that read captures again on those of other projects, below CORPUS_DIR=$(CORPUS_DIR),'
	@echo '                and for all pairs of captures and filters: make test selects some'
	@echo 'make oracle     compare overhear with tshark, and with tshark 4.4, field by field, on every capture'
	@echo 'make forms      read journeys, traces and ladders with programs that know their forms: opentelemetry-proto,'
	@echo '                mermaid, html-validate and Chromium; those that are missing are skipped'
	@echo 'make datasets   read tables with DuckDB, Polars, pyarrow, pandas and Spark, and run the queries of docs/datasets.md'
	@echo 'make spark      test the job of contrib/spark in a cluster of two workers on this machine (docs/scale.md)'
	@echo 'make lint       check formatting and run clippy, with warnings denied'
	@echo 'make release    build overhear for speed, by a profile of its own runs: target/optimized/overhear, in two builds;'
	@echo '                for processors with AVX2 if this one has it, or for those of CPU: CPU=x86-64 for any'
	@echo 'make bench      compare speed and memory with tshark, tcpdump, ngrep, httpry and tcpflow;'
	@echo '                as root, with iproute2 and tcpreplay, also packet loss of live capture'
	@echo 'make instructions  count the instructions of commands with callgrind, and compare them with those recorded in'
	@echo '                tests/bench/instructions.tsv; part of make bench. RECORD=1 records them'
	@echo 'make fuzz       run each fuzz target for SECONDS=$(SECONDS)'
	@echo 'make fixtures   record all fixtures again (Linux, as root)'
	@echo 'make docs       regenerate docs/fields.md from the field declarations'
	@echo 'make protocols  write the names of tshark'\''s protocols and fields to src/naming/'
	@echo 'make screenshots  regenerate tests/screens and the screens of the README; read the difference'
	@echo 'make install    install overhear to $(PREFIX)/bin; PREFIX=... selects another folder'

run:
	$(NEEDS) cargo cc libpcap
	$(CARGO) build --profile quick
	$(CARGO) run --quiet --profile quick -- print $(LOGIN)
	$(CARGO) run --quiet --profile quick -- streams $(LOGIN)
	$(CARGO) run --quiet --profile quick -- calls $(LOGIN)

test:
	$(NEEDS) cargo cc libpcap
	$(CARGO) test --workspace --no-fail-fast

corpus:
	$(NEEDS) cargo cc libpcap
	test -d "$(CORPUS_DIR)" || { echo 'CORPUS_DIR: no folder $(CORPUS_DIR)' >&2; exit 1; }
	CORPUS_DIR="$(CORPUS_DIR)" OVERHEAR_ALL_PAIRS=1 $(CARGO) test --no-fail-fast --test all -- \
	  browse:: filter_passes:: filters_lazy:: nesting:: protocols:: source::oracle::

oracle:
	$(NEEDS) cargo cc libpcap tshark debootstrap
	export TSHARK44="$$(tests/oracle/tshark44 "$${CARGO_TARGET_DIR:-$(CURDIR)/target}")"; \
	OVERHEAR_REQUIRE_TSHARK=1 $(CARGO) test --test oracle

forms:
	$(NEEDS) cargo cc libpcap python3
	$(CARGO) build --profile quick
	tests/forms/run "$${CARGO_TARGET_DIR:-target}/quick/overhear"

# Engines are installed from PyPI, or skipped without it.
VENV = $${CARGO_TARGET_DIR:-$(CURDIR)/target}/python

datasets:
	$(NEEDS) cargo cc libpcap venv java tshark
	$(CARGO) build --profile quick
	test -x "$(VENV)/bin/python" || python3 -m venv "$(VENV)"
	for engine in duckdb polars pyarrow pandas 'pyspark>=4,<5'; do \
	  "$(VENV)/bin/pip" install --quiet --disable-pip-version-check "$$engine" || echo "SKIPPED $$engine: pip cannot install it"; done
	"$(VENV)/bin/python" tests/datasets/run "$${CARGO_TARGET_DIR:-target}/quick/overhear"

spark:
	$(NEEDS) cargo cc libpcap venv java
	$(CARGO) build --profile quick
	test -x "$(VENV)/bin/python" || python3 -m venv "$(VENV)"
	"$(VENV)/bin/pip" install --quiet --disable-pip-version-check 'pyspark>=4,<5'
	"$(VENV)/bin/python" tests/spark/run "$${CARGO_TARGET_DIR:-target}/quick/overhear"

lint:
	$(NEEDS) cargo cc libpcap
	@# cargo fmt does not find the modules that macros declare.
	PATH="$$PATH:$$HOME/.cargo/bin" rustfmt --check --edition 2024 $$(find build.rs src dissectors tests -name '*.rs' -not -path '*/target/*')
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	$(CARGO) clippy --test oracle --test browse_times --test screen_times -- -D warnings
	for features in "" live tui; do $(CARGO) clippy --quiet --no-default-features --features "$$features" -- -D warnings || exit 1; done
	$(CARGO) check --quiet --manifest-path tests/fuzz/Cargo.toml

release:
	$(NEEDS) cargo cc libpcap python3 profdata
	PATH="$$PATH:$$HOME/.cargo/bin" tests/bench/release $(if $(CPU),--cpu $(CPU))

bench: release
	PATH="$$PATH:$$HOME/.cargo/bin" tests/bench/run --overhear "$${CARGO_TARGET_DIR:-target}/optimized/overhear"

instructions:
	$(NEEDS) cargo cc libpcap python3 valgrind
	PATH="$$PATH:$$HOME/.cargo/bin" tests/bench/run --only instructions $(if $(RECORD),--record)

fuzz:
	$(NEEDS) cargo cc cargo-fuzz python3
	PATH="$$PATH:$$HOME/.cargo/bin" tests/fuzz/run $(SECONDS)

fixtures:
	$(NEEDS) python3
	if [ "$$(id -u)" = 0 ]; then fixtures/record; else sudo fixtures/record; fi

docs:
	$(NEEDS) cargo cc libpcap
	$(CARGO) run --quiet --profile quick -- fields -T markdown -o docs/fields.md

# The third column has the names in display filters.
protocols:
	$(NEEDS) tshark
	{ tshark --version | sed -n '1s/^TShark (Wireshark) \([0-9.]*\).*/# Protocols of tshark \1 by their names in display filters; generated by make protocols/p'; \
	  tshark -G protocols | cut -f 3 | LC_ALL=C sort -u; } 2>/dev/null >src/naming/protocols.txt
	$(CARGO) run --profile quick -- fields -T ndjson | sed 's/.*"name":"\([^"]*\)".*/\1/' | LC_ALL=C sort -u >target/fields.txt
	{ tshark --version | sed -n '1s/^TShark (Wireshark) \([0-9.]*\).*/# Fields of tshark \1 that overhear does not record, of the protocols that it reads; generated by make protocols/p'; \
	  tshark -G fields | awk -F '\t' 'NR == FNR { ours[$$1]; next } $$1 == "F" && !($$3 in ours) { split($$3, part, "."); if (part[1] in ours) print $$3 }' \
	  target/fields.txt - | LC_ALL=C sort -u; } 2>/dev/null >src/naming/fields.txt

screenshots:
	$(NEEDS) cargo cc libpcap
	OVERHEAR_BLESS=1 $(CARGO) test --test all -- screens::

install:
	$(NEEDS) cargo cc libpcap
	$(CARGO) install --locked --path . --root "$(PREFIX)"

# Checks the named requirements and installs what is missing: on Debian and Ubuntu with apt-get; elsewhere it prints what to
# install. Prints nothing if nothing is missing.
define SETUP
PATH="$$PATH:$$HOME/.cargo/bin"

log() { echo "setup: $$*" >&2; }
has() { command -v "$$1" >/dev/null 2>&1; }
fail() { log "$$*"; exit 1; }

# new_enough 1.88.0: whether the project builds with this version of Rust (rust-version in Cargo.toml).
required=$$(sed -n 's/^rust-version *= *"\(.*\)"/\1/p' Cargo.toml)
new_enough() { echo "$$1 $$required" | awk '{ split($$1, is, "."); split($$2, least, ".");
  exit !(is[1] > least[1] || is[1] == least[1] && is[2] + 0 >= least[2]) }'; }

# links -lpcap: whether the C compiler can link a program with these options.
links() {
  probe=$$(mktemp -d)
  echo 'int main(void) { return 0; }' >"$$probe/probe.c"
  status=0
  cc "$$probe/probe.c" -o "$$probe/probe" "$$@" >/dev/null 2>&1 || status=1
  rm -r "$$probe"
  return $$status
}

# apt ARGUMENTS: apt-get as root, after one apt-get update.
updated=
apt() {
  if [ "$$(id -u)" = 0 ]; then root=
  elif has sudo && [ -t 0 ]; then root=sudo
  elif has sudo; then root='sudo -n'
  else return 1
  fi
  if [ -z "$$updated" ]; then
    updated=1
    log "apt-get update"
    $$root apt-get update -qq || log "apt-get update failed; continuing with the existing package lists"
  fi
  [ $$# = 0 ] || $$root env DEBIAN_FRONTEND=noninteractive apt-get "$$@" >/dev/null
}

# missing WHAT PACKAGES MACOS OTHERS: adds packages to those to install.
what= packages= macos= others=
missing() {
  what="$$what$${what:+, }$$1"
  packages="$$packages$${packages:+ }$$2"
  case "; $$macos; " in *"; $$3; "*) ;; *) macos="$$macos$${macos:+; }$$3" ;; esac
  others="$$others$${others:+; }$$4"
}

# install: installs all missing packages at once, or prints what to install.
without=
install() {
  [ -n "$$packages" ] || return 0
  if has apt-get; then
    log "missing: $$what: apt-get install $$packages"
    apt install -y -qq --no-install-recommends $$packages ||
      fail "installation failed (it requires root and a network). Run this, then make again: sudo apt-get install $$packages$$without"
  elif [ "$$(uname)" = Darwin ]; then
    fail "missing: $$what. On macOS: $$macos$$without"
  else
    fail "missing: $$what. Install: $$others$$without"
  fi
}

# candidate PACKAGE: the version that apt would install, if any.
candidate() { apt-cache policy "$$1" | sed -n 's/^ *Candidate: *\([0-9][0-9.]*\).*/\1/p'; }

cargo_missing() {
  if has apt-get && apt; then
    version=$$(candidate cargo)
    if [ -n "$$version" ] && new_enough "$$version"; then
      missing "cargo" "cargo ca-certificates"
      return
    elif [ -n "$$(candidate rustup)" ]; then
      missing "rustup" "rustup ca-certificates"
      install
      packages=
      log "rustup default stable"
      rustup --quiet default stable || fail "rustup cannot install Rust (no network?)"
      return
    fi
  fi
  fail "cargo is missing. Install Rust $$required or later with rustup (https://rustup.rs), then run make again"
}

for thing; do
  case $$thing in
  cargo)
    has cargo || cargo_missing
    ;;
  cc)
    has cc || missing "a C compiler (for zstd and the linker)" "gcc libc6-dev" \
      "xcode-select --install" "gcc and the headers of the C library"
    ;;
  libpcap)
    links -lpcap || {
      missing "libpcap (for live capture)" "libpcap-dev" \
        "xcode-select --install" "libpcap-devel (Fedora), libpcap-dev (Alpine)"
      if has cc; then without=". Or build without libpcap: cargo build --release --no-default-features"; fi
    }
    ;;
  tshark)
    has tshark || missing "tshark (for the comparison)" "tshark" \
      "brew install wireshark" "wireshark-cli (Fedora), tshark (Alpine)"
    ;;
  debootstrap)
    # Optional: it installs tshark 4.4.
    if [ -z "$${TSHARK44:-}" ] && [ "$$(id -u)" = 0 ] && has apt-get && ! has debootstrap; then
      apt install -y -qq --no-install-recommends debootstrap || log "debootstrap is not installed"
    fi
    ;;
  profdata)
    # Optional: without it, `make release` builds without a profile.
    sysroot=$$(rustc --print sysroot 2>/dev/null) || sysroot=
    if has rustup && [ -z "$${LLVM_PROFDATA:-}$$(find "$$sysroot/lib/rustlib" -name llvm-profdata 2>/dev/null)" ]; then
      log "rustup component add llvm-tools"
      rustup --quiet component add llvm-tools || log "llvm-tools is not installed"
    elif ! has rustup && has apt-get && ! has llvm-profdata; then
      apt install -y -qq --no-install-recommends llvm || log "llvm is not installed"
    fi
    ;;
  valgrind)
    has valgrind || missing "valgrind" "valgrind" "valgrind, which macOS has not" "valgrind"
    ;;
  python3)
    has python3 || missing "python3" "python3" "xcode-select --install" "python3"
    ;;
  venv)
    python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || missing "python3 with venv" "python3 python3-venv" \
      "xcode-select --install" "python3 with the modules venv and ensurepip"
    ;;
  java)
    has java || missing "Java 17 (for Spark)" "default-jre-headless" "brew install openjdk@17" "java-17-openjdk-headless"
    ;;
  cargo-fuzz)
    has c++ || missing "a C++ compiler (for libFuzzer)" "g++" "xcode-select --install" "g++"
    ;;
  esac
done
install
for thing; do
  case $$thing in
  cargo)
    version=$$(cargo --version | cut -d ' ' -f 2)
    new_enough "$$version" ||
      fail "cargo is $$version; overhear requires $$required or later: rustup update, or https://rustup.rs"
    ;;
  cargo-fuzz)
    has cargo-fuzz || { log "cargo-fuzz is missing: cargo install cargo-fuzz"; cargo install --quiet cargo-fuzz; }
    ;;
  esac
done
endef
export SETUP
