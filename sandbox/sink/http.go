package sink

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

// Paths at which a sink tells what it took.
const (
	PathCounts  = "/counts"   // JSON of Counts
	PathSamples = "/samples/" // and a kind: JSON of contents
)

// Paths at which providers are reached.
const (
	pathLetters = "/v3/mail/send"
	pathPush    = "/push/"
)

// ServeHTTP takes requests (HTTP/1.1, with a Content-Length, over connections
// that stay open and may pipeline) until the listener is closed.
func (s *Sink) ServeHTTP(listener net.Listener) error {
	return serve(listener, s.requests)
}

// requests answers what comes over one connection.
func (s *Sink) requests(conn net.Conn) error {
	in, out := bufio.NewReaderSize(conn, readAhead), bufio.NewWriterSize(conn, readAhead)
	var body []byte
	for number := 0; ; number++ {
		if in.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
		path, length, err := head(in)
		if err != nil {
			return err
		}
		if cap(body) < length {
			body = make([]byte, length)
		}
		body = body[:length]
		if _, err := io.ReadFull(in, body); err != nil {
			return err
		}
		if err := s.answer(out, path, body, number); err != nil {
			return err
		}
	}
}

// head reads a request line and its header, as far as they matter.
func head(in *bufio.Reader) (path string, length int, err error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return "", 0, err
	}
	_, rest, _ := bytes.Cut(line, []byte(" "))
	target, _, found := bytes.Cut(rest, []byte(" "))
	if !found {
		return "", 0, errors.New("no request line")
	}
	path = string(target)
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return "", 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			return path, length, nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte("content-length")):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil || length < 0 || length > 64<<20 {
				return "", 0, errors.New("a length nobody takes")
			}
		case bytes.EqualFold(name, []byte("transfer-encoding")):
			return "", 0, errors.New("a sink wants a Content-Length")
		}
	}
}

// answer counts one request and answers it as its provider does.
func (s *Sink) answer(out *bufio.Writer, path string, body []byte, number int) error {
	switch {
	case path == pathLetters:
		s.tallies[Letter].took(max(bytes.Count(body, []byte(`"to":[`)), 1), body)
		return respond(out, "202 Accepted", "X-Message-Id: sink-"+strconv.Itoa(number), "")
	case strings.HasSuffix(path, "/Messages.json"):
		s.tallies[Text].took(1, body)
		sid := fmt.Sprintf("SM%032x", s.tallies[Text].requests.Load())
		return respond(out, "201 Created", "Content-Type: application/json", `{"sid":"`+sid+`","status":"queued","num_segments":"1"}`)
	case strings.HasPrefix(path, pathPush):
		s.tallies[Push].took(1, body)
		return respond(out, "201 Created", "Location: https://push.example/m/"+strconv.Itoa(number), "")
	case path == PathCounts:
		return respondJSON(out, s.Counts())
	case strings.HasPrefix(path, PathSamples):
		kept := s.tallies[Kind(strings.TrimPrefix(path, PathSamples))]
		if kept == nil {
			return respond(out, "404 Not Found", "X-Sink: no such kind", "")
		}
		return respondJSON(out, kept.samples())
	}
	s.tallies[Callback].took(1, body)
	return respond(out, "204 No Content", "", "")
}

func respondJSON(out *bufio.Writer, value any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return respond(out, "200 OK", "Content-Type: application/json", string(raw))
}

func respond(out *bufio.Writer, status, field, body string) error {
	_, _ = out.WriteString("HTTP/1.1 " + status + "\r\n") // a bufio.Writer keeps its first error
	if field != "" {
		_, _ = out.WriteString(field + "\r\n")
	}
	if status != "204 No Content" {
		_, _ = out.WriteString("Content-Length: " + strconv.Itoa(len(body)) + "\r\n")
	}
	_, _ = out.WriteString("\r\n")
	_, err := out.WriteString(body)
	return err
}
