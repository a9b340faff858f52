package telemetry

import (
	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// sampler keeps a share of traces, each whole: who begins a trace decides for all
// who go on with it. What links a trace that is kept is kept as well, so that what
// comes back can be followed to what was sent.
func sampler(share float64) sdk.Sampler {
	roots := linked{otherwise: sdk.TraceIDRatioBased(share)}
	below := linked{otherwise: sdk.NeverSample()}
	return sdk.ParentBased(roots, sdk.WithRemoteParentNotSampled(below), sdk.WithLocalParentNotSampled(below))
}

// FollowsLinks is the attribute by which a span asks to be kept for its links.
const followsLinks = attribute.Key("rapport.follows_links")

// linked keeps what asks for it and links a trace that is kept.
type linked struct{ otherwise sdk.Sampler }

// ShouldSample implements sdk.Sampler.
func (l linked) ShouldSample(p sdk.SamplingParameters) sdk.SamplingResult {
	for _, a := range p.Attributes {
		if a.Key != followsLinks {
			continue
		}
		for _, link := range p.Links {
			if link.SpanContext.IsSampled() {
				return sdk.SamplingResult{Decision: sdk.RecordAndSample, Tracestate: trace.SpanContextFromContext(p.ParentContext).TraceState()}
			}
		}
	}
	return l.otherwise.ShouldSample(p)
}

// Description implements sdk.Sampler.
func (l linked) Description() string { return "Linked{" + l.otherwise.Description() + "}" }
