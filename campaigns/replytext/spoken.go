package replytext

import (
	"slices"
	"strings"

	"rapport/channels"
)

// ScoreAloud takes the number that was said, where it is the only one and nothing
// denies it: "I would say four", "zwei von fünf", "two, it came late". "four or five",
// "not a five" and "I waited until five" are asked again.
func (l Languages) ScoreAloud(said string, low, high int) (Reading, bool) {
	words := l.withoutArticles(answering(said))
	words, rated, sound := l.rate(words, high)
	at, score, only := l.onlyNumber(words)
	if !sound || !only || score < low || score > high {
		return Reading{}, false
	}
	alone, judged := standsAlone(words, at), words
	if rated || alone && at == 0 { // what follows is a comment, unless it takes the number back
		judged = words[:at+1]
	}
	denied := slices.ContainsFunc(judged, func(w token) bool { return l.denies(w.word) || w.word == minus })
	ends := at == len(words)-1 && (at == 0 || !l.leads(words[at-1].word))
	if denied || l.takenBack(words[at+1:], words[at].clause) || !rated && !alone && !ends {
		return Reading{}, false
	}
	if heard, understood := l.Score(said, low, high); understood && *heard.Score == float64(score) {
		return heard, true
	}
	value := float64(score)
	return Reading{Score: &value}, true
}

// takenBack reports whether what follows a number of a clause denies it: "five? No!",
// "five, not really". "Five, no complaints" does not.
func (l Languages) takenBack(after []token, clause int) bool {
	if end := slices.IndexFunc(after, func(w token) bool { return w.clause != after[0].clause }); end > 0 {
		after = after[:end]
	}
	denials := slices.IndexFunc(after, func(w token) bool { return !l.denies(w.word) })
	switch {
	case len(after) == 0 || denials == 0:
		return false
	case denials < 0 || after[0].clause == clause:
		return true
	}
	_, another := l.number(after[denials].word)
	return another || corrections[folded(after[denials].word)]
}

// corrections are words that with a denial before them take back what was said, folded.
var corrections = foldSet(`wait sorry really quite actually way hang warte warten moment wirklich ganz attendez attends pardon vraiment espere espera perdón realmente
	aspetta aspetti scusi davvero desculpe wacht echt czekaj przepraszam naprawdę подождите извините совсем зачекайте вибачте зовсім`)

// rate makes one word of a number and the highest of its scale: "two out of five". One
// of another scale is unsound.
func (l Languages) rate(words []token, high int) (rest []token, rated, sound bool) {
	for i := 0; i < len(words); i++ {
		last := i + 2
		if i+3 < len(words) && folded(words[i+1].word) == "out" {
			last++
		}
		if last >= len(words) {
			rest = append(rest, words[i])
			continue
		}
		of := words[last-1].word
		score, isScore := l.number(words[i].word)
		top, isTop := l.number(words[last].word)
		backwards := folded(of) == "uzerinden" // Turkish: out of five, four
		switch {
		case !isScore || !isTop || of != slash && !outOfWords[folded(of)] && !backwards:
			rest = append(rest, words[i])
			continue
		case backwards:
			score, top = top, score
		}
		if top != high || score > top {
			return nil, false, false
		}
		which := words[i]
		if backwards {
			which.word = words[last].word
		}
		rest, rated, i = append(rest, which), true, last
	}
	return rest, rated, true
}

// onlyNumber is the last place of the only number in words, which may be said twice. A
// word above the scales in a later clause is no number: "cinco, mil gracias".
func (l Languages) onlyNumber(words []token) (at, number int, only bool) {
	at = -1
	for i, w := range words {
		n, is := l.number(w.word)
		if is && at >= 0 && n == aboveScale && w.clause != words[at].clause {
			continue
		}
		if is && at >= 0 && n != number {
			return 0, 0, false
		}
		if is {
			at, number = i, n
		}
	}
	return at, number, at >= 0
}

// YesNoAloud takes a yes or a no that was said, at the end or before a comment, where
// nothing says the contrary. "Not sure" is neither.
func (l Languages) YesNoAloud(said string) (Reading, bool) {
	words := answering(said)
	if len(words) == 1 {
		return l.yesNo(words[0].word, l.agrees)
	}
	var yes, some, denied bool
	at := -1
	for i, w := range words {
		agrees, known := l.agrees(w.word)
		switch {
		case !known:
			denied = denied || l.denies(w.word)
		case denied && agrees: // "I can't say yes"
		case some && agrees != yes:
			return Reading{}, false
		default:
			yes, some, at = agrees, true, i
		}
	}
	first := some && standsAlone(words, 0) && knows(l.agrees(words[0].word))
	if !first && (!some || denied || at != len(words)-1) {
		return Reading{}, false
	}
	if heard, understood := l.yesNo(said, l.agrees); understood {
		return heard, true
	}
	return agreed(yes, ""), true
}

func knows(_, known bool) bool { return known }

// ChoiceAloud takes the choice that was said, at the end or before a comment, where it
// is the only one and nothing denies it.
func (l Languages) ChoiceAloud(said string, choices []string) (Reading, bool) {
	words := slices.DeleteFunc(answering(said), func(w token) bool { return folded(w.word) == "" })
	for _, whole := range []string{said, joined(words)} {
		if choice, known := Chosen(whole, choices); known {
			return Reading{Choice: choice}, true
		}
	}
	if slices.ContainsFunc(words, func(w token) bool { return l.denies(w.word) }) {
		return Reading{}, false
	}
	longest := 0
	for _, choice := range choices {
		longest = max(longest, len(folded(choice)))
	}
	var named string
	last := false
	for i := range words {
		letters := 0
		for to := i + 1; to <= len(words); to++ {
			if letters += len(folded(words[to-1].word)); letters > longest && to > i+1 {
				break
			}
			choice, known := Chosen(joined(words[i:to]), choices)
			if n, is := l.number(words[i].word); !known && is && to == i+1 && n >= 1 && n <= len(choices) {
				choice, known = choices[n-1], true
			}
			if known && named != "" && choice != named {
				return Reading{}, false
			}
			if known {
				named, last = choice, to == len(words)
			}
		}
	}
	if heard, understood := ReadChoice(said, choices); understood && heard.Choice == named {
		return heard, true
	}
	if !last {
		return Reading{}, false
	}
	return Reading{Choice: named}, true
}

// standsAlone reports whether a word is all of its clause.
func standsAlone(words []token, at int) bool {
	return (at == 0 || words[at-1].clause != words[at].clause) && (at == len(words)-1 || words[at+1].clause != words[at].clause)
}

// withoutArticles leaves out the "um" of "um cinco".
func (l Languages) withoutArticles(words []token) []token {
	var rest []token
	for i, w := range words {
		if i+1 < len(words) && words[i+1].clause == w.clause && l.article(w.word) {
			if _, before := l.number(words[i+1].word); before {
				continue
			}
		}
		rest = append(rest, w)
	}
	return rest
}

// answering is the words of a text that say something of an answer.
func answering(text string) []token {
	return slices.DeleteFunc(withoutPolite(utterance(text)), func(w token) bool {
		word := folded(w.word)
		return units[word] || word == "" && w.word != slash && w.word != minus
	})
}

func joined(words []token) string {
	said := make([]string, len(words))
	for i, w := range words {
		said[i] = w.word
	}
	return strings.Join(said, " ")
}

// units of scores, folded.
var units = foldSet(`point points punkt punkte star stars stern sterne étoile étoiles estrella estrellas stella stelle estrela estrelas ster sterren
	gwiazdka gwiazdki gwiazdek балл балла баллов звезда звезды звёзд звёздочек бал бали балів зірка зірки зірок yıldız puan ستاره امتیاز نجوم כוכבים`)

// HintsFor are the words that may answer a question of a call in the language of
// a tag, which help to recognise them; none where they are not known.
func HintsFor(q channels.CallQuestion, tag string) []string {
	language, _, _ := strings.Cut(tag, "-")
	switch q.Expect {
	case channels.ExpectDigits:
		if words := numerals[language]; q.High < len(words) {
			return words[q.Low : q.High+1]
		}
	case channels.ExpectYesNo:
		yes, no := strings.Fields(assent[language]), strings.Fields(dissent[language])
		if len(yes) > 0 && len(no) > 0 {
			return []string{yes[0], no[0]}
		}
	}
	return nil
}
