package email

// longestQuoted is how long a line of quoted-printable may be (RFC 2045 §6.7),
// without the sign that it goes on.
const longestQuoted = 75

// asItIs are the signs that quoted-printable leaves as they are. Space and tab may not
// end a line.
var asItIs = func() (table [256]bool) {
	for c := ' '; c <= '~'; c++ {
		table[c] = c != '='
	}
	table['\t'] = true
	return table
}()

const upperHex = "0123456789ABCDEF"

// quoted adds a text in quoted-printable. Line breaks of any kind become CRLF.
func quoted(out []byte, text string) []byte {
	begin := len(out) // of the line
	for i := 0; i < len(text); {
		end := min(len(text), i+longestQuoted-(len(out)-begin))
		from := i
		for i < end && asItIs[text[i]] {
			i++
		}
		out = append(out, text[from:i]...)
		if i == len(text) {
			break
		}
		switch c := text[i]; {
		case c == '\n' || c == '\r':
			out = append(endOfLine(out, begin), "\r\n"...)
			begin = len(out)
			if i++; c == '\r' && i < len(text) && text[i] == '\n' {
				i++
			}
			continue
		case i == end && asItIs[c], len(out)-begin+3 > longestQuoted:
			out = append(out, "=\r\n"...)
			begin = len(out)
			continue
		default:
			out = append(out, '=', upperHex[c>>4], upperHex[c&15])
			i++
		}
	}
	return endOfLine(out, begin)
}

// endOfLine writes a space at the end of a line as what it is, so that nobody on the
// way takes it off.
func endOfLine(out []byte, begin int) []byte {
	n := len(out)
	if n == begin || out[n-1] != ' ' && out[n-1] != '\t' {
		return out
	}
	space := out[n-1]
	out = out[:n-1]
	if n-1-begin+3 > longestQuoted+1 {
		out = append(out, "=\r\n"...)
	}
	return append(out, '=', upperHex[space>>4], upperHex[space&15])
}
