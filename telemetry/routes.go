package telemetry

import (
	"net/http"
	"strconv"
)

// Routes counts and measures the requests that a mux serves, by the pattern that
// matched, which holds no token. What matches nothing is one route. A trace that a
// stranger's request names is not taken up: strangers do not decide what is kept.
func (m *Metrics) Routes(t *Traces, next http.Handler) http.Handler {
	if m == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := m.now()
		ctx, span := t.Start(r.Context(), "request")
		told := &teller{ResponseWriter: w, code: http.StatusOK}
		r = r.WithContext(ctx)
		defer func() {
			route := r.Pattern // the mux writes it into the request it was given
			if route == "" {
				route = "unmatched"
			}
			span.Route(route, told.code)
			span.End(nil)
			m.requests.WithLabelValues(route, strconv.Itoa(told.code)).Inc()
			observe(m.requestTime.WithLabelValues(route), m.now().Sub(began), keptTrace(ctx))
		}()
		next.ServeHTTP(told, r)
	})
}

// teller remembers what was answered.
type teller struct {
	http.ResponseWriter
	code int
}

func (t *teller) WriteHeader(code int) {
	t.code = code
	t.ResponseWriter.WriteHeader(code)
}

// Unwrap lets http.ResponseController reach what is underneath.
func (t *teller) Unwrap() http.ResponseWriter { return t.ResponseWriter }
