package kinesis

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/millrace/millrace/internal/api"
	kinesisapi "github.com/millrace/millrace/internal/awsapi/kinesis"
)

func streamARN(name string) string { return streamKey{testAccount, testRegion, name}.arn() }

func (h *harness) summary(name string) *kinesisapi.StreamDescriptionSummary {
	h.t.Helper()
	out := new(kinesisapi.DescribeStreamSummaryOutput)
	h.must(h.DescribeStreamSummary(h.call(kinesisapi.OpDescribeStreamSummary), &kinesisapi.DescribeStreamSummaryInput{StreamName: api.Some(name)}, out))
	return out.StreamDescriptionSummary
}

func (h *harness) createOnDemand(name string) *streamState {
	h.t.Helper()
	h.must(h.CreateStream(h.call(kinesisapi.OpCreateStream), &kinesisapi.CreateStreamInput{
		StreamName: api.Some(name), StreamModeDetails: &kinesisapi.StreamModeDetails{StreamMode: api.Some(kinesisapi.StreamModeOnDemand)},
	}))
	return h.settle(name)
}

func TestRetentionChangesTakeEffectAfterUpdating(t *testing.T) {
	h := newHarness(t)
	h.create("s", 1)
	increase := func(hours int32) error {
		return h.IncreaseStreamRetentionPeriod(h.call(kinesisapi.OpIncreaseStreamRetentionPeriod), &kinesisapi.IncreaseStreamRetentionPeriodInput{StreamName: api.Some("s"), RetentionPeriodHours: api.Some(hours)})
	}
	decrease := func(hours int32) error {
		return h.DecreaseStreamRetentionPeriod(h.call(kinesisapi.OpDecreaseStreamRetentionPeriod), &kinesisapi.DecreaseStreamRetentionPeriodInput{StreamName: api.Some("s"), RetentionPeriodHours: api.Some(hours)})
	}
	h.must(increase(24))
	if got := h.summary("s").StreamStatus.V; got != active {
		t.Errorf("an equal retention leaves the stream %s", got)
	}
	h.wantCode(increase(23), "InvalidArgumentException")
	h.wantCode(increase(8761), "InvalidArgumentException")
	h.must(increase(48))
	if s := h.summary("s"); s.StreamStatus.V != updating || s.RetentionPeriodHours.V != 24 {
		t.Errorf("during the update: %s, %d hours", s.StreamStatus.V, s.RetentionPeriodHours.V)
	}
	h.wantCode(increase(72), "ResourceInUseException")
	h.settle("s")
	if got := h.summary("s").RetentionPeriodHours.V; got != 48 {
		t.Errorf("after the update: %d hours", got)
	}
	h.wantCode(increase(47), "InvalidArgumentException")
	h.wantCode(decrease(49), "InvalidArgumentException")
	h.must(decrease(24))
	h.settle("s")
	if got := h.summary("s").RetentionPeriodHours.V; got != 24 {
		t.Errorf("after the decrease: %d hours", got)
	}
}

func TestModeSwitchesAreLimited(t *testing.T) {
	h := newHarness(t)
	h.create("s", 3)
	change := func(mode string) error {
		return h.UpdateStreamMode(h.call(kinesisapi.OpUpdateStreamMode), &kinesisapi.UpdateStreamModeInput{
			StreamARN: api.Some(streamARN("s")), StreamModeDetails: &kinesisapi.StreamModeDetails{StreamMode: api.Some(mode)},
		})
	}
	onDemand := func() int32 {
		out := new(kinesisapi.DescribeLimitsOutput)
		h.must(h.DescribeLimits(h.call(kinesisapi.OpDescribeLimits), new(kinesisapi.DescribeLimitsInput), out))
		return out.OnDemandStreamCount.V
	}
	h.must(change(kinesisapi.StreamModeOnDemand))
	st := h.settle("s")
	if !st.OnDemand || len(st.openShard) != 3 || onDemand() != 1 {
		t.Errorf("on demand %v with %d shards; the account counts %d", st.OnDemand, len(st.openShard), onDemand())
	}
	h.must(change(kinesisapi.StreamModeProvisioned))
	if st = h.settle("s"); st.OnDemand || onDemand() != 0 {
		t.Errorf("on demand %v; the account counts %d", st.OnDemand, onDemand())
	}
	h.wantCode(change(kinesisapi.StreamModeOnDemand), "LimitExceededException")
	h.clock.Advance(day)
	h.must(change(kinesisapi.StreamModeOnDemand))
}

func TestEncryptionHoldsForWhatIsWrittenAfterIt(t *testing.T) {
	h := newHarness(t)
	h.create("s", 1)
	start := func(kind, key string) error {
		return h.StartStreamEncryption(h.call(kinesisapi.OpStartStreamEncryption), &kinesisapi.StartStreamEncryptionInput{StreamName: api.Some("s"), EncryptionType: api.Some(kind), KeyId: api.Some(key)})
	}
	stop := func(key string) error {
		return h.StopStreamEncryption(h.call(kinesisapi.OpStopStreamEncryption), &kinesisapi.StopStreamEncryptionInput{StreamName: api.Some("s"), EncryptionType: api.Some("KMS"), KeyId: api.Some(key)})
	}
	h.wantCode(start("NONE", managedKey), "InvalidArgumentException")
	h.wantCode(start("KMS", "alias/mine"), "KMSNotFoundException")
	h.wantCode(start("KMS", "arn:aws:kms:us-east-1:111111111111:alias/aws/kinesis"), "KMSNotFoundException")
	h.wantCode(stop(managedKey), "InvalidArgumentException")
	h.put("s", [2]string{"a", "clear"})
	h.must(start("KMS", "arn:aws:kms:us-east-1:000000000000:alias/aws/kinesis"))
	h.settle("s")
	if out := h.put("s", [2]string{"a", "sealed"}); out.EncryptionType.V != "KMS" {
		t.Errorf("the answer's encryption is %q", out.EncryptionType.V)
	}
	h.wantCode(stop("alias/mine"), "InvalidArgumentException")
	h.must(stop(managedKey))
	h.settle("s")
	h.put("s", [2]string{"a", "clear again"})
	page := h.get(h.iterator("s", "0", "TRIM_HORIZON"))
	var got []string
	for _, r := range page.Records {
		got = append(got, fmt.Sprint(string(r.Data), " ", r.EncryptionType.V))
	}
	if want := []string{"clear ", "sealed KMS", "clear again "}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEnhancedMonitoring(t *testing.T) {
	h := newHarness(t)
	h.create("s", 1)
	out := new(kinesisapi.EnhancedMonitoringOutput)
	h.must(h.EnableEnhancedMonitoring(h.call(kinesisapi.OpEnableEnhancedMonitoring), &kinesisapi.EnableEnhancedMonitoringInput{StreamName: api.Some("s"), ShardLevelMetrics: []string{"ALL"}}, out))
	if len(out.CurrentShardLevelMetrics) != 0 || len(out.DesiredShardLevelMetrics) != 7 {
		t.Errorf("from %q to %q", out.CurrentShardLevelMetrics, out.DesiredShardLevelMetrics)
	}
	h.settle("s")
	h.must(h.DisableEnhancedMonitoring(h.call(kinesisapi.OpDisableEnhancedMonitoring), &kinesisapi.DisableEnhancedMonitoringInput{StreamName: api.Some("s"), ShardLevelMetrics: []string{"IncomingBytes"}}, out))
	h.settle("s")
	if got := h.summary("s").EnhancedMonitoring[0].ShardLevelMetrics; len(got) != 6 || slices.Contains(got, "IncomingBytes") {
		t.Errorf("after disabling one: %q", got)
	}
}

func TestRecordSizeDistributionAndWarmThroughput(t *testing.T) {
	h := newHarness(t)
	h.create("p", 1)
	h.createOnDemand("d")
	size := func(kib int32) error {
		return h.UpdateMaxRecordSize(h.call(kinesisapi.OpUpdateMaxRecordSize), &kinesisapi.UpdateMaxRecordSizeInput{StreamARN: api.Some(streamARN("p")), MaxRecordSizeInKiB: api.Some(kib)})
	}
	h.wantCode(size(1023), "ValidationException")
	h.wantCode(size(10241), "ValidationException")
	h.must(size(10240))
	h.settle("p")
	if got := h.summary("p").MaxRecordSizeInKiB.V; got != 10240 {
		t.Errorf("records may have %d KiB", got)
	}

	distribute := func(stream string) error {
		return h.UpdateStreamRecordDistributionStrategy(h.call(kinesisapi.OpUpdateStreamRecordDistributionStrategy), &kinesisapi.UpdateStreamRecordDistributionStrategyInput{StreamARN: api.Some(streamARN(stream)), RecordDistributionStrategy: api.Some("AUTO")})
	}
	h.wantCode(distribute("p"), "InvalidArgumentException")
	h.must(distribute("d"))
	if s := h.summary("d"); s.StreamStatus.V != active || s.RecordDistributionStrategy.V != "AUTO" {
		t.Errorf("%s, %s", s.StreamStatus.V, s.RecordDistributionStrategy.V)
	}

	out := new(kinesisapi.UpdateStreamWarmThroughputOutput)
	warm := func(mibps int32) error {
		return h.UpdateStreamWarmThroughput(h.call(kinesisapi.OpUpdateStreamWarmThroughput), &kinesisapi.UpdateStreamWarmThroughputInput{StreamName: api.Some("d"), WarmThroughputMiBps: api.Some(mibps)}, out)
	}
	h.wantCode(warm(10), "ValidationException")
	if got := h.commit("ENABLED"); got.Status.V != "ENABLED" || !got.EarliestAllowedEndAt.Set {
		t.Errorf("the commitment is %+v", got)
	}
	h.wantCode(warm(10241), "ValidationException")
	h.must(warm(10))
	if w := out.WarmThroughput; w.TargetMiBps.V != 10 || w.CurrentMiBps.V != 0 {
		t.Errorf("warm throughput %+v", w)
	}
}

func (h *harness) commit(status string) *kinesisapi.MinimumThroughputBillingCommitmentOutput {
	h.t.Helper()
	out := new(kinesisapi.UpdateAccountSettingsOutput)
	h.must(h.UpdateAccountSettings(h.call(kinesisapi.OpUpdateAccountSettings), &kinesisapi.UpdateAccountSettingsInput{
		MinimumThroughputBillingCommitment: &kinesisapi.MinimumThroughputBillingCommitmentInput{Status: api.Some(status)},
	}, out))
	return out.MinimumThroughputBillingCommitment
}

func TestCommitmentLastsADay(t *testing.T) {
	h := newHarness(t)
	h.commit("ENABLED")
	if got := h.commit("DISABLED").Status.V; got != "ENABLED_UNTIL_EARLIEST_ALLOWED_END" {
		t.Errorf("disabled early it is %s", got)
	}
	h.clock.Advance(day + time.Second)
	out := new(kinesisapi.DescribeAccountSettingsOutput)
	h.must(h.DescribeAccountSettings(h.call(kinesisapi.OpDescribeAccountSettings), new(kinesisapi.DescribeAccountSettingsInput), out))
	if got := out.MinimumThroughputBillingCommitment; got.Status.V != "DISABLED" || !got.EndedAt.Set {
		t.Errorf("after its day it is %+v", got)
	}
}
