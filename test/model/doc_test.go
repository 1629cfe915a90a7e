// Package model tests the exporter as a whole against a model of the truth.
//
// A story is some days in the life of a cloud, derived from a seed. Tasks are scheduled
// or started by hand; they run for seconds or days, wait for hours, are skipped, hang or
// are deleted. The service lists them late, shuffled, in short pages or without filters.
// Requests fail, break or take too long. Several Prometheus servers scrape with their own
// timeouts, and the exporter restarts and reloads. Most tasks name no vault, some no
// resource, and some remove several. Meanwhile resources are bound to vaults, move and are
// unbound or deleted, vaults come and go, policies change, and rows of either cannot be read for some minutes.
// A backup task makes a backup, which is copied to other regions or not, expires, breaks, or is
// deleted by hand, by its policy or by an attacker. Servers that no vault holds come and go. After each scrape the page
// is compared with the truth. Everything runs in a bubble of testing/synctest, so days take
// seconds, and without sockets.
//
//	go test ./test/model -model.first 17 -model.seeds 1
//
// runs the story of seed 17. Two runs of a seed are similar but not equal: concurrent
// events have no order, and retries come after a random time.
//
// # Always true
//
//   - The last finished task of a resource is a task of that resource that has ended, with
//     that status, error code and policy and those times.
//   - A resource is in the vault to which it is bound on the page or, if it is bound to none,
//     in the one that its latest task names. A task is in the vault that it names or, if it
//     names none, in that of its first resource. No vault is shown that is not followed.
//   - The last finished task of a vault names no resource, and has ended with that status
//     and error code at that time.
//   - The last success and the last failure are real ends of such tasks. They agree with
//     the last finished task and with the number of consecutive failures, which is between
//     what must be known and what is true.
//   - A task that is shown as active was active at some moment since the start of the pass,
//     less the lag of lists. A task that was shown as ended is not shown as active again,
//     except by a new exporter.
//   - A scrape that leaves before its pass is over shows the previous pass while the running
//     one has taken at most twice as long as that one, or ten seconds if that is more, but
//     never longer than its timeout, and for five minutes at most.
//   - A resource is described once. A vault has one name in all series, those of single
//     tasks included: its present name, or its name when the latest known task was created.
//     No series appears twice.
//   - Before the first full sync there are no series of resources or of the window, and
//     discovery does not succeed. Afterwards they stay, also through outages, until there
//     is another exporter or another discovery, or vaults that were not read before.
//   - Each vault, its bindings and its verdicts are as they were at some moment since the last
//     success of the collector vaults, less the duration of a reading; its resources are
//     covered by the policies at such a moment. Nothing is covered or due before both lists
//     have been read. All policies are from one moment. A vault or a policy may be missing
//     while its row cannot be read.
//   - A key is failing if it has failed since its last success. It is due at a moment at which
//     a policy ran in its vault, overdue only if no success since then must be known, and in
//     time only if there is one, or an active task. A stuck task has run or waited for long.
//   - The restore points of a resource are those of two readings that the service has seen: of
//     all backups, at most an hour before, and of the new ones, which are all that have been
//     created since a quarter of an hour before, or were being made. Their number, latest,
//     oldest and next expiry, the backups in error and being made, and the copies by region
//     are as they were then.
//   - Restore points are lost if fewer than half are left of those that a reading of all
//     backups found within a day before, but for those that were to expire within 25 hours
//     of it, and fewer than a policy keeps, and unless the retention has changed since. That
//     they are not lost is said once they have been read for a day.
//   - With backups, a key is overdue only if neither such a restore point must be known nor a
//     success that ended later than a quarter of an hour before all backups were read. It is in
//     time only if there may be one.
//   - What exists and is in no vault is unprotected, if it is not excluded, as of the list of
//     its type and the bindings on the page. The counts agree.
//   - The last success of the collector vaults is not later than the latest good response
//     of either list and, if it succeeds, not earlier than a scrape that found it due. It
//     does not go back until there is another exporter.
//   - If nothing could be read in a pass, no task is shown that is not configured, and
//     discovery's last success is from before that pass.
//
// # Complete if discovery succeeds
//
// Everything that the lists contained when the pass began is on the page: the active tasks,
// and for each resource and vault nothing older than its latest ended task. The exceptions cannot be
// known with this API:
//
//   - What lists do not contain yet because of their lag.
//   - A task that never started and was neither waiting in an incremental list nor in one
//     that compares another time than the start. The next full sync finds it.
//   - A row that was not read because rows before it disappeared or changed their order
//     while the pages were read. Active and new tasks are in the lists of the next pass, the
//     rest in the next full sync. So nothing is required of a full sync that was disturbed
//     in this way, and of a pass that took time only what the previous pass had to show.
//   - What is beyond the first page of a service that ignores the offset, until the first
//     full sync after that.
//   - Tasks from before the lookback.
//   - A backup in a reading during which rows vanished or, with short pages, appeared, or whose
//     offset was ignored.
//   - Tasks in a full sync that read short pages while others were created.
//   - A vault beyond the first page of a service that ignores the offset, and one whose row
//     moved up as another vault was deleted while the pages were read.
//
// How a service pages changes only with a new exporter, and no page is so short that the
// next one may repeat all of it.
//
// # Equal at the end
//
// At the end the service is ideal and its clock is right. After two hours the page equals
// a plain reading of all existing tasks. It may contain ended tasks that the service has
// deleted.
//
// The verdicts equal those of a naive model, which walks the calendar hour by hour. It does
// not judge where they depend on a task that the service has deleted, or where a policy ran
// just as the exporter was to see that it is bound, enabled or changed. The page for people
// counts what the metrics show.
//
// Some hours later, after other changes, all that is so again; and the page of an exporter
// that has just started equals the same model, but that all it sees has always been so.
package model_test
