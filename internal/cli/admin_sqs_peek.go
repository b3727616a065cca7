package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/millrace/millrace/internal/service/sqs"
)

type adminSQSPeekCmd struct {
	queueFlags
	Limit     int    `default:"10" placeholder:"N" help:"As many messages at most [default 10]."`
	State     string `enum:"all,visible,in-flight,delayed" default:"all" placeholder:"STATE" help:"Only those that are visible, in-flight or delayed [default all]."`
	Group     string `placeholder:"ID" help:"Only those of a message group."`
	After     string `placeholder:"POSITION" help:"Go on where an earlier peek ended."`
	BodyBytes int    `name:"body-bytes" default:"200" placeholder:"N" help:"As much of each body at most [default 200]."`
	JSON      bool   `name:"json" help:"One object a message, with everything it has."`
}

// peekedPage is a page of messages, each as JSON.
type peekedPage struct {
	Messages []json.RawMessage
	Next     string
	Total    int64
}

// Run prints messages of a queue.
func (c *adminSQSPeekCmd) Run(e *Env) error {
	if c.Limit < 1 || c.BodyBytes < 0 {
		return &exitError{fmt.Errorf("--limit is a number from 1, and --body-bytes one from 0"), exitUsage}
	}
	s, query, err := c.server(e)
	if err != nil {
		return err
	}
	query.Set("state", c.State)
	query.Set("group", c.Group)
	query.Set("body-bytes", strconv.Itoa(c.BodyBytes))
	printed := 0
	for after := c.After; ; {
		query.Set("after", after)
		query.Set("limit", strconv.Itoa(c.Limit-printed))
		var page peekedPage
		if err := s.call(context.Background(), "sqs/peek", query, nil, &page); err != nil {
			return err
		}
		for _, m := range page.Messages {
			if err := c.print(e, m); err != nil {
				return err
			}
		}
		printed += len(page.Messages)
		if after = page.Next; after != "" && printed < c.Limit {
			continue
		}
		if !c.JSON {
			text := fmt.Sprintf("%d of %s", printed, plural(page.Total, "message"))
			if after != "" {
				text += "; go on with --after " + after
			}
			fmt.Fprintln(e.Stderr, text)
		}
		return nil
	}
}

func (c *adminSQSPeekCmd) print(e *Env, m json.RawMessage) error {
	if c.JSON {
		_, err := fmt.Fprintf(e.Stdout, "%s\n", m)
		return err
	}
	var v sqs.StoredMessage
	if err := json.Unmarshal(m, &v); err != nil {
		return err
	}
	_, err := fmt.Fprintln(e.Stdout, peeked(&v))
	return err
}

// peeked is a message as a person reads it: how it stands, then its contents.
func peeked(m *sqs.StoredMessage) string {
	sent := m.Attributes["SentTimestamp"]
	if ms, err := strconv.ParseInt(sent, 10, 64); err == nil {
		sent = time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z07:00")
	}
	state := map[sqs.State]string{sqs.Visible: "visible", sqs.InFlight: "in flight until", sqs.Delayed: "delayed until"}[m.State]
	if m.VisibleAfter != "" {
		state += " " + m.VisibleAfter
	}
	if m.Blocked {
		state += ", behind its group's in flight"
	}
	parts := []string{sent, state}
	if n, err := strconv.Atoi(m.Attributes["ApproximateReceiveCount"]); err == nil && n > 0 {
		parts = append(parts, "received "+plural(n, "time"))
	}
	if group := m.Attributes["MessageGroupId"]; group != "" {
		parts = append(parts, "group "+shown(group))
	}
	if source := m.Attributes["DeadLetterQueueSourceArn"]; source != "" {
		parts = append(parts, "from "+source[strings.LastIndexByte(source, ':')+1:])
	}
	parts = append(parts, plural(m.Size, "byte"), m.MessageId)
	text := strings.Join(parts, "  ")
	for _, name := range slices.Sorted(maps.Keys(m.MessageAttributes)) {
		v := m.MessageAttributes[name]
		value := fmt.Sprintf("%s of binary", plural(len(v.BinaryValue), "byte"))
		if v.StringValue != nil {
			value = shown(*v.StringValue)
		}
		text += "\n    " + name + ": " + value
	}
	text += "\n    " + shown(m.Body)
	if m.BodyCut {
		text += "…"
	}
	return text
}
