// Package producer writes records to a Kinesis stream in batches of PutRecords,
// and sends again what was throttled or failed.
//
// Order: records of one key go through one lane, and a lane has one request under
// way, so a record is never sent before an earlier one of its key was answered.
// Inside a request Kinesis may store a later record where it refuses an earlier
// one of the same key; [Options.StrictOrder] keeps a request to one record a key
// and so rules that out, at the price of smaller requests.
//
// Delivery is at least once: where a request ends without an answer its records
// are sent again and may be stored twice. [Options.Resent] tells of them.
//
// A Producer is safe for concurrent use. It holds at most three batches a lane.
package producer
