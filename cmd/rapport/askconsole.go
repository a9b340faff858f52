package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"rapport/campaigns"
	"rapport/config"
)

// askConsole sends one of the forms of a running program's console.
func (o *options) askConsole(ctx context.Context, path string, form url.Values) error {
	client := &http.Client{
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := o.postConsole(ctx, client, path, form)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusSeeOther {
		return nil
	}
	return whyNot(response)
}

// postConsole sends a form and gives back what was answered.
func (o *options) postConsole(ctx context.Context, client *http.Client, path string, form url.Values) (*http.Response, error) {
	c, _, err := o.load()
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, consoleURL(c)+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "text/plain")
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask the running rapport at %s: %w", consoleURL(c), err)
	}
	return response, nil
}

// whyNot is what a console says that did not do what it was asked for.
func whyNot(response *http.Response) error {
	why, err := io.ReadAll(io.LimitReader(response.Body, 4096))
	if err != nil {
		return err
	}
	return errors.New(strings.TrimSpace(string(why)))
}

// askToApply sends files to the console of a running rapport.
func askToApply(ctx context.Context, server string, files map[string][]byte, order campaigns.ApplyOptions) (done campaigns.Application, problems []campaigns.Problem, err error) {
	if err := onThisMachine(server); err != nil {
		return done, nil, err
	}
	body, err := json.Marshal(map[string]any{"files": files, "order": order})
	if err != nil {
		return done, nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(server, "/")+"/v1/workspace", bytes.NewReader(body))
	if err != nil {
		return done, nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/plain")
	response, err := (&http.Client{Timeout: 2 * time.Minute}).Do(request)
	if err != nil {
		return done, nil, fmt.Errorf("ask the running rapport at %s: %w", server, err)
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
		return done, nil, json.NewDecoder(response.Body).Decode(&done)
	case http.StatusUnprocessableEntity:
		var refused struct{ Problems []campaigns.Problem }
		err := json.NewDecoder(response.Body).Decode(&refused)
		return done, refused.Problems, err
	}
	why, err := io.ReadAll(io.LimitReader(response.Body, 4096))
	if err != nil {
		return done, nil, err
	}
	return done, nil, fmt.Errorf("the running rapport at %s: %s", server, strings.TrimSpace(string(why)))
}

// consoleURL is where the console of a `rapport up` with a configuration answers this
// machine.
func consoleURL(c config.Config) string {
	listen := c.Listen
	if apart := consoleApart(c); apart != "" {
		listen = apart
	}
	host, port, err := net.SplitHostPort(listen)
	if ip, parse := netip.ParseAddr(host); err == nil && (host == "" || parse == nil && ip.IsUnspecified()) {
		return "http://127.0.0.1:" + port
	}
	return "http://" + listen
}

// onThisMachine refuses a server whose console would not answer.
func onThisMachine(server string) error {
	address, err := url.Parse(server)
	if err != nil || address.Hostname() == "" {
		return fmt.Errorf("--server: %q is no URL such as http://127.0.0.1:8080", server)
	}
	host := address.Hostname()
	if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.IsLoopback()) {
		return fmt.Errorf("--server: the console of %s answers its own machine only; run this there, or through a tunnel to it", host)
	}
	return nil
}
