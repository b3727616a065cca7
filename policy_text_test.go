package policy_test

import (
	"go/ast"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestEveryPackageHasAComment(t *testing.T) {
	documented := map[string]bool{}
	for _, f := range sources(t) {
		if f.test && f.pkg != "." {
			continue
		}
		if strings.Contains(f.path, "/internal/protocoltest/") {
			continue
		}
		documented[f.pkg] = documented[f.pkg] || f.ast.Doc != nil
	}
	for pkg, ok := range documented {
		if !ok {
			t.Errorf("%s has no package comment: say what it owns, its invariants, and what is safe for concurrent use", pkg)
		}
	}
}

func TestEveryExportedNameHasAComment(t *testing.T) {
	for _, f := range sources(t) {
		if f.test || f.generated || under(f.pkg, "test") {
			continue
		}
		for _, decl := range f.ast.Decls {
			for _, name := range undocumented(decl) {
				t.Errorf("%s: %s has no comment", f.where(name.Pos()), name.Name)
			}
		}
	}
}

// undocumented returns the exported names of a declaration that no comment
// covers. Methods that an interface names need none: its comment is theirs.
func undocumented(decl ast.Decl) []*ast.Ident {
	var names []*ast.Ident
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Doc == nil && d.Recv == nil && d.Name.IsExported() {
			names = append(names, d.Name)
		}
	case *ast.GenDecl:
		if d.Doc != nil && (d.Lparen.IsValid() || len(d.Specs) == 1) {
			return nil
		}
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if s.Doc == nil && s.Name.IsExported() {
					names = append(names, s.Name)
				}
			case *ast.ValueSpec:
				if s.Doc == nil && s.Comment == nil && s.Names[0].IsExported() {
					names = append(names, s.Names[0])
				}
			}
		}
	}
	return names
}

func TestFilesStaySmall(t *testing.T) {
	for _, f := range sources(t) {
		limit := 600
		if f.test {
			limit = 900
		}
		if !f.generated && f.lines > limit {
			t.Errorf("%s has %d lines, the limit is %d: split it by concept", f.path, f.lines, limit)
		}
	}
}

func TestGeneratedFilesSaySo(t *testing.T) {
	for _, f := range sources(t) {
		if under(f.pkg, "internal/awsapi") && !under(f.pkg, "internal/awsapi/match") && !f.generated && !f.test {
			t.Errorf("%s has no header \"Code generated … DO NOT EDIT.\": internal/awsapi is written by cmd/mrgen alone", f.path)
		}
	}
}

// wallClock names where the machine's own time may be read, and why.
var wallClock = map[string]string{
	"internal/base/clock":        "it is the source of time",
	"internal/cli":               "a person at a terminal lives in wall time",
	"internal/bench":             "it measures",
	"internal/child":             "a child is a process of the machine, in its time",
	"internal/store/pebblestore": "it measures its syncs; what it decides by time goes through its clock",
	"internal/edge":              "deadlines of connections are the kernel's, in the machine's time; latencies are measured",
	"cmd":                        "main and tools",
	"test":                       "tests drive processes that run in wall time",
	"client":                     "a library of its own, in its user's time",
}

func TestTimeComesFromTheClock(t *testing.T) {
	forbidden := []string{"Now", "Since", "Until", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick", "Sleep"}
	for _, f := range sources(t) {
		if f.generated {
			continue
		}
		allowed := f.test
		for folder := range wallClock {
			allowed = allowed || under(f.pkg, folder)
		}
		for call := range callsOf(f, "time") {
			switch {
			case f.test && call.Sel.Name == "Sleep":
				t.Errorf("%s: time.Sleep in a test: wait for the condition", f.where(call.Pos()))
			case !allowed && slices.Contains(forbidden, call.Sel.Name):
				t.Errorf("%s: time.%s: take the time from base/clock", f.where(call.Pos()), call.Sel.Name)
			}
		}
	}
}

// callsOf yields the selectors of a standard package in the file.
func callsOf(f *sourceFile, pkg string) func(yield func(*ast.SelectorExpr) bool) {
	return func(yield func(*ast.SelectorExpr) bool) {
		if !slices.Contains(f.imports, pkg) {
			return
		}
		done := false
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && !done {
				if id, ok := s.X.(*ast.Ident); ok && id.Name == path.Base(pkg) {
					done = !yield(s)
				}
			}
			return !done
		})
	}
}

// The words are put together here so that this file does not contain them.
var machine = regexp.MustCompile(strings.Join([]string{"/ho" + "me/[a-z]", "/ro" + "ot/", "/wo" + "rk/", "/Us" + "ers/", "/tmp/" + "bash_jobs"}, "|"))

func TestNoMachinePaths(t *testing.T) {
	texts := []string{".go", ".md", ".mod", ".yml", ".yaml", ".sh", ".py", ".js", ".mjs", ".java", ".xml", ".toml", ".script", ""}
	walk(t, func(p string) {
		base := path.Base(p)
		if !slices.Contains(texts, path.Ext(base)) || strings.HasPrefix(p, "models/") {
			return
		}
		text, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			if m := machine.FindString(line); m != "" {
				t.Errorf("%s:%d: %q is a path of one machine", p, i+1, m)
			}
		}
	})
}

func TestEveryDependencyHasItsLine(t *testing.T) {
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile("docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	required := regexp.MustCompile(`(?m)^\s*(?:require )?([a-z0-9.-]+\.[a-z]+/\S+) v`).FindAllStringSubmatch(string(mod), -1)
	used := map[string]string{} // module → a file that imports it
	for _, f := range sources(t) {
		for _, name := range f.imports {
			if standard(name) || name == module || strings.HasPrefix(name, module+"/") {
				continue
			}
			best := ""
			for _, r := range required {
				if under(name, r[1]) && len(r[1]) > len(best) {
					best = r[1]
				}
			}
			if best == "" && !under(f.pkg, "tools") {
				t.Errorf("%s imports %s, which go.mod does not require", f.path, name)
				continue
			}
			used[best] = f.path
		}
	}
	for dep, file := range used {
		if !strings.Contains(string(table), "`"+dep+"`") {
			t.Errorf("%s has no line in docs/dependencies.md (%s imports it): why, licence, what would replace it", dep, file)
		}
	}
}

func TestMakefileIsShortAndExplained(t *testing.T) {
	text, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	explained := regexp.MustCompile(`(?m)^[a-z-]+:[^=\n]*## .+$`).FindAllString(string(text), -1)
	phony := regexp.MustCompile(`(?m)^\.PHONY: (.+)$`).FindSubmatch(text)
	if phony == nil {
		t.Fatal("no .PHONY line")
	}
	if names := strings.Fields(string(phony[1])); len(names) > 20 || len(names) != len(explained) {
		t.Errorf("%d targets, %d explained: at most 20, each with a line of help", len(names), len(explained))
	}
}
