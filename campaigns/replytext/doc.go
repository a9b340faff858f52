// Package replytext owns what customers mean by their own words, written or said on a
// call, in the languages and scripts they use: a wish to be left alone, a score, a yes
// or no, a choice. It knows no campaign, and does not own what follows from an answer
// (campaigns).
package replytext
