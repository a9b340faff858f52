package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"rapport/sandbox/sink"
)

// repeats is how often a bare client is measured; the middle one counts.
const repeats = 3

// middle runs something so often and gives the middle of its rates.
func middle(n int, run func() error) (perSecond float64, err error) {
	var rates [repeats]float64
	for i := range rates {
		began := time.Now()
		if err := run(); err != nil {
			return 0, err
		}
		rates[i] = float64(n) / time.Since(began).Seconds()
	}
	return max(min(rates[0], rates[1]), min(max(rates[0], rates[1]), rates[2])), nil
}

// bareMail pushes n ready-made messages into a mail server, as fast as a client can
// that waits for the server's word on each: the next one's envelope leaves with the
// content of the one before it (RFC 2920 §3.1).
func bareMail(address string, messages [][]byte, n, connections int) (perSecond float64, err error) {
	return middle(n, func() error {
		return onEach(connections, n, func(share int) error { return bareConversation(address, messages, share) })
	})
}

// onEach shares n out among connections that work at once.
func onEach(connections, n int, do func(share int) error) error {
	mistakes := make([]error, connections)
	var all sync.WaitGroup
	for c := range connections {
		share := n / connections
		if c < n%connections {
			share++
		}
		all.Go(func() { mistakes[c] = do(share) })
	}
	all.Wait()
	return errors.Join(mistakes...)
}

const bareEnvelope = "MAIL FROM:<bench@bench.example>\r\nRCPT TO:<b0000001@bench.example>\r\nDATA\r\n"

// answersTo an envelope: to MAIL, RCPT and DATA.
const answersToEnvelope = 3

func bareConversation(address string, messages [][]byte, n int) error {
	conn, err := net.Dial("tcp", address)
	if err != nil || n == 0 {
		return err
	}
	defer conn.Close() // all was answered
	in, out := bufio.NewReader(conn), bufio.NewWriterSize(conn, 64<<10)
	if _, err := conn.Write([]byte("EHLO bench\r\n")); err != nil {
		return err
	}
	if err := answers(in, 2); err != nil { // the greeting, and what EHLO says
		return err
	}
	for i := range n + 1 {
		expected := 0
		if i > 0 {
			_, _ = out.Write(messages[i%len(messages)]) // a bufio.Writer keeps its first error
			_, _ = out.WriteString("\r\n.\r\n")
			expected = 1
		}
		if i < n {
			_, _ = out.WriteString(bareEnvelope)
			expected += answersToEnvelope
		}
		if err := out.Flush(); err != nil {
			return err
		}
		if err := answers(in, expected); err != nil {
			return err
		}
	}
	return nil
}

// answers reads so many answers of a mail server, none of which may be a refusal.
func answers(in *bufio.Reader, n int) error {
	for n > 0 {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) < 4 || line[0] > '3' {
			return fmt.Errorf("the sink says %q", line)
		}
		if line[3] == ' ' {
			n--
		}
	}
	return nil
}

// bareRequests posts n ready-made bodies by the standard library's client.
func bareRequests(ctx context.Context, url string, header http.Header, bodies [][]byte, n, connections int) (perSecond float64, err error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}
	defer client.CloseIdleConnections()
	return middle(n, func() error {
		return onEach(connections, n, func(share int) error {
			for i := range share {
				if err := barePost(ctx, client, url, header, bodies[i%len(bodies)]); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

func barePost(ctx context.Context, client *http.Client, url string, header http.Header, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header = header
	answer, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("post: %w", err)
	}
	defer answer.Body.Close() // only read
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if answer.StatusCode >= 300 {
		return fmt.Errorf("a request was answered %s", answer.Status)
	}
	return nil
}

// floodConnections are as many as this machine needs to keep a sink busy.
const floodConnections = 4

// flood shows how much a sink takes by itself: it is sent everything without being
// waited for.
func (b *bench) flood(ctx context.Context, kind sink.Kind, one []byte, n int) (perSecond float64, err error) {
	address, opening := b.sink.SMTP, "EHLO flood\r\n"
	if kind != sink.Mail {
		address, opening = strings.TrimPrefix(b.sink.HTTP, "http://"), ""
	}
	return middle(n, func() error {
		before, err := b.sink.count(ctx, kind)
		if err != nil {
			return err
		}
		if err := onEach(floodConnections, n, func(share int) error { return pour(address, opening, one, share) }); err != nil {
			return err
		}
		after, err := b.sink.count(ctx, kind)
		if err == nil && after.Requests-before.Requests != int64(n) {
			err = fmt.Errorf("the sink took %d of %d", after.Requests-before.Requests, n)
		}
		return err
	})
}

// pour writes the same thing n times and waits until the server has hung up, which
// it does once it has read all.
func pour(address, opening string, one []byte, n int) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close() // all was read
	heard := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, conn)
		heard <- err
	}()
	const atOnce = 16
	many := bytes.Repeat(one, atOnce)
	if _, err := io.WriteString(conn, opening); err != nil {
		return err
	}
	for n > 0 {
		some := min(n, atOnce)
		if _, err := conn.Write(many[:some*len(one)]); err != nil {
			return err
		}
		n -= some
	}
	tcp, is := conn.(*net.TCPConn)
	if !is {
		return errors.New("a flood goes over TCP")
	}
	if err := tcp.CloseWrite(); err != nil {
		return err
	}
	return <-heard
}

// floodable is a message as it goes over the wire, for flood.
func floodable(kind sink.Kind, path string, content []byte) []byte {
	if kind == sink.Mail {
		return fmt.Appendf(nil, "%s%s\r\n.\r\n", bareEnvelope, content)
	}
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: sink\r\nContent-Length: %d\r\n\r\n%s", path, len(content), content)
}
