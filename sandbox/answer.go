package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
)

// answer is what a provider says to a request.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// saying makes an answer of a status and a value that becomes JSON.
func saying(status int, value any) answer {
	a := answer{status: status, header: http.Header{"Content-Type": {jsonType}}}
	body, err := json.Marshal(value)
	if err != nil {
		return answer{status: http.StatusInternalServerError}
	}
	a.body = body
	return a
}

// with adds a header.
func (a answer) with(name, value string) answer {
	if a.header == nil {
		a.header = http.Header{}
	}
	a.header.Set(name, value)
	return a
}

// write sends the answer as it is.
func (a answer) write(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a sender that has gone is no concern of a provider
}

// halve sends the beginning of the answer and closes.
func (a answer) halve(w http.ResponseWriter) {
	whole := fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nContent-Length: %d\r\n", a.status, http.StatusText(a.status), len(a.body))
	for name, values := range a.header {
		for _, value := range values {
			whole = fmt.Appendf(whole, "%s: %s\r\n", name, value)
		}
	}
	whole = append(append(whole, "\r\n"...), a.body...)
	conn := take(w)
	defer func() { _ = conn.Close() }()
	_, _ = conn.Write(whole[:len(whole)/2])
	if half, can := conn.(interface{ CloseWrite() error }); can {
		_ = half.CloseWrite()
	}
}

// reset breaks the connection so that the other side sees it broken.
func reset(w http.ResponseWriter) {
	conn := take(w)
	if tcp, is := conn.(*net.TCPConn); is {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// take takes the connection from the server. Where that cannot be done the
// request is aborted, which looks the same from outside.
func take(w http.ResponseWriter) net.Conn {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return conn
}

// bodyOf reads a request's body; whole is false where it is larger than limit.
func bodyOf(w http.ResponseWriter, r *http.Request, limit int64) (body []byte, whole bool) {
	reader := http.MaxBytesReader(w, r.Body, limit)
	if n := r.ContentLength; n > 0 && n <= limit {
		body = make([]byte, n)
		_, err := io.ReadFull(reader, body)
		return body, err == nil
	}
	body, err := io.ReadAll(reader)
	return body, err == nil
}
