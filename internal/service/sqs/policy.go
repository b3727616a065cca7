package sqs

import (
	"bytes"
	"encoding/json"
	"slices"

	sqsapi "github.com/millrace/millrace/internal/awsapi/sqs"
	"github.com/millrace/millrace/internal/base/arn"
)

// Quotas of a queue's policy (reference sqs §9).
const (
	maxPolicyBytes      = 8192
	maxStatements       = 20
	maxPrincipals       = 50
	maxConditions       = 10
	maxStatementActions = 7
)

// document is a policy as far as it is looked into. Members of statements are
// kept as they were written.
type document struct {
	Version   string                     `json:"Version,omitempty"`
	ID        string                     `json:"Id,omitempty"`
	Statement oneOrMore[json.RawMessage] `json:"Statement"`
}

// statement is one statement of a policy.
type statement struct {
	Sid          string                     `json:"Sid"`
	Effect       string                     `json:"Effect"`
	Principal    json.RawMessage            `json:"Principal"`
	NotPrincipal json.RawMessage            `json:"NotPrincipal"`
	Action       oneOrMore[string]          `json:"Action"`
	NotAction    oneOrMore[string]          `json:"NotAction"`
	Condition    map[string]json.RawMessage `json:"Condition"`
}

// permission is a statement that AddPermission writes, in AWS's order.
type permission struct {
	Sid       string `json:"Sid"`
	Effect    string `json:"Effect"`
	Principal struct {
		AWS oneOrMore[string] `json:"AWS"`
	} `json:"Principal"`
	Action   oneOrMore[string] `json:"Action"`
	Resource string            `json:"Resource"`
}

// oneOrMore is a list that JSON writes as its only element where it has one.
type oneOrMore[T any] []T

// UnmarshalJSON reads a list or a single element.
func (l *oneOrMore[T]) UnmarshalJSON(b []byte) error {
	if bytes.HasPrefix(b, []byte("[")) {
		return json.Unmarshal(b, (*[]T)(l))
	}
	one := new(T)
	err := json.Unmarshal(b, one)
	*l = oneOrMore[T]{*one}
	return err
}

// MarshalJSON writes a list, or its only element.
func (l oneOrMore[T]) MarshalJSON() ([]byte, error) {
	if len(l) == 1 {
		return json.Marshal(l[0])
	}
	return json.Marshal([]T(l))
}

// checkPolicy checks the attribute Policy, which may be empty.
func checkPolicy(policy string) error {
	if policy == "" {
		return nil
	}
	invalid := invalidAttribute(sqsapi.QueueAttributeNamePolicy)
	var d document
	if len(policy) > maxPolicyBytes || json.Unmarshal([]byte(policy), &d) != nil || len(d.Statement) == 0 {
		return invalid
	}
	for _, raw := range d.Statement {
		var s statement
		if json.Unmarshal(raw, &s) != nil || s.Effect != "Allow" && s.Effect != "Deny" ||
			s.Principal == nil && s.NotPrincipal == nil || s.Action == nil && s.NotAction == nil {
			return invalid
		}
	}
	return checkQuotas(d)
}

// checkQuotas checks how much a policy says.
func checkQuotas(d document) error {
	principals, conditions := 0, 0
	for _, raw := range d.Statement {
		var s statement
		if err := json.Unmarshal(raw, &s); err != nil {
			return invalidAttribute(sqsapi.QueueAttributeNamePolicy)
		}
		if n := max(len(s.Action), len(s.NotAction)); n > maxStatementActions {
			return overLimit(n, "Actions", maxStatementActions)
		}
		principals += principalsOf(s.Principal) + principalsOf(s.NotPrincipal)
		conditions += len(s.Condition)
	}
	switch {
	case len(d.Statement) > maxStatements:
		return overLimit(len(d.Statement), "Statements", maxStatements)
	case principals > maxPrincipals:
		return overLimit(principals, "Principals", maxPrincipals)
	case conditions > maxConditions:
		return overLimit(conditions, "Conditions", maxConditions)
	}
	return nil
}

func overLimit(n int, what string, most int) error {
	return sqsapi.ErrOverLimit.New("%d %s were found, maximum allowed is %d.", n, what, most)
}

// principalsOf counts the principals of a statement: "*", or lists by kind.
func principalsOf(raw json.RawMessage) (n int) {
	var kinds map[string]oneOrMore[string]
	if json.Unmarshal(raw, &kinds) != nil {
		return min(len(raw), 1)
	}
	for _, list := range kinds {
		n += len(list)
	}
	return n
}

// permissibleActions are the actions that AddPermission can allow: those on a
// queue that another account may be let do (reference sqs §3). A batch goes with
// its single action.
var permissibleActions = []string{
	"*", "ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl", "ListDeadLetterSourceQueues",
	"PurgeQueue", "ReceiveMessage", "SendMessage",
}

// addPermission returns a queue's policy, which may be empty, with a statement
// more, by which accounts may do actions.
func addPermission(policy string, key queueKey, label string, accounts, actions []string) (string, error) {
	switch {
	case label == "":
		return "", missingParameter("Label")
	case len(accounts) == 0:
		return "", missingParameter("AWSAccountIds")
	case len(actions) == 0:
		return "", missingParameter("Actions")
	case len(label) > maxEntryID || !isWord(label):
		return "", invalidValue(label, "Label", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	added := permission{Sid: label, Effect: "Allow", Resource: key.arn()}
	for _, account := range accounts {
		if !isAccount(account) {
			return "", invalidValue(account, "PrincipalId", "Unable to verify.")
		}
		added.Principal.AWS = append(added.Principal.AWS, arn.New("iam", "", account, "root").String())
	}
	if len(actions) > maxStatementActions {
		return "", overLimit(len(actions), "Actions", maxStatementActions)
	}
	for _, action := range actions {
		if !slices.Contains(permissibleActions, action) {
			return "", invalidValue("SQS:"+action, "ActionName", "Please refer to the appropriate WSDL for a list of valid actions. ")
		}
		added.Action = append(added.Action, "SQS:"+action)
	}
	d := document{Version: "2008-10-17", ID: key.arn() + "/SQSDefaultPolicy"}
	if policy != "" {
		if err := readPolicy(policy, &d); err != nil {
			return "", err
		}
	}
	if d.find(label) >= 0 {
		return "", invalidValue(label, "Label", "Already exists.")
	}
	raw, err := json.Marshal(added)
	if err != nil {
		return "", err
	}
	d.Statement = append(d.Statement, raw)
	if err := checkQuotas(d); err != nil {
		return "", err
	}
	return d.text()
}

// removePermission returns a queue's policy without the statement of a label;
// empty where it was the last one.
func removePermission(policy, label string) (string, error) {
	var d document
	if label == "" {
		return "", missingParameter("Label")
	}
	if policy != "" {
		if err := readPolicy(policy, &d); err != nil {
			return "", err
		}
	}
	i := d.find(label)
	if i < 0 {
		return "", invalidValue(label, "Label", "can't find label.")
	}
	d.Statement = slices.Delete(d.Statement, i, i+1)
	if len(d.Statement) == 0 {
		return "", nil
	}
	return d.text()
}

// readPolicy reads a policy that checkPolicy or addPermission has passed.
func readPolicy(policy string, d *document) error {
	*d = document{}
	return json.Unmarshal([]byte(policy), d)
}

// find returns the place of the statement with a label; -1 for none.
func (d *document) find(label string) int {
	return slices.IndexFunc(d.Statement, func(raw json.RawMessage) bool {
		var s struct{ Sid string }
		return json.Unmarshal(raw, &s) == nil && s.Sid == label
	})
}

// text returns the policy as JSON, whose statements are a list always.
func (d *document) text() (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(struct {
		Version   string            `json:"Version,omitempty"`
		ID        string            `json:"Id,omitempty"`
		Statement []json.RawMessage `json:"Statement"`
	}{d.Version, d.ID, d.Statement})
	if b.Len() > maxPolicyBytes {
		return "", sqsapi.ErrOverLimit.New("The policy is longer than %d bytes.", maxPolicyBytes)
	}
	return string(bytes.TrimRight(b.Bytes(), "\n")), err
}
