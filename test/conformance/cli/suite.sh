#!/usr/bin/env bash
# The AWS CLI against Millrace: prints "ok NAME" or "not ok NAME: why" for each check.
set -uo pipefail

k() { "$AWS_CLI" kinesis "$@"; }

check() { # NAME, and what must succeed
  local name=$1 said
  shift
  if said=$("$@" 2>&1); then echo "ok $name"; else echo "not ok $name: $(echo "$said" | tr '\n' ' ')"; fi
}

equal() { # WANT, and the command that prints it
  local want=$1 got
  shift
  got=$("$@" 2>&1 | tr '\t\n' '  ' | sed 's/ *$//')
  [ "$got" = "$want" ] || { echo "got '$got', want '$want'"; return 1; }
}

refused() { # CODE, and the command that is answered with it
  local code=$1 said
  shift
  if said=$("$@" 2>&1); then echo "succeeded: $said"; return 1; fi
  [[ $said == *"($code)"* ]] || { echo "$said"; return 1; }
}

settled() {
  for _ in $(seq 200); do
    [ "$(k describe-stream-summary --stream-name "$1" --query StreamDescriptionSummary.StreamStatus --output text)" = ACTIVE ] && return 0
  done
  echo "$1 does not become ACTIVE"
  return 1
}

check create k create-stream --stream-name s --shard-count 2
check wait k wait stream-exists --stream-name s
check create-again refused ResourceInUseException k create-stream --stream-name s --shard-count 2
# The CLI encodes what it is given: a record of "YQ==" is shown as its base64.
check put equal shardId-000000000000 k put-record --stream-name s --partition-key a --explicit-hash-key 0 --data YQ== --query ShardId --output text
check shards equal "0 170141183460469231731687303715884105727 170141183460469231731687303715884105728 340282366920938463463374607431768211455" \
  k list-shards --stream-name s --query 'Shards[].[HashKeyRange.StartingHashKey,HashKeyRange.EndingHashKey]' --output text
check read equal "WVE9PQ== a" bash -c '"$AWS_CLI" kinesis get-records --query "Records[].[Data,PartitionKey]" --output text --shard-iterator \
  "$("$AWS_CLI" kinesis get-shard-iterator --stream-name s --shard-id shardId-000000000000 --shard-iterator-type TRIM_HORIZON --query ShardIterator --output text)"'
check split k split-shard --stream-name s --shard-to-split shardId-000000000000 --new-starting-hash-key 85070591730234615865843651857942052864
check split-settles settled s
check tags k add-tags-to-stream --stream-name s --tags a=1,b=2
check tags-listed equal "a 1 b 2" k list-tags-for-stream --stream-name s --query 'Tags[].[Key,Value]' --output text
check retention refused InvalidArgumentException k increase-stream-retention-period --stream-name s --retention-period-hours 8761
check missing refused ResourceNotFoundException k describe-stream --stream-name nowhere
check open-shards equal 3 k list-shards --stream-name s --shard-filter Type=AT_LATEST --query 'length(Shards)'
check page equal 4 k describe-stream --stream-name s --page-size 1 --query 'length(StreamDescription.Shards)'
check consumer k register-stream-consumer --stream-arn arn:aws:kinesis:us-east-1:000000000000:stream/s --consumer-name c
check delete-refused refused ResourceInUseException k delete-stream --stream-name s
check delete k delete-stream --stream-name s --enforce-consumer-deletion
check wait-gone k wait stream-not-exists --stream-name s
check tls env AWS_CA_BUNDLE="$CA_FILE" "$AWS_CLI" --endpoint-url "$TLS_ENDPOINT" kinesis list-streams
echo done
