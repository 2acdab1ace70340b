//! Arguments of `trace`.

use super::CallArgs;
use clap::Args;

#[derive(Debug, Args)]
#[command(override_usage = "overhear trace [OPTIONS] <FILE>... [CALL]")]
#[command(after_help = "\
CALL is the row of a call in the output of `overhear calls`, from 1, or slowest: its tree is printed. -Y selects the tree of the \
first call that a filter matches. Without both, all trees are printed.

The cause of a call is certain if its request names it: traceparent, b3, X-B3-TraceId or X-Request-ID in a header, or \
traceparent in a comment of SQL. It is inferred if its client is the server of one call that contains it in time, or of calls that \
caused each other. Otherwise it is unknown. A star marks the critical path. docs/trace.md describes the rules.

Examples:
  overhear trace shop.pcap                 all trees
  overhear trace shop.pcap slowest         the tree of the slowest call
  overhear trace shop.pcap -Y 'status >= 500' -T html -o failed.html")]
pub(crate) struct TraceArgs {
    #[command(flatten)]
    pub(crate) call: CallArgs,
}
