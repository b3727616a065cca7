package sqs

import (
	"encoding/base64"
	"encoding/json"
)

// taskHandle is what a TaskHandle means. It is written as on AWS: JSON in base 64.
type taskHandle struct {
	TaskID    string `json:"taskId"`
	SourceARN string `json:"sourceArn"`
}

func (h taskHandle) encode() string {
	b, err := json.Marshal(h)
	if err != nil {
		panic("BUG: two texts cannot be written as JSON: " + err.Error())
	}
	return base64.StdEncoding.EncodeToString(b)
}

// parseTaskHandle reverses encode, and reports whether it can. The queue is one
// that may exist.
func parseTaskHandle(text string) (h taskHandle, source queueKey, ok bool) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(b, &h) != nil || h.TaskID == "" {
		return h, source, false
	}
	source, ok = parseQueueARN(h.SourceARN)
	return h, source, ok
}
