// Package consumer follows a Kinesis stream: all its shards, through reshards.
//
// Order: the records of a shard are handed over in their order, and a shard's only
// after all of its parents' were. So the records of one partition key arrive in the
// order in which they were stored, whatever splits and merges happen.
//
// Delivery: within one run every record is handed over once. Where a run goes on
// from the [State] of an earlier one, what was handed over after that state was
// taken comes again.
//
// Shards are read side by side, by GetRecords or, for a registered consumer, by
// SubscribeToShard; what fails is tried again from where it was.
package consumer
