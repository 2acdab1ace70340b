//! Tests of the library and of the program, in one program: it is built and linked once. The first line of each file
//! describes its tests.

mod addresses;
mod browse;
mod checks;
mod common;
mod dns;
mod docs;
mod echoes;
mod exchanges;
mod filter_passes;
mod filters;
mod filters_lazy;
mod fixtures;
mod fragments;
mod frames;
mod golden;
mod grpc;
mod grpc_logs;
mod house;
mod http2_logs;
mod http3;
mod http3_logs;
mod journey;
mod json;
mod link_layers;
mod nesting;
mod pairing;
mod program;
mod protocols;
mod qlog;
mod quic;
mod reassembly;
mod repeated_statements;
#[cfg(feature = "tui")]
mod screens;
mod secrets;
mod sequences;
mod sink;
mod source;
mod statement_logs;
mod streams;
#[cfg(feature = "tui")]
mod terminal;
mod threads;
mod tls_records;
mod trace;
mod usual_headers;
mod websocket_logs;
mod words;
