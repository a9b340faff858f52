package webpush

import (
	"strings"
	"testing"
	"time"
)

func guardFor(t *testing.T, hosts []string, standIn string) *guard {
	t.Helper()
	g, err := newGuard(hosts, standIn, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestOnlyPushServicesAreAdmitted(t *testing.T) {
	g := guardFor(t, nil, "")
	for _, endpoint := range []string{
		"https://fcm.googleapis.com/fcm/send/abc:def",
		"https://FCM.googleapis.com:443/fcm/send/abc",
		"https://updates.push.services.mozilla.com/wpush/v2/abc",
		"https://wns2-par02p.notify.windows.com/w/?token=abc",
		"https://web.push.apple.com/abc",
		"https://jmt17.google.com/fcm/send/abc",
	} {
		if _, client, err := g.admit(endpoint); err != nil || client != g.public {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
	for _, endpoint := range []string{
		"", "x", "//fcm.googleapis.com/x", "https:///x", "https://fcm.googleapis.com\r\n/x",
		"http://fcm.googleapis.com/x",
		"https://fcm.googleapis.com:8443/x",
		"https://fcm.googleapis.com:80/x",
		"https://user@fcm.googleapis.com/x",
		"https://fcm.googleapis.com@evil.example/x",
		"https://fcm.googleapis.com.evil.example/x",
		"https://fcm.googleapis.com./x",
		"https://evil.example/fcm.googleapis.com",
		"https://google.com/fcm/send/abc", "https://x.jmt17.google.com/fcm/send/abc",
		"https://evilpush.apple.com/x",
		"https://push.apple.com/x",
		"https://127.0.0.1/x", "https://[::1]/x", "https://localhost/x", "https://169.254.169.254/latest/meta-data",
		"https://0x7f000001/x", "https://2130706433/x",
		"http://127.0.0.1:8025/push/1",
		"file:///etc/passwd", "gopher://fcm.googleapis.com/x",
	} {
		if _, _, err := g.admit(endpoint); err == nil {
			t.Errorf("%s is admitted", endpoint)
		} else if endpoint != "" && endpoint != "x" && strings.Contains(err.Error(), endpoint) {
			t.Errorf("the error gives away the endpoint: %v", err)
		}
	}
}

func TestAStandInIsAdmittedOnLoopbackOnly(t *testing.T) {
	g := guardFor(t, nil, "http://127.0.0.1:8025/")
	if _, client, err := g.admit("http://127.0.0.1:8025/push/1"); err != nil || client != g.local {
		t.Errorf("got %v", err)
	}
	for _, endpoint := range []string{"http://127.0.0.1:8026/push/1", "https://127.0.0.1:8025/push/1", "http://127.0.0.2:8025/push/1", "http://127.0.0.1/push/1"} {
		if _, _, err := g.admit(endpoint); err == nil {
			t.Errorf("%s is admitted", endpoint)
		}
	}
	for _, base := range []string{"http://10.0.0.1:8025", "http://stand-in.example", "127.0.0.1:8025", "http://127.0.0.1.evil.example", "ftp://127.0.0.1"} {
		if _, err := newGuard(nil, base, time.Second); err == nil {
			t.Errorf("base_url %s is accepted", base)
		}
	}
}

func TestHostsAreNames(t *testing.T) {
	for _, host := range []string{"", "*.", "https://push.example", "push.example:443", "Push.example", "*.*.example", "a b"} {
		if _, err := newGuard([]string{host}, "", time.Second); err == nil {
			t.Errorf("%q is accepted", host)
		}
	}
	g := guardFor(t, []string{"push.example"}, "")
	if _, _, err := g.admit("https://push.example/x"); err != nil {
		t.Error(err)
	}
	if _, _, err := g.admit("https://fcm.googleapis.com/x"); err == nil {
		t.Error("own hosts do not replace the usual ones")
	}
}
