// Package webhook owns telling other systems: the signature they know us by
// (Standard Webhooks 1.0.0), where their URLs may point, and what their answers
// mean.
//
// It does not own what they are told (templates, workers) nor the callbacks
// that providers send to us (webhooks).
package webhook
