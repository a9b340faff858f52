package webpush

import (
	"net/netip"
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

func TestOnlyPublicAddressesAreDialled(t *testing.T) {
	for _, address := range []string{"142.250.185.74", "34.107.243.93", "17.57.144.1", "100.63.255.255", "100.128.0.1", "198.17.0.1", "198.20.0.1", "192.0.1.1", "2a00:1450:4001:82a::200a", "2620:149::1"} {
		if err := onlyPublic("tcp", netip.AddrPortFrom(netip.MustParseAddr(address), 443).String(), nil); err != nil {
			t.Errorf("%s: %v", address, err)
		}
		if onlyPublic("tcp", netip.AddrPortFrom(netip.MustParseAddr(address), 80).String(), nil) == nil {
			t.Errorf("%s is dialled on port 80", address)
		}
	}
	for _, address := range []string{
		"0.0.0.0", "10.1.2.3", "127.0.0.1", "127.255.255.255", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.168.1.1",
		"100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1",
		"224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
		"::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1",
		"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:142.250.185.74", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1",
		"2001:db8::1", "2001::1", "2002:7f00:1::1", "3fff::1", "::127.0.0.1", "100::1",
	} {
		if onlyPublic("tcp", netip.AddrPortFrom(netip.MustParseAddr(address), 443).String(), nil) == nil {
			t.Errorf("%s is dialled", address)
		}
	}
	for _, address := range []string{"", "fcm.googleapis.com:443", "142.250.185.74"} {
		if onlyPublic("tcp", address, nil) == nil {
			t.Errorf("%q is dialled", address)
		}
	}
}

func TestTheStandInsClientStaysOnLoopback(t *testing.T) {
	for address, want := range map[string]bool{"127.0.0.1:80": true, "[::1]:80": true, "10.0.0.1:80": false, "8.8.8.8:443": false, "x": false} {
		if (onlyLoopback("tcp", address, nil) == nil) != want {
			t.Errorf("%s", address)
		}
	}
}
