// Package channeltest owns the checks every provider of every channel must
// pass: what it concludes from each way a request can end, that one Send is one
// request, and that its errors give away neither secrets nor addresses.
//
// What is peculiar to a provider is tested beside it.
package channeltest
