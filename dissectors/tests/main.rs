//! The tests of protocols alone, in one program: it is built and linked once. What each file tests, its first line says.

mod common;
mod dns;
mod http;
mod http2;
mod layers;
mod mysql;
mod pgsql;
mod resp;
mod tls;
mod websocket;
