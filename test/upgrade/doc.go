// Package upgrade holds a small data directory of every format that releases
// have written, and the test that today's binary serves each as the release did
// that wrote it.
//
// testdata/format-N.tar.gz is the directory as a kill -9 left it, and
// format-N.json what its server had answered before. They are made once, by the
// first release that writes a format, and never again:
//
//	MILLRACE_TEST_BINARY=... go test ./test/upgrade -run TestMake -upgrade.make
package upgrade
