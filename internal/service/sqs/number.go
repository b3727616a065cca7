package sqs

import "strings"

// isNumber reports whether a text is a number as attributes may have them: 38
// digits at most, between -10^128 and 10^126.
func isNumber(s string) bool {
	largest := 126
	if s != "" && (s[0] == '-' || s[0] == '+') {
		if s[0] == '-' {
			largest = 128
		}
		s = s[1:]
	}
	exponent := 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		var ok bool
		if exponent, ok = smallInteger(s[i+1:]); !ok {
			return false
		}
		s = s[:i]
	}
	whole, fraction, point := strings.Cut(s, ".")
	digits := whole + fraction
	if digits == "" || point && fraction == "" || strings.Trim(digits, "0123456789") != "" {
		return false
	}
	exponent += len(whole)
	significant := strings.TrimLeft(digits, "0")
	exponent -= len(digits) - len(significant)
	significant = strings.TrimRight(significant, "0")
	// The value is 0.significant times 10^exponent.
	return len(significant) <= 38 &&
		(exponent <= largest || exponent == largest+1 && significant == "1" || significant == "")
}

// smallInteger reads an exponent of up to four digits.
func smallInteger(s string) (n int, ok bool) {
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	if s == "" || len(s) > 4 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	for i := range len(s) {
		n = 10*n + int(s[i]-'0')
	}
	if negative {
		n = -n
	}
	return n, true
}
