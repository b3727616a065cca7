package demo

// palette colours words for a terminal; the zero value leaves them as they are.
type palette struct{ on bool }

func (p palette) paint(code, s string) string {
	if !p.on {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p palette) strong(s string) string { return p.paint("1", s) }
func (p palette) good(s string) string   { return p.paint("32", s) }
func (p palette) bad(s string) string    { return p.paint("1;31", s) }
func (p palette) dim(s string) string    { return p.paint("2", s) }
func (p palette) blue(s string) string   { return p.paint("36", s) }
