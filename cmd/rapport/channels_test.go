package main

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rapport/channels"
	"rapport/deliveries"
	"rapport/store"
)

func TestChannelsTellsHowProvidersDo(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	wants(t, 0, "in force", "apply", shopFolder, "--data", data)
	if out := wants(t, 0, "sendgrid", "channels", "--data", data); strings.Count(out, "up") < 5 || strings.Contains(out, "down") {
		t.Errorf("of a fresh installation:\n%s", out)
	}
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(data, "rapport.db"))
	if err != nil {
		t.Fatal(err)
	}
	change := func(out deliveries.Outlet, signs deliveries.Signs) {
		_, _, err := s.Outlets().Change(t.Context(), out, func(h deliveries.Health) deliveries.Health { return h.After(signs, time.Now()) })
		if err != nil {
			t.Fatal(err)
		}
	}
	change(deliveries.Outlet{Channel: channels.SMS, Provider: "twilio"}, deliveries.Signs{Refused: true, Detail: "twilio answered 401"})
	change(deliveries.Outlet{Channel: channels.Email, Provider: "sendgrid", Via: "hello@shop.example"}, deliveries.Signs{Limited: true, Wish: time.Minute})
	change(deliveries.Outlet{Channel: channels.Push, Provider: "vapid", Via: "well.example"}, deliveries.Signs{Well: 1})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	out := wants(t, 0, "sms/twilio is down: the provider refuses the account (twilio answered 401)", "channels", "--data", data)
	if !strings.Contains(out, "sendgrid via hello@shop.example") || !strings.Contains(out, "paused") || strings.Contains(out, "well.example") {
		t.Errorf("got\n%s", out)
	}
	var told struct {
		Outlets []struct{ Channel, Provider, Via, State, Why string }
	}
	if err := json.Unmarshal([]byte(wants(t, 0, "", "channels", "--data", data, "--format", "json")), &told); err != nil {
		t.Fatal(err)
	}
	states := map[string]string{}
	for _, o := range told.Outlets {
		states[o.Channel+o.Via] = o.State + " " + o.Why
	}
	if states["sms"] != "down unauthorized" || states["emailhello@shop.example"] != "paused " || states["call"] != "up " {
		t.Errorf("as JSON: %v", states)
	}
}

func TestTestModeIsLoud(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	wants(t, 1, "test_mode: nobody could be written to; list test_addresses", "up", "--test-mode", "--data", data)
	path := filepath.Join(t.TempDir(), "rapport.yaml")
	if err := os.WriteFile(path, []byte("test_mode: true\ntest_addresses: [qa@shop.example]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	wants(t, 0, "in force", "apply", shopFolder, "--data", data)
	for _, command := range []string{"status", "channels"} {
		wants(t, 0, "TEST MODE: messages leave only to the 1 test addresses", command, "--data", data, "--config", path)
	}
}

// A Redis that somebody else runs may drop what it is given.
func TestUpRefusesARedisThatWouldLoseTasks(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go answerOldRedis(connection)
		}
	}()
	t.Setenv("RAPPORT_REDIS", "redis://"+listener.Addr().String()+"?protocol=2")
	t.Setenv("RAPPORT_LISTEN", "127.0.0.1:0")
	wants(t, 1, "redis is version 5.0.0 and 6.2 or newer is needed", "up", "--data", filepath.Join(t.TempDir(), "data"))
}

// answerOldRedis speaks as a Redis that is too old.
func answerOldRedis(connection net.Conn) {
	defer connection.Close()
	buffer := make([]byte, 4096)
	for {
		n, err := connection.Read(buffer)
		if err != nil {
			return
		}
		for command := range strings.SplitSeq(strings.ToLower(string(buffer[:n])), "*") {
			switch {
			case command == "":
			case strings.Contains(command, "info"):
				info := "redis_version:5.0.0\r\n"
				_, _ = connection.Write([]byte("$21\r\n" + info + "\r\n"))
			default:
				_, _ = connection.Write([]byte("-ERR unknown command\r\n"))
			}
		}
	}
}
