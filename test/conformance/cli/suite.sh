#!/usr/bin/env bash
# The AWS CLI against Millrace: prints "ok NAME" or "not ok NAME: why" for each check.
set -uo pipefail

k() { "$AWS_CLI" kinesis "$@"; }

# shellcheck source=checks.sh
. "$(dirname "$0")/checks.sh"

settled() {
  for _ in $(seq 200); do
    [ "$(k describe-stream-summary --stream-name "$1" --query StreamDescriptionSummary.StreamStatus --output text)" = ACTIVE ] && return 0
  done
  echo "$1 does not become ACTIVE"
  return 1
}

ARN=arn:aws:kinesis:us-east-1:000000000000:stream/s
FIRST=shardId-000000000000

iterator() { # TYPE, and further options
  local type=$1
  shift
  k get-shard-iterator --stream-name s --shard-id $FIRST --shard-iterator-type "$type" --query ShardIterator --output text "$@"
}

# read prints what a page of the first shard has: data in base64, one record a line.
read_from() { k get-records --shard-iterator "$(iterator "$@")" --query 'Records[].[Data]' --output text; }

summary() { k describe-stream-summary --stream-name s --query "StreamDescriptionSummary.$1" --output text; }

change() { # what begins a change, which is waited for
  k "$@" && settled s
}

check create k create-stream --stream-name s --shard-count 2
check wait k wait stream-exists --stream-name s
check create-again refused ResourceInUseException k create-stream --stream-name s --shard-count 2
check shards equal "0 170141183460469231731687303715884105727 170141183460469231731687303715884105728 340282366920938463463374607431768211455" \
  k list-shards --stream-name s --query 'Shards[].[HashKeyRange.StartingHashKey,HashKeyRange.EndingHashKey]' --output text
check no-stream-id equal None summary StreamId
check record-size equal 1024 summary MaxRecordSizeInKiB
check listed equal s k list-streams --page-size 1 --query 'StreamNames[]' --output text

# The CLI encodes what it is given: a record of "YQ==" is shown as its base64.
latest=$(iterator LATEST)
check put equal $FIRST k put-record --stream-name s --partition-key a --data YQ== --query ShardId --output text
check latest-before-the-put equal "WVE9PQ== a" k get-records --shard-iterator "$latest" --query 'Records[].[Data,PartitionKey]' --output text
check the-same-iterator-again equal "WVE9PQ== a" k get-records --shard-iterator "$latest" --query 'Records[].[Data,PartitionKey]' --output text
check put-many equal "0 2" k put-records --stream-name s --records Data=b,PartitionKey=a Data=c,PartitionKey=a --query '[FailedRecordCount,length(Records)]' --output text
number=$(k get-records --shard-iterator "$latest" --query 'Records[1].SequenceNumber' --output text)
check number-of-aws [ "${#number}-${number:0:2}" = 56-49 ]
check trim-horizon equal "WVE9PQ== Yg== Yw==" read_from TRIM_HORIZON
check latest equal "" read_from LATEST
check at-number equal "Yg== Yw==" read_from AT_SEQUENCE_NUMBER --starting-sequence-number "$number"
check after-number equal "Yw==" read_from AFTER_SEQUENCE_NUMBER --starting-sequence-number "$number"
check at-timestamp equal "WVE9PQ== Yg== Yw==" read_from AT_TIMESTAMP --timestamp "$(date -d '-1 minute' +%s)"
check no-number refused InvalidArgumentException iterator AT_SEQUENCE_NUMBER
check future refused InvalidArgumentException iterator AT_TIMESTAMP --timestamp "$(date -d '+1 hour' +%s)"
check long-key refused ValidationException k put-record --stream-name s --data YQ== --partition-key "$(printf 'k%.0s' $(seq 257))"
check high-hash refused InvalidArgumentException k put-record --stream-name s --data YQ== --partition-key a --explicit-hash-key 340282366920938463463374607431768211456
check nothing-more equal "WVE9PQ== Yg== Yw==" read_from TRIM_HORIZON
check missing refused ResourceNotFoundException k describe-stream --stream-name nowhere
check no-iterator refused InvalidArgumentException k get-records --shard-iterator nonsense

check split change split-shard --stream-name s --shard-to-split $FIRST --new-starting-hash-key 85070591730234615865843651857942052864
check split-again refused InvalidArgumentException k split-shard --stream-name s --shard-to-split $FIRST --new-starting-hash-key 85070591730234615865843651857942052864
check parent-ends equal None k get-records --shard-iterator "$(iterator TRIM_HORIZON)" --query NextShardIterator --output text
check parent-has-children equal "shardId-000000000002 shardId-000000000003" \
  k get-records --shard-iterator "$(iterator TRIM_HORIZON)" --query 'ChildShards[].ShardId' --output text
check open-shards equal 3 k list-shards --stream-name s --shard-filter Type=AT_LATEST --query 'length(Shards)'
check page equal 4 k describe-stream --stream-name s --page-size 1 --query 'length(StreamDescription.Shards)'
check merge change merge-shards --stream-name s --shard-to-merge shardId-000000000002 --adjacent-shard-to-merge shardId-000000000003
check merged equal "shardId-000000000001 shardId-000000000004" k list-shards --stream-name s --shard-filter Type=AT_LATEST --query 'Shards[].ShardId' --output text
check scale equal "2 4" k update-shard-count --stream-name s --target-shard-count 4 --scaling-type UNIFORM_SCALING --query '[CurrentShardCount,TargetShardCount]' --output text
check scale-settles settled s
check scaled equal 4 summary OpenShardCount
check scale-too-far refused LimitExceededException k update-shard-count --stream-name s --target-shard-count 9 --scaling-type UNIFORM_SCALING

check tags k add-tags-to-stream --stream-name s --tags a=1,b=2
check tag-resource k tag-resource --resource-arn $ARN --tags c=3
check untag k remove-tags-from-stream --stream-name s --tag-keys b
check tags-listed equal "a 1 c 3" k list-tags-for-stream --stream-name s --query 'Tags[].[Key,Value]' --output text
check tags-of-resource equal "a 1 c 3" k list-tags-for-resource --resource-arn $ARN --query 'Tags[].[Key,Value]' --output text
check retention-same change increase-stream-retention-period --stream-name s --retention-period-hours 24
check retention-long refused InvalidArgumentException k increase-stream-retention-period --stream-name s --retention-period-hours 8761
check retention-short refused InvalidArgumentException k decrease-stream-retention-period --stream-name s --retention-period-hours 23
check retention change increase-stream-retention-period --stream-name s --retention-period-hours 48
check retention-holds equal 48 summary RetentionPeriodHours
check encrypt change start-stream-encryption --stream-name s --encryption-type KMS --key-id alias/aws/kinesis
check encrypted equal KMS k put-record --stream-name s --partition-key a --data YQ== --query EncryptionType --output text
check unknown-key refused KMSNotFoundException k start-stream-encryption --stream-name s --encryption-type KMS --key-id alias/mine
check decrypt change stop-stream-encryption --stream-name s --encryption-type KMS --key-id alias/aws/kinesis
check monitoring equal 7 k enable-enhanced-monitoring --stream-name s --shard-level-metrics ALL --query 'length(DesiredShardLevelMetrics)'
check monitoring-settles settled s
check larger-records change update-max-record-size --stream-arn $ARN --max-record-size-in-ki-b 2048
check policy k put-resource-policy --resource-arn $ARN --policy \
  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kinesis:PutRecord","Resource":"'$ARN'"}]}'
check policy-holds equal 2012-10-17 bash -c '"$AWS_CLI" kinesis get-resource-policy --resource-arn '$ARN' --query Policy --output text | grep -o 2012-10-17'
check policy-gone k delete-resource-policy --resource-arn $ARN
check mode change update-stream-mode --stream-arn $ARN --stream-mode-details StreamMode=ON_DEMAND
check mode-holds equal ON_DEMAND summary StreamModeDetails.StreamMode
check limits equal 1 k describe-limits --query OnDemandStreamCount
check account-settings equal DISABLED k describe-account-settings --query MinimumThroughputBillingCommitment.Status --output text

check consumer k register-stream-consumer --stream-arn $ARN --consumer-name c
check consumers equal c k list-stream-consumers --stream-arn $ARN --query 'Consumers[].ConsumerName' --output text
check delete-refused refused ResourceInUseException k delete-stream --stream-name s
check delete k delete-stream --stream-name s --enforce-consumer-deletion
check wait-gone k wait stream-not-exists --stream-name s
check tls env AWS_CA_BUNDLE="$CA_FILE" "$AWS_CLI" --endpoint-url "$TLS_ENDPOINT" kinesis list-streams
check wrong-secret refused InvalidSignatureException env AWS_SECRET_ACCESS_KEY=wrong "$AWS_CLI" kinesis list-streams
echo done
