// Package telemetry shows operators what goes on: metrics for Prometheus, traces
// for OpenTelemetry, and trace ids in the log.
//
// It owns the names of metrics, spans and their attributes, and how they leave the
// process. It knows no rule of the house and imports nothing of ours: whoever does
// something tells it in its own words. What may be told is a closed list, so that
// no address, name or text of a customer can come into a metric or a span.
//
// A nil *Metrics and a nil *Traces are told everything and keep nothing.
package telemetry
