package telemetry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collector takes spans by OTLP over HTTP. OpenTelemetry's own client of it brings
// gRPC along, of which every process of ours would have the start in memory.
type collector struct {
	url    string
	client http.Client
}

var _ otlptrace.Client = (*collector)(nil)

// exportTimeout bounds one request.
const exportTimeout = 10 * time.Second

func newCollector(endpoint string) *collector {
	return &collector{url: strings.TrimSuffix(endpoint, "/") + "/v1/traces", client: http.Client{Timeout: exportTimeout}}
}

// Start connects to nothing: the first spans do.
func (c *collector) Start(context.Context) error { return nil }

// Stop leaves the connections to end by themselves.
func (c *collector) Stop(context.Context) error { return nil }

// UploadTraces sends spans, once. Those that the collector does not take are lost.
func (c *collector) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	// On the wire a request to export is what a file of traces is.
	body, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil {
		return fmt.Errorf("write spans: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("send spans to telemetry.otlp: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	request.Header.Set("User-Agent", "rapport")
	answer, err := c.client.Do(request)
	if err != nil {
		return fmt.Errorf("send spans to telemetry.otlp: %w", err)
	}
	defer answer.Body.Close() // nothing more is wanted of it
	if answer.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("send spans to telemetry.otlp: the collector answered %s", answer.Status)
	}
	_, err = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // the connection is kept
	return err
}
