package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"rapport/campaigns"
	"rapport/store"
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

// postConsole sends a form to the program that has the folder, and gives back what was
// answered.
func (o *options) postConsole(ctx context.Context, client *http.Client, path string, form url.Values) (*http.Response, error) {
	holder, err := o.holder()
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, holder.Console+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "text/plain")
	request.Header.Set(folderWord, holder.Word)
	response, err := client.Do(request)
	if err != nil {
		return nil, unanswered(holder.Console, err)
	}
	return response, nil
}

// folderWord is the header by which a command shows a console that it means the folder
// of that console's program, and not whatever listens at the same address.
const folderWord = "Rapport-Folder"

// holder is the program that has the folder's store, where its console can be asked.
func (o *options) holder() (store.Holder, error) {
	c, _, err := o.load()
	if err != nil {
		return store.Holder{}, err
	}
	dsn := o.dsn(c)
	holder, err := store.HolderOf(dsn)
	if err != nil {
		return holder, err
	}
	if holder.Console == "" || holder.Word == "" {
		return holder, fmt.Errorf("%s %w, process %s, and that one has no console to ask: it is a command, is only starting, found the port of its console taken, or is of an older release; try again, or stop it",
			store.Place(dsn), store.ErrInUse, holder.Process)
	}
	return holder, nil
}

func unanswered(server string, err error) error {
	return fmt.Errorf("ask the running rapport at %s: %w; try again, or stop it if it has the folder", server, err)
}

// ofFolder serves whoever means this program's folder, or names none, as browsers do.
func ofFolder(word string, pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if given, asked := r.Header[folderWord]; asked && !slices.Equal(given, []string{word}) {
			http.Error(w, "this rapport has another folder than the one that is meant; nothing was done", http.StatusMisdirectedRequest)
			return
		}
		pages.ServeHTTP(w, r)
	})
}

// whyNot is what a console says that did not do what it was asked for.
func whyNot(response *http.Response) error {
	why, err := io.ReadAll(io.LimitReader(response.Body, 4096))
	if err != nil {
		return err
	}
	return errors.New(strings.TrimSpace(string(why)))
}

// askToApply sends files to the console of a running rapport, with the word of the folder
// that is meant; "" is whichever it has.
func askToApply(ctx context.Context, server, word string, files map[string][]byte, order campaigns.ApplyOptions) (done campaigns.Application, problems []campaigns.Problem, err error) {
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
	if word != "" {
		request.Header.Set(folderWord, word)
	}
	response, err := (&http.Client{Timeout: 2 * time.Minute}).Do(request)
	if err != nil {
		return done, nil, unanswered(server, err)
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
