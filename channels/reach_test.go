package channels

import (
	"net/netip"
	"testing"
)

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
