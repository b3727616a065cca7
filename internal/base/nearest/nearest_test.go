package nearest

import "testing"

func TestFind(t *testing.T) {
	known := []string{"listen", "tls-listen", "data", "memory", "shard-limits"}
	for name, want := range map[string]string{
		"lisen": "listen", "tls_listen": "tls-listen", "dta": "data", "daat": "data",
		"shard-limit": "shard-limits", "memroy": "memory", "colour": "", "x": "", "": "",
	} {
		if got := Find(name, known); got != want {
			t.Errorf("Find(%q) = %q, want %q", name, got, want)
		}
	}
}
