# What can be done here: make help. Each target first sees to what it needs, and says so only if something is missing.

CARGO   = PATH="$$PATH:$$HOME/.cargo/bin" cargo
LOGIN   = fixtures/http/post-login.pcap
SECONDS = 600
NEEDS   = @sh -eu -c "$$SETUP" setup
PREFIX  = $(HOME)/.cargo

.PHONY: help run test oracle lint bench fuzz fixtures docs protocols screenshots install

help:
	@echo 'make run        builds overhear and shows a recorded login: its frames, streams and calls'
	@echo 'make test       all tests; those of listening are run as root where there are iproute2, nginx, curl and tshark'
	@echo 'make oracle     compares overhear with tshark, field by field, on every capture'
	@echo 'make lint       formatting and clippy, warnings denied'
	@echo 'make bench      times overhear against tshark, tcpdump, ngrep, httpry and tcpflow, and measures its memory;'
	@echo '                as root, with iproute2 and tcpreplay, also what is lost when listening'
	@echo 'make fuzz       runs each fuzz target for SECONDS=$(SECONDS)'
	@echo 'make fixtures   records all fixtures again (Linux, as root)'
	@echo 'make docs       writes docs/fields.md anew, which is what the declarations of fields print'
	@echo 'make protocols  writes the names of the protocols that tshark knows to src/naming/protocols.txt'
	@echo 'make screenshots  draws the screens of tests/screens and of the README anew; read the difference'
	@echo 'make install    installs overhear to $(PREFIX)/bin; PREFIX=... for elsewhere'

run:
	$(NEEDS) cargo cc libpcap
	$(CARGO) build --release
	$(CARGO) run --quiet --release -- print $(LOGIN)
	$(CARGO) run --quiet --release -- streams $(LOGIN)
	$(CARGO) run --quiet --release -- calls $(LOGIN)

test:
	$(NEEDS) cargo cc libpcap
	$(CARGO) test --workspace --no-fail-fast

oracle:
	$(NEEDS) cargo cc libpcap tshark
	OVERHEAR_REQUIRE_TSHARK=1 $(CARGO) test --test oracle

lint:
	$(NEEDS) cargo cc libpcap
	$(CARGO) fmt --all --check
	PATH="$$PATH:$$HOME/.cargo/bin" rustfmt --check --edition 2024 tests/fuzz/src/*.rs tests/fuzz/fuzz_targets/*.rs
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	$(CARGO) check --quiet --manifest-path tests/fuzz/Cargo.toml

bench:
	$(NEEDS) cargo cc libpcap python3
	PATH="$$PATH:$$HOME/.cargo/bin" tests/bench/run

fuzz:
	$(NEEDS) cargo cc cargo-fuzz python3
	PATH="$$PATH:$$HOME/.cargo/bin" tests/fuzz/run $(SECONDS)

fixtures:
	$(NEEDS) python3
	if [ "$$(id -u)" = 0 ]; then fixtures/record; else sudo fixtures/record; fi

docs:
	$(NEEDS) cargo cc libpcap
	$(CARGO) run --quiet --release -- fields -T markdown -o docs/fields.md

# Only the names in display filters: the third column.
protocols:
	$(NEEDS) tshark
	{ tshark --version | sed -n '1s/^TShark (Wireshark) \([0-9.]*\).*/# Protocols of tshark \1 by their names in filters; made by make protocols/p'; \
	  tshark -G protocols | cut -f 3 | LC_ALL=C sort -u; } 2>/dev/null >src/naming/protocols.txt

screenshots:
	$(NEEDS) cargo cc libpcap
	OVERHEAR_BLESS=1 $(CARGO) test --test screens

install:
	$(NEEDS) cargo cc libpcap
	$(CARGO) install --locked --path . --root "$(PREFIX)"

# Looks for each thing that is named and installs what is missing: on Debian and Ubuntu with apt-get, elsewhere it says
# what to install. It is quiet when nothing is missing.
define SETUP
PATH="$$PATH:$$HOME/.cargo/bin"

say() { echo "setup: $$*" >&2; }
has() { command -v "$$1" >/dev/null 2>&1; }
fail() { say "$$*"; exit 1; }

# new_enough 1.88.0: whether this is a Rust that the project builds with (rust-version in Cargo.toml).
wanted=$$(sed -n 's/^rust-version *= *"\(.*\)"/\1/p' Cargo.toml)
new_enough() { echo "$$1 $$wanted" | awk '{ split($$1, is, "."); split($$2, least, ".");
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

# apt WORDS: apt-get as root, and its lists brought up to date once.
updated=
apt() {
  if [ "$$(id -u)" = 0 ]; then root=
  elif has sudo && [ -t 0 ]; then root=sudo
  elif has sudo; then root='sudo -n'
  else return 1
  fi
  if [ -z "$$updated" ]; then
    updated=1
    say "apt-get update"
    $$root apt-get update -qq || say "the lists of packages could not be brought up to date; trying with those there are"
  fi
  [ $$# = 0 ] || $$root env DEBIAN_FRONTEND=noninteractive apt-get "$$@" >/dev/null
}

# missing WHAT PACKAGES MACOS OTHERS: remembers what is to be installed.
what= packages= macos= others=
missing() {
  what="$$what$${what:+, }$$1"
  packages="$$packages$${packages:+ }$$2"
  case "; $$macos; " in *"; $$3; "*) ;; *) macos="$$macos$${macos:+; }$$3" ;; esac
  others="$$others$${others:+; }$$4"
}

# install: installs what is missing, all at once, or says what to install.
without=
install() {
  [ -n "$$packages" ] || return 0
  if has apt-get; then
    say "missing: $$what: apt-get install $$packages"
    apt install -y -qq --no-install-recommends $$packages ||
      fail "it could not be installed (it takes root and a network). Run this, then make again: sudo apt-get install $$packages$$without"
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
      say "rustup default stable"
      rustup --quiet default stable || fail "rustup could not install Rust (no network?)"
      return
    fi
  fi
  fail "cargo is missing. Install Rust $$wanted or newer with rustup, as https://rustup.rs says, and run make again"
}

for thing; do
  case $$thing in
  cargo)
    has cargo || cargo_missing
    ;;
  cc)
    has cc || missing "a C compiler (zstd and the linker need it)" "gcc libc6-dev" \
      "xcode-select --install" "gcc and the headers of the C library"
    ;;
  libpcap)
    links -lpcap || {
      missing "libpcap (for listening on interfaces)" "libpcap-dev" \
        "xcode-select --install" "libpcap-devel (Fedora), libpcap-dev (Alpine)"
      if has cc; then without=". Or build what needs no libpcap: cargo build --release --no-default-features"; fi
    }
    ;;
  tshark)
    has tshark || missing "tshark (what overhear is compared with)" "tshark" \
      "brew install wireshark" "wireshark-cli (Fedora), tshark (Alpine)"
    ;;
  python3)
    has python3 || missing "python3" "python3" "xcode-select --install" "python3"
    ;;
  cargo-fuzz)
    has c++ || missing "a C++ compiler (libFuzzer is built with it)" "g++" "xcode-select --install" "g++"
    ;;
  esac
done
install
for thing; do
  case $$thing in
  cargo)
    version=$$(cargo --version | cut -d ' ' -f 2)
    new_enough "$$version" ||
      fail "cargo is $$version; overhear needs $$wanted or newer: rustup update, or https://rustup.rs"
    ;;
  cargo-fuzz)
    has cargo-fuzz || { say "cargo-fuzz is missing: cargo install cargo-fuzz"; cargo install --quiet cargo-fuzz; }
    ;;
  esac
done
endef
export SETUP
