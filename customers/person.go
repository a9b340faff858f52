package customers

import (
	"hash/fnv"
	"strings"
)

// Shards is how many parts the customers are divided into.
const Shards = 1024

// Shard is the part a customer id belongs to, 0 to Shards-1: FNV-1a, so that
// every program that can read ids agrees.
func Shard(id string) int {
	h := fnv.New32a()
	h.Write([]byte(id))
	return int(h.Sum32() % Shards)
}

// Person names the human behind a profile: the e-mail, else the phone number,
// else the id. Two profiles of one human have the same.
func Person(c Customer) string {
	if email := strings.ToLower(strings.TrimSpace(c.Email)); email != "" {
		return email
	}
	if phone := dialled(c.Phone); phone != "" {
		return phone
	}
	return c.ID
}

// dialled is a number as it is dialled: "+49 30 123-45" is "+493012345".
func dialled(phone string) string {
	return strings.Map(func(r rune) rune {
		if r == '+' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, phone)
}
