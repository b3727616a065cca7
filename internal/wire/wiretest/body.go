package wiretest

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// bodyForm says how the bodies of a protocol are compared.
type bodyForm uint8

const (
	bodyJSON bodyForm = iota
	bodyXML
	bodyCBOR
)

func formOf(protocol string) bodyForm {
	switch protocol {
	case "query", "rest-xml":
		return bodyXML
	case "smithy-rpc-v2-cbor":
		return bodyCBOR
	}
	return bodyJSON
}

// rawBody returns the body that a case means; empty where it means none.
func rawBody(form bodyForm, body *string) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	if form == bodyCBOR {
		return base64.StdEncoding.DecodeString(*body)
	}
	return []byte(*body), nil
}

// diffBody compares two bodies, parsed where they parse and byte for byte where
// they are payloads of another form.
func diffBody(form bodyForm, got, want []byte) []string {
	if bytes.Equal(got, want) {
		return nil
	}
	parse := map[bodyForm]func([]byte) (any, error){bodyJSON: parseJSON, bodyXML: parseXML, bodyCBOR: parseCBOR}[form]
	w, err := parse(want)
	if err != nil {
		return []string{fmt.Sprintf("body: got %q, want %q", got, want)}
	}
	g, err := parse(got)
	if err != nil {
		return []string{fmt.Sprintf("body: %v in %q, want %q", err, got, want)}
	}
	if form == bodyXML {
		dropUnasked(g.(*element), w.(*element))
	}
	var d differences
	if form == bodyXML {
		d.compare("body", g.(*element).plain(), w.(*element).plain())
	} else {
		d.compare("body", g, w)
	}
	return d
}

// element is a node of an XML tree.
type element struct {
	name     string
	attrs    []string
	children []*element
	text     string
}

// parseXML parses one document into a tree of elements, names as written.
func parseXML(text []byte) (any, error) {
	d := xml.NewDecoder(bytes.NewReader(text))
	root := &element{}
	open := []*element{root}
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		top := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			e := &element{name: rawName(token.Name)}
			for _, a := range token.Attr {
				e.attrs = append(e.attrs, rawName(a.Name)+"="+a.Value)
			}
			slices.Sort(e.attrs)
			top.children = append(top.children, e)
			open = append(open, e)
		case xml.EndElement:
			if top.name != rawName(token.Name) {
				return nil, fmt.Errorf("</%s> ends <%s>", rawName(token.Name), top.name)
			}
			open = open[:len(open)-1]
		case xml.CharData:
			top.text += string(token)
		}
	}
	if len(open) != 1 || len(root.children) != 1 {
		return nil, errors.New("not one whole document")
	}
	return root.children[0], nil
}

func rawName(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

// plain returns the tree as maps and slices. Children of one name keep their
// order, the order of names does not count; white space around children neither.
func (e *element) plain() any {
	out := map[string]any{"<>": e.name}
	if len(e.attrs) > 0 {
		out["@"] = strings.Join(e.attrs, " ")
	}
	if strings.TrimSpace(e.text) != "" {
		out["text"] = e.text
	}
	for _, c := range e.children {
		list, _ := out[c.name].([]any)
		out[c.name] = append(list, c.plain())
	}
	return out
}

// dropUnasked removes from got what every answer of AWS carries but the cases
// leave out: the request's id and, where the case has none, the namespace of an
// error.
func dropUnasked(got, want *element) {
	for _, name := range []string{"ResponseMetadata", "RequestId", "HostId"} {
		same := func(e *element) bool { return e.name == name }
		if !slices.ContainsFunc(want.children, same) {
			got.children = slices.DeleteFunc(got.children, same)
		}
	}
	if want.name == "ErrorResponse" && len(want.attrs) == 0 {
		got.attrs = nil
	}
}
