package sqs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// testPolicy is one as a fan-in of SNS has it.
const testPolicy = `{"Version":"2012-10-17","Statement":{"Sid":"fan-in","Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"arn:aws:sqs:eu-west-1:123456789012:orders","Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:sns:eu-west-1:123456789012:t"}}}}`

// TestPermissions goes the way that was recorded of AWS.
func TestPermissions(t *testing.T) {
	const head = `{"Version":"2008-10-17","Id":"arn:aws:sqs:eu-west-1:123456789012:orders/SQSDefaultPolicy","Statement":[`
	one := `{"Sid":"one","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::668614515564:root"},"Action":"SQS:ReceiveMessage","Resource":"arn:aws:sqs:eu-west-1:123456789012:orders"}`
	two := `{"Sid":"two","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::668614515564:root","arn:aws:iam::123456789012:root"]},"Action":["SQS:SendMessage","SQS:*"],"Resource":"arn:aws:sqs:eu-west-1:123456789012:orders"}`

	policy, err := addPermission("", standardKey, "one", []string{"668614515564"}, []string{"ReceiveMessage"})
	if err != nil || policy != head+one+`]}` {
		t.Errorf("one permission: %s, %v", policy, err)
	}
	wantError(t, "the attribute", checkPolicy(policy), "", "")
	_, err = addPermission(policy, standardKey, "one", []string{testAccount}, []string{"SendMessage"})
	wantError(t, "a label twice", err, "InvalidParameterValue", "Value one for parameter Label is invalid. Reason: Already exists.")

	policy, err = addPermission(policy, standardKey, "two", []string{"668614515564", testAccount}, []string{"SendMessage", "*"})
	if err != nil || policy != head+one+`,`+two+`]}` {
		t.Errorf("two permissions: %s, %v", policy, err)
	}
	policy, err = removePermission(policy, "one")
	if err != nil || policy != head+two+`]}` {
		t.Errorf("one permission left: %s, %v", policy, err)
	}
	_, err = removePermission(policy, "one")
	wantError(t, "a label that is gone", err, "InvalidParameterValue", "Value one for parameter Label is invalid. Reason: can't find label.")
	if policy, err = removePermission(policy, "two"); err != nil || policy != "" {
		t.Errorf("no permission left: %s, %v", policy, err)
	}
	_, err = removePermission("", "one")
	wantError(t, "no policy", err, "InvalidParameterValue", "Value one for parameter Label is invalid. Reason: can't find label.")
}

// TestPermissionsBesideOthers says that what a caller wrote stays as it is.
func TestPermissionsBesideOthers(t *testing.T) {
	policy, err := addPermission(testPolicy, standardKey, "more", []string{testAccount}, []string{"PurgeQueue"})
	if err != nil {
		t.Fatal(err)
	}
	_, wanted, _ := strings.Cut(testPolicy, `"Statement":`)
	wanted = strings.TrimSuffix(wanted, "}")
	if !strings.HasPrefix(policy, `{"Version":"2012-10-17","Statement":[`+wanted+`,{"Sid":"more"`) {
		t.Errorf("%s", policy)
	}
	policy, err = removePermission(policy, "more")
	if err != nil || policy != `{"Version":"2012-10-17","Statement":[`+wanted+`]}` {
		t.Errorf("%s, %v", policy, err)
	}
}

func TestAddPermission(t *testing.T) {
	account, action := []string{testAccount}, []string{"SendMessage"}
	seven := slices.Repeat(action, 7)
	if _, err := addPermission("", standardKey, "a", account, seven); err != nil {
		t.Errorf("seven actions: %v", err)
	}
	full, long := "", ""
	for i := range 20 {
		var err error
		if full, err = addPermission(full, standardKey, fmt.Sprint("label", i), account, action); err != nil {
			t.Fatal(err)
		}
	}
	long = strings.Replace(testPolicy, "fan-in", strings.Repeat("s", maxPolicyBytes-len(testPolicy)), 1)
	wantError(t, "a long policy", checkPolicy(long), "", "")
	for _, c := range []struct {
		policy, label     string
		accounts, actions []string
		code, text        string
	}{
		{"", "", account, action, "MissingParameter", "The request must contain the parameter Label."},
		{"", "a", nil, action, "MissingParameter", "The request must contain the parameter AWSAccountIds."},
		{"", "a", account, nil, "MissingParameter", "The request must contain the parameter Actions."},
		{"", "a b", account, action, "InvalidParameterValue", "Value a b for parameter Label is invalid. Reason: Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"},
		{"", "a", []string{"12"}, action, "InvalidParameterValue", "Value 12 for parameter PrincipalId is invalid. Reason: Unable to verify."},
		{"", "a", account, append(seven, "SendMessage"), "OverLimit", "8 Actions were found, maximum allowed is 7."},
		{"", "a", account, []string{"FooBar"}, "InvalidParameterValue", "Value SQS:FooBar for parameter ActionName is invalid. Reason: Please refer to the appropriate WSDL for a list of valid actions. "},
		{"", "a", account, []string{"CreateQueue"}, "InvalidParameterValue", "Value SQS:CreateQueue for parameter ActionName is invalid. Reason: Please refer to the appropriate WSDL for a list of valid actions. "},
		{full, "a", account, action, "OverLimit", "21 Statements were found, maximum allowed is 20."},
		{"", "a", slices.Repeat(account, 51), action, "OverLimit", "51 Principals were found, maximum allowed is 50."},
		{long, "a", account, action, "OverLimit", "The policy is longer than 8192 bytes."},
	} {
		_, err := addPermission(c.policy, standardKey, c.label, c.accounts, c.actions)
		wantError(t, fmt.Sprint(c.label, c.accounts, c.actions), err, c.code, c.text)
	}
	_, err := removePermission(full, "")
	wantError(t, "no label", err, "MissingParameter", "The request must contain the parameter Label.")
}

func TestCheckPolicy(t *testing.T) {
	const invalid = "Invalid value for the parameter Policy."
	conditions := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"Null%d":{}`, i)
		}
		return b.String()
	}
	statement := func(more string) string {
		return `{"Statement":[{"Effect":"Deny","Principal":"*","Action":["sqs:*"]` + more + `}]}`
	}
	for _, c := range []struct{ policy, code, text string }{
		{"", "", ""},
		{testPolicy, "", ""},
		{statement(""), "", ""},
		{`{"Statement":[{"Effect":"Allow","NotPrincipal":{"AWS":["a","b"]},"NotAction":"sqs:DeleteQueue"}]}`, "", ""},
		{statement(`,"Condition":{"A":{}` + conditions(9) + `}`), "", ""},
		{statement(`,"Condition":{"A":{}` + conditions(10) + `}`), "OverLimit", "11 Conditions were found, maximum allowed is 10."},
		{"x", "InvalidAttributeValue", invalid},
		{"[]", "InvalidAttributeValue", invalid},
		{"{}", "InvalidAttributeValue", invalid},
		{`{"Statement":[]}`, "InvalidAttributeValue", invalid},
		{`{"Statement":["x"]}`, "InvalidAttributeValue", invalid},
		{`{"Statement":{"Effect":"Maybe","Principal":"*","Action":"sqs:*"}}`, "InvalidAttributeValue", invalid},
		{`{"Statement":{"Effect":"Allow","Action":"sqs:*"}}`, "InvalidAttributeValue", invalid},
		{`{"Statement":{"Effect":"Allow","Principal":"*"}}`, "InvalidAttributeValue", invalid},
		{statement(`,"Sid":"` + strings.Repeat("s", maxPolicyBytes) + `"`), "InvalidAttributeValue", invalid},
		{`{"Statement":{"Effect":"Allow","Principal":{"AWS":[` + strings.Repeat(`"a",`, 50) + `"a"]},"Action":"sqs:*"}}`, "OverLimit", "51 Principals were found, maximum allowed is 50."},
		{`{"Statement":{"Effect":"Allow","Principal":"*","Action":[` + strings.Repeat(`"a",`, 7) + `"a"]}}`, "OverLimit", "8 Actions were found, maximum allowed is 7."},
	} {
		wantError(t, c.policy, checkPolicy(c.policy), c.code, c.text)
	}
}
