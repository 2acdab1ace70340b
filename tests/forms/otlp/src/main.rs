//! Reads files of OTLP JSON with the crate opentelemetry-proto. Prints the number of spans and events, or the error of a file.

use opentelemetry_proto::tonic::trace::v1::TracesData;
use std::process::ExitCode;

fn main() -> ExitCode {
    let (mut spans, mut events, mut has_errors) = (0, 0, false);
    for path in std::env::args().skip(1) {
        let read = std::fs::read_to_string(&path).map_err(|error| error.to_string());
        let parse = |text: String| serde_json::from_str::<TracesData>(&text).map_err(|error| error.to_string());
        match read.and_then(parse) {
            Ok(data) => {
                let scopes = data.resource_spans.iter().flat_map(|resource| &resource.scope_spans);
                for span in scopes.flat_map(|scope| &scope.spans) {
                    spans += 1;
                    events += span.events.len();
                    let is_sound = span.trace_id.len() == 16
                        && span.span_id.len() == 8
                        && [0, 8].contains(&span.parent_span_id.len())
                        && span.start_time_unix_nano > 0
                        && span.start_time_unix_nano <= span.end_time_unix_nano;
                    if !is_sound {
                        println!("PROBLEM {path}: span {}: identifiers or times", span.name);
                        has_errors = true;
                    }
                }
            }
            Err(error) => {
                println!("PROBLEM {path}: {error}");
                has_errors = true;
            }
        }
    }
    println!("OTLP by opentelemetry-proto (Rust): {spans} spans with {events} events");
    if has_errors { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
