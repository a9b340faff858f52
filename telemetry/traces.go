package telemetry

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Traces follow work from what set it off to what came back. Its methods may be
// called by many at a time, and on nil.
type Traces struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// TraceOptions set traces up.
type TraceOptions struct {
	// Endpoint takes spans by OTLP over HTTP, such as http://127.0.0.1:4318.
	Endpoint string
	// Sample is the share of traces that are kept, 0 to 1.
	Sample        float64
	Version, Role string
}

// OpenTraces prepares to export spans. Nothing is connected before the first one
// leaves, and an endpoint that is away keeps nobody waiting: its spans are lost.
func OpenTraces(ctx context.Context, o TraceOptions) (*Traces, error) {
	exporter, err := otlptrace.New(ctx, newCollector(o.Endpoint))
	if err != nil {
		return nil, fmt.Errorf("open traces to telemetry.otlp: %w", err)
	}
	return newTraces(sdk.WithBatcher(exporter, sdk.WithBatchTimeout(time.Second)), o), nil
}

func newTraces(export sdk.TracerProviderOption, o TraceOptions) *Traces {
	provider := sdk.NewTracerProvider(export, sdk.WithSampler(sampler(o.Sample)), sdk.WithResource(resource.NewSchemaless(
		attribute.String("service.name", "rapport"), attribute.String("service.version", o.Version), attribute.String("service.instance.role", o.Role),
	)))
	return &Traces{provider: provider, tracer: provider.Tracer("rapport")}
}

// Close exports what is left, for a few seconds at most.
func (t *Traces) Close() error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return t.provider.Shutdown(ctx)
}

// Kept reports whether the trace that ctx belongs to is kept. Only then is there
// anything to remember of it.
func Kept(ctx context.Context) bool { return trace.SpanContextFromContext(ctx).IsSampled() }

// Start begins a span below that of ctx, or a trace where there is none. links are
// traces that it has to do with, as Mark wrote them.
func (t *Traces) Start(ctx context.Context, name string, links ...string) (context.Context, Span) {
	if t == nil {
		return ctx, Span{}
	}
	var options []trace.SpanStartOption
	if len(links) > 0 {
		options = append(options, trace.WithLinks(linksTo(links)...))
	}
	ctx, span := t.tracer.Start(ctx, name, options...)
	return ctx, Span{span}
}

// Return begins a span for what came back. It is kept wherever one of the traces
// that it links is kept, so that those can be followed to their end.
func (t *Traces) Return(ctx context.Context, name string, links ...string) (context.Context, Span) {
	if t == nil {
		return ctx, Span{}
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithLinks(linksTo(links)...), trace.WithAttributes(followsLinks.Bool(true)))
	return ctx, Span{span}
}

// Follow begins a span that goes on with the trace a mark names, and links what ctx
// belongs to.
func (t *Traces) Follow(ctx context.Context, name, mark string) (context.Context, Span) {
	if t == nil {
		return ctx, Span{}
	}
	here := trace.SpanContextFromContext(ctx)
	ctx, span := t.tracer.Start(fromMark(ctx, mark), name, trace.WithLinks(trace.Link{SpanContext: here}))
	return ctx, Span{span}
}

// mostLinks bounds what one span links; a batch may come from hundreds of traces.
const mostLinks = 32

func linksTo(marks []string) []trace.Link {
	marks = marks[:min(len(marks), mostLinks)]
	links := make([]trace.Link, 0, len(marks))
	for _, mark := range marks {
		links = append(links, trace.LinkFromContext(fromMark(context.Background(), mark)))
	}
	return links
}

// The W3C's header, which is also how a trace is marked in the database.
const header = "traceparent"

// Mark is how the trace of ctx is named elsewhere; "" where it is not kept.
func Mark(ctx context.Context) string {
	if !Kept(ctx) {
		return ""
	}
	return Headers(ctx)[header]
}

// Headers carry the trace of ctx to whoever takes a task; nil where there is none.
func Headers(ctx context.Context) map[string]string {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return nil
	}
	headers := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, headers)
	return headers
}

// FromHeaders goes on with the trace that came with a task.
func FromHeaders(ctx context.Context, headers map[string]string) context.Context {
	if headers[header] == "" {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier(headers))
}

func fromMark(ctx context.Context, mark string) context.Context {
	return FromHeaders(ctx, map[string]string{header: mark})
}

// Span is a part of a trace. The zero Span keeps nothing. What may be said of it is
// what its methods take: no address, no text, nothing of a customer's.
type Span struct{ span trace.Span }

// Recording reports whether anything said of the span is kept.
func (s Span) Recording() bool { return s.span != nil && s.span.IsRecording() }

// Outlet says by what messages leave.
func (s Span) Outlet(channel, provider string) {
	if s.Recording() {
		s.span.SetAttributes(attribute.String("rapport.channel", channel), attribute.String("rapport.provider", provider))
	}
}

// Count says how many of something the span is about: messages, entries, reports.
func (s Span) Count(what string, n int) {
	if s.Recording() {
		s.span.SetAttributes(attribute.Int("rapport."+what, n))
	}
}

// Route says what an HTTP request asked for and was answered.
func (s Span) Route(route string, code int) {
	if s.Recording() {
		s.span.SetName(route)
		s.span.SetAttributes(attribute.String("http.route", route), attribute.Int("http.response.status_code", code))
		if code >= 500 {
			s.span.SetStatus(codes.Error, "")
		}
	}
}

// Campaign says whose run or journey it is, by the campaign's id.
func (s Span) Campaign(id string) {
	if s.Recording() {
		s.span.SetAttributes(attribute.String("rapport.campaign", id))
	}
}

// End ends the span, as failed where err says so. The error itself stays in the
// log, where the trace's id stands beside it.
func (s Span) End(err error) {
	if s.span == nil {
		return
	}
	if err != nil {
		s.span.SetStatus(codes.Error, "see the log")
	}
	s.span.End()
}
