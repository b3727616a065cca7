package cli

type adminCmd struct {
	CA      adminCACmd      `cmd:"" name:"ca" help:"Print the authority that clients trust for TLS."`
	Backup  adminBackupCmd  `cmd:"" help:"Copy the data of the running server, consistently."`
	Restore adminRestoreCmd `cmd:"" help:"Make a data directory of a backup."`
	Upgrade adminUpgradeCmd `cmd:"" help:"Bring the data of a server that does not run to this release's format."`
	Clock   adminClockCmd   `cmd:"" help:"After the clock has jumped."`
	SQS     adminSQSCmd     `cmd:"" name:"sqs" help:"Look at queues and their messages; bring messages in and out."`
}

type adminClockCmd struct {
	Accept adminClockAcceptCmd `cmd:"" help:"Take the clock as it is: trimming goes on."`
}
