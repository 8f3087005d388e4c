-- The backups of a self-hosted CockroachDB (docs/backups.md). Replace movr-backup by your buckets, and run it
-- once, as a user who may back up: `. deploy/variables; sql < deploy/backup/cockroachdb.sql`.
--
-- Each region's rows go to the bucket of that region; the first one also gets what belongs to none. AUTH=implicit
-- uses the service account of the nodes.

-- A full backup each day at 02:00 UTC, and every 15 minutes what has changed since, with all versions of each row:
-- much more often than versions are removed (gc.ttlseconds, of 4 hours or more by default).
CREATE SCHEDULE IF NOT EXISTS 'movr' FOR BACKUP DATABASE movr INTO (
    'gs://movr-backup-us-east1?AUTH=implicit&COCKROACH_LOCALITY=default',
    'gs://movr-backup-us-west1?AUTH=implicit&COCKROACH_LOCALITY=region%3Dgcp-us-west1',
    'gs://movr-backup-europe-west1?AUTH=implicit&COCKROACH_LOCALITY=region%3Dgcp-europe-west1'
)
WITH revision_history
RECURRING '*/15 * * * *' FULL BACKUP '0 2 * * *'
WITH SCHEDULE OPTIONS first_run = 'now', on_execution_failure = 'retry', on_previous_running = 'wait',
    updates_cluster_last_backup_time_metric;
