package conformance

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

func arnOf(stream string) *string {
	return aws.String("arn:aws:kinesis:" + region + ":" + account + ":stream/" + stream)
}

func summary(t *testing.T, c *kinesis.Client, stream string) *types.StreamDescriptionSummary {
	t.Helper()
	return must[*kinesis.DescribeStreamSummaryOutput](t)(c.DescribeStreamSummary(t.Context(), &kinesis.DescribeStreamSummaryInput{StreamName: &stream})).StreamDescriptionSummary
}

// near fails the test unless a time is within seconds of now.
func near(t *testing.T, what string, at *time.Time) {
	t.Helper()
	if at == nil || time.Since(*at).Abs() > 30*time.Second {
		t.Errorf("%s: %v", what, at)
	}
}

// Rows 1, 2 and 21.
func TestStreamsComeAndGo(t *testing.T) {
	t.Parallel()
	c := start(t).client()
	for _, name := range []string{"s", "t", "u"} {
		newStream(t, c, name, 2)
	}
	_, err := c.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: aws.String("s"), ShardCount: aws.Int32(2)})
	var inUse *types.ResourceInUseException
	if !errors.As(err, &inUse) || inUse.ErrorMessage() != "Stream s under account "+account+" already exists." {
		t.Errorf("create again: %v", err)
	}
	described := must[*kinesis.DescribeStreamOutput](t)(c.DescribeStream(t.Context(), &kinesis.DescribeStreamInput{StreamARN: arnOf("s")})).StreamDescription
	near(t, "creation", described.StreamCreationTimestamp)
	ranges := ""
	for _, sh := range described.Shards {
		ranges += fmt.Sprint(*sh.ShardId, " ", *sh.HashKeyRange.StartingHashKey, "-", *sh.HashKeyRange.EndingHashKey, "\n")
	}
	if ranges != "shardId-000000000000 0-170141183460469231731687303715884105727\n"+
		"shardId-000000000001 170141183460469231731687303715884105728-340282366920938463463374607431768211455\n" {
		t.Error(ranges)
	}
	brief := summary(t, c, "s")
	if brief.StreamId != nil || aws.ToInt32(brief.MaxRecordSizeInKiB) != 1024 || aws.ToInt32(brief.OpenShardCount) != 2 ||
		aws.ToInt32(brief.RetentionPeriodHours) != 24 || brief.StreamModeDetails.StreamMode != types.StreamModeProvisioned || len(brief.EnhancedMonitoring) != 1 {
		t.Errorf("%+v", brief)
	}
	var names []string
	for pages := kinesis.NewListStreamsPaginator(c, &kinesis.ListStreamsInput{Limit: aws.Int32(1)}); pages.HasMorePages(); {
		names = append(names, must[*kinesis.ListStreamsOutput](t)(pages.NextPage(t.Context())).StreamNames...)
	}
	if !slices.Equal(names, []string{"s", "t", "u"}) {
		t.Errorf("listed: %q", names)
	}
	if _, err := c.DeleteStream(t.Context(), &kinesis.DeleteStreamInput{StreamName: aws.String("s")}); err != nil {
		t.Fatal(err)
	}
	gone(t, c, "s")
	_, err = c.DescribeStreamSummary(t.Context(), &kinesis.DescribeStreamSummaryInput{StreamName: aws.String("s")})
	var missing *types.ResourceNotFoundException
	if !errors.As(err, &missing) {
		t.Errorf("describe what is gone: %v", err)
	}
}

func gone(t *testing.T, c *kinesis.Client, name string) {
	t.Helper()
	w := kinesis.NewStreamNotExistsWaiter(c, func(o *kinesis.StreamNotExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 20*time.Millisecond, 50*time.Millisecond
	})
	if err := w.Wait(t.Context(), &kinesis.DescribeStreamInput{StreamName: &name}, 20*time.Second); err != nil {
		t.Fatal(err)
	}
}

// Row 23.
func TestARecreatedStreamIsAnother(t *testing.T) {
	t.Parallel()
	c := start(t).client()
	newStream(t, c, "s", 1)
	old := put(t, c, "s", "a", "old")
	it := iterator(t, c, "s", firstShard, types.ShardIteratorTypeTrimHorizon)
	if _, err := c.RegisterStreamConsumer(t.Context(), &kinesis.RegisterStreamConsumerInput{StreamARN: arnOf("s"), ConsumerName: aws.String("c")}); err != nil {
		t.Fatal(err)
	}
	_, err := c.DeleteStream(t.Context(), &kinesis.DeleteStreamInput{StreamName: aws.String("s")})
	wantCode(t, err, "ResourceInUseException")
	if _, err := c.DeleteStream(t.Context(), &kinesis.DeleteStreamInput{StreamName: aws.String("s"), EnforceConsumerDeletion: aws.Bool(true)}); err != nil {
		t.Fatal(err)
	}
	gone(t, c, "s")
	_, err = c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it})
	wantCode(t, err, "ResourceNotFoundException")
	newStream(t, c, "s", 1)
	_, err = c.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it})
	wantCode(t, err, "ResourceNotFoundException")
	_, err = c.GetShardIterator(t.Context(), &kinesis.GetShardIteratorInput{
		StreamName: aws.String("s"), ShardId: aws.String(firstShard), ShardIteratorType: types.ShardIteratorTypeAtSequenceNumber, StartingSequenceNumber: old.SequenceNumber,
	})
	wantCode(t, err, "InvalidArgumentException")
	put(t, c, "s", "a", "new")
	if got := text(read(t, c, iterator(t, c, "s", firstShard, types.ShardIteratorTypeTrimHorizon)).Records); !slices.Equal(got, []string{"new"}) {
		t.Errorf("the new stream has %q", got)
	}
}

// Row 22, and what else of a stream can be changed.
func TestSettings(t *testing.T) {
	t.Parallel()
	c := start(t).client()
	newStream(t, c, "s", 1)
	s := aws.String("s")
	change := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		settled(t, c, "s")
	}
	increase := func(hours int32) error {
		_, err := c.IncreaseStreamRetentionPeriod(t.Context(), &kinesis.IncreaseStreamRetentionPeriodInput{StreamName: s, RetentionPeriodHours: &hours})
		return err
	}
	decrease := func(hours int32) error {
		_, err := c.DecreaseStreamRetentionPeriod(t.Context(), &kinesis.DecreaseStreamRetentionPeriodInput{StreamName: s, RetentionPeriodHours: &hours})
		return err
	}
	change(nil, increase(24))
	wantCode(t, increase(8761), "InvalidArgumentException")
	wantCode(t, decrease(23), "InvalidArgumentException")
	change(nil, increase(8760))
	wantCode(t, increase(48), "InvalidArgumentException")
	change(nil, decrease(48))
	if got := summary(t, c, "s").RetentionPeriodHours; *got != 48 {
		t.Errorf("retention is %d hours", *got)
	}

	change(c.AddTagsToStream(t.Context(), &kinesis.AddTagsToStreamInput{StreamName: s, Tags: map[string]string{"a": "1", "b": "2"}}))
	change(c.TagResource(t.Context(), &kinesis.TagResourceInput{ResourceARN: arnOf("s"), Tags: map[string]string{"a": "3"}}))
	change(c.UntagResource(t.Context(), &kinesis.UntagResourceInput{ResourceARN: arnOf("s"), TagKeys: []string{"b", "absent"}}))
	for form, tags := range map[string][]types.Tag{
		"stream":   must[*kinesis.ListTagsForStreamOutput](t)(c.ListTagsForStream(t.Context(), &kinesis.ListTagsForStreamInput{StreamName: s})).Tags,
		"resource": must[*kinesis.ListTagsForResourceOutput](t)(c.ListTagsForResource(t.Context(), &kinesis.ListTagsForResourceInput{ResourceARN: arnOf("s")})).Tags,
	} {
		if len(tags) != 1 || *tags[0].Key != "a" || *tags[0].Value != "3" {
			t.Errorf("tags in the %s form: %v", form, tags)
		}
	}

	key := aws.String("alias/aws/kinesis")
	change(c.StartStreamEncryption(t.Context(), &kinesis.StartStreamEncryptionInput{StreamName: s, EncryptionType: types.EncryptionTypeKms, KeyId: key}))
	if out := put(t, c, "s", "a", "secret"); out.EncryptionType != types.EncryptionTypeKms {
		t.Errorf("put into an encrypted stream: %q", out.EncryptionType)
	}
	if b := summary(t, c, "s"); b.EncryptionType != types.EncryptionTypeKms || aws.ToString(b.KeyId) != *key {
		t.Errorf("encryption: %s, %v", b.EncryptionType, b.KeyId)
	}
	change(c.StopStreamEncryption(t.Context(), &kinesis.StopStreamEncryptionInput{StreamName: s, EncryptionType: types.EncryptionTypeKms, KeyId: key}))
	if r := read(t, c, iterator(t, c, "s", firstShard, types.ShardIteratorTypeTrimHorizon)).Records; len(r) != 1 || string(r[0].Data) != "secret" || r[0].EncryptionType != types.EncryptionTypeKms {
		t.Errorf("read of an encrypted record: %+v", r)
	}
	_, err := c.StartStreamEncryption(t.Context(), &kinesis.StartStreamEncryptionInput{StreamName: s, EncryptionType: types.EncryptionTypeKms, KeyId: aws.String("alias/mine")})
	var noKey *types.KMSNotFoundException
	if !errors.As(err, &noKey) {
		t.Errorf("an unknown key: %v", err)
	}

	enabled := must[*kinesis.EnableEnhancedMonitoringOutput](t)(c.EnableEnhancedMonitoring(t.Context(), &kinesis.EnableEnhancedMonitoringInput{StreamName: s, ShardLevelMetrics: []types.MetricsName{types.MetricsNameAll}}))
	if len(enabled.CurrentShardLevelMetrics) != 0 || len(enabled.DesiredShardLevelMetrics) != 7 {
		t.Errorf("monitoring: %+v", enabled)
	}
	settled(t, c, "s")
	change(c.DisableEnhancedMonitoring(t.Context(), &kinesis.DisableEnhancedMonitoringInput{StreamName: s, ShardLevelMetrics: []types.MetricsName{types.MetricsNameIncomingBytes}}))
	if got := summary(t, c, "s").EnhancedMonitoring[0].ShardLevelMetrics; len(got) != 6 {
		t.Errorf("monitoring without one: %v", got)
	}

	policyOf := func() string {
		return *must[*kinesis.GetResourcePolicyOutput](t)(c.GetResourcePolicy(t.Context(), &kinesis.GetResourcePolicyInput{ResourceARN: arnOf("s")})).Policy
	}
	if got := policyOf(); got != "{}" {
		t.Errorf("policy before there is one: %s", got)
	}
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kinesis:PutRecord","Resource":"` + *arnOf("s") + `"}]}`
	change(c.PutResourcePolicy(t.Context(), &kinesis.PutResourcePolicyInput{ResourceARN: arnOf("s"), Policy: &policy}))
	if got := policyOf(); got != policy {
		t.Errorf("policy: %s", got)
	}
	change(c.DeleteResourcePolicy(t.Context(), &kinesis.DeleteResourcePolicyInput{ResourceARN: arnOf("s")}))
	if got := policyOf(); got != "{}" {
		t.Errorf("policy after its deletion: %s", got)
	}

	big := &kinesis.PutRecordInput{StreamName: s, PartitionKey: aws.String("a"), Data: make([]byte, 2<<20)}
	_, err = c.PutRecord(t.Context(), big)
	wantCode(t, err, "ValidationException")
	_, err = c.UpdateMaxRecordSize(t.Context(), &kinesis.UpdateMaxRecordSizeInput{StreamARN: arnOf("s"), MaxRecordSizeInKiB: aws.Int32(10241)})
	wantCode(t, err, "ValidationException")
	change(c.UpdateMaxRecordSize(t.Context(), &kinesis.UpdateMaxRecordSizeInput{StreamARN: arnOf("s"), MaxRecordSizeInKiB: aws.Int32(4096)}))
	change(c.PutRecord(t.Context(), big))

	change(c.UpdateStreamMode(t.Context(), &kinesis.UpdateStreamModeInput{StreamARN: arnOf("s"), StreamModeDetails: &types.StreamModeDetails{StreamMode: types.StreamModeOnDemand}}))
	_, err = c.UpdateShardCount(t.Context(), &kinesis.UpdateShardCountInput{StreamName: s, TargetShardCount: aws.Int32(2), ScalingType: types.ScalingTypeUniformScaling})
	wantCode(t, err, "ValidationException")
	change(c.UpdateStreamRecordDistributionStrategy(t.Context(), &kinesis.UpdateStreamRecordDistributionStrategyInput{StreamARN: arnOf("s"), RecordDistributionStrategy: types.RecordDistributionStrategyAuto}))
	change(c.PutRecord(t.Context(), &kinesis.PutRecordInput{StreamName: s, Data: []byte("no key")}))
	limits := must[*kinesis.DescribeLimitsOutput](t)(c.DescribeLimits(t.Context(), &kinesis.DescribeLimitsInput{}))
	if *limits.OnDemandStreamCount != 1 || *limits.ShardLimit == 0 {
		t.Errorf("limits: %d on-demand streams, %d shards", *limits.OnDemandStreamCount, *limits.ShardLimit)
	}
}

func TestAccountSettings(t *testing.T) {
	t.Parallel()
	c := start(t).client()
	status := func() types.MinimumThroughputBillingCommitmentOutputStatus {
		return must[*kinesis.DescribeAccountSettingsOutput](t)(c.DescribeAccountSettings(t.Context(), &kinesis.DescribeAccountSettingsInput{})).MinimumThroughputBillingCommitment.Status
	}
	if got := status(); got != types.MinimumThroughputBillingCommitmentOutputStatusDisabled {
		t.Errorf("at first: %s", got)
	}
	if _, err := c.UpdateAccountSettings(t.Context(), &kinesis.UpdateAccountSettingsInput{
		MinimumThroughputBillingCommitment: &types.MinimumThroughputBillingCommitmentInput{Status: types.MinimumThroughputBillingCommitmentInputStatusEnabled},
	}); err != nil {
		t.Fatal(err)
	}
	if got := status(); got != types.MinimumThroughputBillingCommitmentOutputStatusEnabled {
		t.Errorf("then: %s", got)
	}
	if _, err := c.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: aws.String("s"), StreamModeDetails: &types.StreamModeDetails{StreamMode: types.StreamModeOnDemand}}); err != nil {
		t.Fatal(err)
	}
	settled(t, c, "s")
	warm := must[*kinesis.UpdateStreamWarmThroughputOutput](t)(c.UpdateStreamWarmThroughput(t.Context(), &kinesis.UpdateStreamWarmThroughputInput{StreamName: aws.String("s"), WarmThroughputMiBps: aws.Int32(6)}))
	if *warm.WarmThroughput.TargetMiBps != 6 {
		t.Errorf("%+v", warm.WarmThroughput)
	}
	settled(t, c, "s")
	if got := *summary(t, c, "s").WarmThroughput; *got.CurrentMiBps != 6 {
		t.Errorf("%+v", got)
	}
}

// Accounts and regions do not see each other.
func TestAccountsAndRegionsAreKeptApart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	config := filepath.Join(dir, "millrace.yaml")
	if err := os.WriteFile(config, []byte("accounts:\n  - id: \"111122223333\"\n    access-key-id: AKIAOTHER\n    secret-access-key: other-secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, "--config="+config)
	clients := map[string]*kinesis.Client{
		"one":    s.client(),
		"two":    s.clientOf("eu-west-1", accessKey, secretKey),
		"second": s.clientOf(region, "AKIAOTHER", "other-secret"),
	}
	for name, c := range clients {
		newStream(t, c, "same", 1)
		put(t, c, "same", "a", name)
	}
	its := map[string]*string{}
	for name, c := range clients {
		its[name] = iterator(t, c, "same", firstShard, types.ShardIteratorTypeTrimHorizon)
		if got := text(read(t, c, its[name]).Records); len(got) != 1 || got[0] != name {
			t.Errorf("%s reads %q", name, got)
		}
	}
	_, err := clients["second"].GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: its["one"]})
	wantCode(t, err, "InvalidArgumentException")
	_, err = clients["second"].DescribeStreamSummary(t.Context(), &kinesis.DescribeStreamSummaryInput{StreamARN: arnOf("same")})
	wantCode(t, err, "AccessDeniedException")
	if _, err := clients["second"].DeleteStream(t.Context(), &kinesis.DeleteStreamInput{StreamName: aws.String("same")}); err != nil {
		t.Fatal(err)
	}
	put(t, clients["one"], "same", "a", "still there")
}
