package sqs

import (
	"time"
	"unicode/utf8"

	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
)

// StoredMessage is a message as people look at it: what ReceiveMessage shows of it
// when asked for everything, under the same names, but for the receipt handle; and
// how it stands in its queue. Its JSON is a line of an export, and what an import
// takes.
type StoredMessage struct {
	MessageId         string
	Body              string
	BodyCut           bool   `json:",omitempty"` // Body is only the beginning
	MD5OfBody         string `json:",omitempty"`
	Attributes        map[string]string
	MessageAttributes map[string]StoredAttribute `json:",omitempty"`

	State        State
	VisibleAfter string `json:",omitempty"` // RFC 3339, where it is in flight or delayed
	// Blocked: it is visible, and others of its FIFO group that are in flight stand
	// in its way.
	Blocked  bool   `json:",omitempty"`
	Size     int    // bytes that count as the message's: body and attributes
	Position string // to go on from
}

// StoredAttribute is the value of an attribute of a message.
type StoredAttribute struct {
	DataType    string
	StringValue *string `json:",omitempty"`
	BinaryValue []byte  `json:",omitempty"` // base64 in JSON
}

// everything is the set of all system attributes.
const everything = systemAttributes(1<<len(systemAttributeNames) - 1)

// stored shows a message that a walk met. ok is false for one that has expired by
// the time at which it was sent to another queue, as a dead letter.
func (s *Service) stored(w *walk, v *visited) (m message, out StoredMessage, ok bool, err error) {
	b, err := s.open(w.desc, v.row)
	if err != nil {
		return m, out, false, err
	}
	if m, err = decodeMessage(b); err != nil {
		return m, out, false, err
	}
	if m.sent < w.horizon {
		return m, out, false, nil
	}
	r := reception{count: v.count, first: v.first}
	if w.fifo {
		r.sequence = sequenceNumber(v.seq)
	}
	out = StoredMessage{
		MessageId: m.id.String(), Body: m.body, MD5OfBody: hexMD5(m.bodyMD5),
		Attributes: everything.of(&m, r), MessageAttributes: storedAttributes(m.attributes),
		State: v.state, Blocked: v.blocked, Size: messageSize(m.body, m.attributes), Position: v.at.String(),
	}
	if v.first == 0 && m.first == 0 {
		delete(out.Attributes, sqsapi.MessageSystemAttributeNameApproximateFirstReceiveTimestamp)
	}
	if v.until != 0 {
		out.VisibleAfter = time.UnixMilli(v.until).UTC().Format("2006-01-02T15:04:05.000Z07:00")
	}
	return m, out, true, nil
}

func storedAttributes(a messageAttributes) map[string]StoredAttribute {
	if len(a) == 0 {
		return nil
	}
	out := make(map[string]StoredAttribute)
	for at := range a.all() {
		v := StoredAttribute{DataType: at.dataType}
		if at.kind == binaryValue {
			v.BinaryValue = at.value
		} else {
			text := textOf(at.value)
			v.StringValue = &text
		}
		out[at.name] = v
	}
	return out
}

// cut leaves the beginning of the body: at most n bytes, in whole characters.
func (m *StoredMessage) cut(n int) {
	if len(m.Body) <= n {
		return
	}
	for n > 0 && !utf8.RuneStart(m.Body[n]) {
		n--
	}
	m.Body, m.BodyCut = m.Body[:n], true
}
