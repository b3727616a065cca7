// Package mismatch has AWS's words for values that are not of their member's
// type, which every document codec reports alike (reference kinesis-streams
// §2.3, type-error texts). Its functions are safe for concurrent use.
package mismatch

import (
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/api"
	"github.com/millrace/millrace/internal/wire"
)

// Found is what stood in the message.
type Found uint8

// What may stand in a message.
const (
	String Found = iota + 1
	Number
	Bool
	Bytes
	List
	Map
)

// New returns the error for a value that stands where one of kind want must.
func New(want api.Kind, found Found) *wire.TypeError {
	return &wire.TypeError{Message: text(want, found)}
}

func text(want api.Kind, found Found) string {
	switch found {
	case List:
		return "Start of list found where not expected"
	case Map:
		return "Start of structure or map found where not expected."
	}
	switch want {
	case api.KindList:
		return "Expected list or null"
	case api.KindMap:
		return "Expected map or null"
	case api.KindStruct:
		return "Expected null"
	}
	return "class " + class(found) + " can not be converted to " + target(want)
}

// class is the Java class that AWS's parser makes of a value.
func class(found Found) string {
	switch found {
	case Number:
		return "com.amazon.coral.value.json.numbers.TruncatingBigNumber"
	case Bool:
		return "java.lang.Boolean"
	case Bytes:
		return "java.nio.HeapByteBuffer"
	}
	return "java.lang.String"
}

func target(want api.Kind) string {
	switch want {
	case api.KindBlob:
		return "a Blob"
	case api.KindBool:
		return "an Boolean"
	case api.KindInt:
		return "an Integer"
	case api.KindLong:
		return "an Long"
	case api.KindFloat:
		return "an Float"
	case api.KindDouble:
		return "an Double"
	case api.KindTimestamp:
		return "milliseconds since epoch"
	}
	return "an String"
}

// shown bounds the bytes of a value that an error repeats, so that a large body
// does not come back as a large answer. AWS repeats all.
const shown = 4096

// Base64 returns the error for a text that is not padded standard base64.
func Base64(text string) *wire.TypeError {
	value := text
	if len(value) > shown {
		value = strings.ToValidUTF8(value[:shown], "") + "..."
	}
	prefix := "'" + value + "' can not be converted to a Blob: "
	if len(text)%4 != 0 {
		return &wire.TypeError{Message: prefix + "Base64 encoded length is expected a multiple of 4 bytes but found: " + strconv.Itoa(len(text))}
	}
	return &wire.TypeError{Message: prefix + "Invalid Base64 character: '" + culprit(text) + "'"}
}

// culprit returns the first character that cannot stand where it stands.
func culprit(text string) string {
	for i, r := range text {
		switch {
		case r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '+', r == '/':
		case r == '=' && i == len(text)-1, r == '=' && i == len(text)-2 && text[i+1] == '=':
		default:
			return string(r)
		}
	}
	return "="
}
