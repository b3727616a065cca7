// Package policy_test keeps the rules of the house: who may import whom, what
// every package and file must have, and what no file may contain. It reads the
// source, not the binary, so it sees every build tag and takes a second.
//
// A rule that is in the way is argued with in docs/adr, not here.
package policy_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/millrace/millrace"

// sourceFile is one Go file of the tree, parsed. Generated files are parsed
// without their bodies.
type sourceFile struct {
	path      string // with slashes, from the root
	pkg       string // the package's folder, "." for the root
	test      bool
	generated bool
	lines     int
	imports   []string
	ast       *ast.File
	fset      *token.FileSet
}

// where names a place in the file, to click on.
func (f *sourceFile) where(p token.Pos) string {
	return f.path + ":" + strconv.Itoa(f.fset.Position(p).Line)
}

// skipped are folders that hold nothing of the project's own.
var skipped = map[string]bool{".git": true, "bin": true, "build": true, "node_modules": true, ".venv": true, "millrace-data": true}

// walk calls f for every file of the project.
func walk(t *testing.T, f func(path string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && skipped[d.Name()]:
			return fs.SkipDir
		case d.Type().IsRegular():
			f(filepath.ToSlash(p))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var loadOnce = sync.OnceValues(func() ([]*sourceFile, error) {
	var files []*sourceFile
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (skipped[d.Name()] || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(p, ".go") {
			return nil
		}
		f, err := load(p)
		files = append(files, f)
		return err
	})
	return files, err
})

// sources returns every Go file of the tree.
func sources(t *testing.T) []*sourceFile {
	t.Helper()
	files, err := loadOnce()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func load(p string) (*sourceFile, error) {
	text, err := os.ReadFile(p)
	if err != nil {
		return nil, err
	}
	p = filepath.ToSlash(p)
	f := &sourceFile{
		path: p, pkg: path.Dir(p), test: strings.HasSuffix(p, "_test.go"),
		lines: strings.Count(string(text), "\n"), fset: token.NewFileSet(),
	}
	head, _, _ := strings.Cut(string(text), "\npackage ")
	f.generated = strings.Contains(head, "// Code generated ") && strings.Contains(head, " DO NOT EDIT.")
	mode := parser.ParseComments | parser.SkipObjectResolution
	if f.generated {
		mode |= parser.ImportsOnly
	}
	if f.ast, err = parser.ParseFile(f.fset, p, text, mode); err != nil {
		return nil, err
	}
	for _, spec := range f.ast.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		f.imports = append(f.imports, name)
	}
	return f, nil
}

// under reports whether pkg is one of the folders or below one.
func under(pkg string, folders ...string) bool {
	for _, folder := range folders {
		if pkg == folder || strings.HasPrefix(pkg, folder+"/") {
			return true
		}
	}
	return false
}
