// Package wiretest runs AWS's official protocol cases against a codec. Tests
// import it; nothing else does.
//
// It owns the cases (testdata/protocol-tests), the filling of a structure from a
// case's JSON parameters, and the comparison of structures and of messages with
// what a case expects. The operations are those of package shapes; the members of
// errors are dynamic values.
//
// Bodies are compared parsed: JSON by value, XML as a tree without regard to the
// order of differently named elements, CBOR by value. A case that is left out
// needs its id and the reason; leaving out what does not exist, or what would
// pass, fails the test.
package wiretest
