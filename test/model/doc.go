// Package model tests the exporter as a whole against a model of the truth.
//
// A story is some days in the life of a cloud, which follow from a seed: tasks that
// are scheduled or begun by hand, run for seconds or days, wait for hours, are skipped,
// hang, are deleted; a service that lists them late, shuffled, in short pages, without
// regard to filters; errors, broken connections and answers that take too long; several
// Prometheus servers with time limits of their own; restarts and reloads. Meanwhile
// resources are bound to vaults and unbound, follow the policies or not, vaults come
// and go, and policies are enabled, disabled and given other times. After each
// scrape the page is compared with the truth. It all happens in a bubble of
// testing/synctest, so that days take seconds, and without a socket.
//
//	go test ./test/model -model.first 17 -model.seeds 1
//
// tells the story of seed 17. Two runs of a seed are alike but not the same: what
// runs at once has no order, and retries come after a random time.
//
// # What is always true
//
//   - The last finished task of a resource is a task of that resource that has ended,
//     with that status, error code, policy and those times.
//   - The last success and the last failure are true ends of such tasks. They agree
//     with the last finished task and with the number of failures in a row, which is
//     between what has to be known and what is true.
//   - A task that is shown as active was so at a moment between now and as long ago as
//     lists lag, counted from the beginning of the pass. Where a scrape has to leave
//     before its pass is over, the one before it still counts, for five minutes at
//     most. What was once said to have ended is not active again, unless another
//     exporter says so that has only just begun.
//   - A resource is described once. A vault has one name, which it has, or had when the
//     newest known task was created. No series is there twice.
//   - Before the whole list was read there is nothing of resources and of the window,
//     and discovery does not succeed. Afterwards all of that stays, also through
//     outages, until there is another exporter or another discovery.
//   - Each vault is, with all that is bound to it, as it was at some moment since the
//     last success of the collector vaults, less the time that a reading may take; and
//     what is expected of its resources, and how often, is what the policies say that
//     were in force at some such moment. Nothing is expected before both lists have
//     been read. Of the policies that holds together.
//   - The last success of the collector vaults is not later than the newest good answer
//     with either list, and where it succeeds not earlier than a scrape that found it
//     due. It does not go back until there is another exporter.
//   - Where nothing could be read in a pass, no task that is only active is shown, and
//     discovery's last success is from before that pass.
//
// # What is complete where discovery says that it succeeds
//
// All that the lists had to show when the pass began is on the page: the active tasks,
// and of each resource nothing that is older than its newest ended task. This has
// exceptions. Each is something that nobody can know who asks this API in the way that
// the design describes:
//
//   - What lists do not show yet, as they lag behind.
//   - A task that never started, and was neither waiting in a list of the news nor in
//     one that goes by another time than the start: it is found by the next sweep.
//   - A row that was not read because others before it vanished, or changed their order,
//     while the pages of a list were read. What is active or has just started is in the
//     lists of the next pass, and the rest in the next sweep. So nothing is demanded of
//     a sweep that was disturbed so, and of a pass that took time only what the pass
//     before it had to show.
//   - What is behind the first page, of a service that ignores the offset, until the
//     first sweep after that.
//   - Tasks from before the lookback.
//   - A vault behind the first page, of a service that ignores the offset, and one of
//     which the row moved up as another vault went while the pages were read.
//
// What a service's short pages and counts mean is learned, and held on to as long as
// there is a client. So it changes here with a new exporter only. For the same reason
// no page is so short that all of it may be repeated by the next one.
//
// # What is equal in peace
//
// At the end the service is as one would have it and the clock is right. After two
// hours, and when no active task has vanished lately, the page equals a plain reading of
// all tasks that exist. What was known earlier may be there as well: the ended tasks
// whose log the service has deleted, and of a resource with newer tasks its last
// finished, successful and failed one from before the lookback.
package model
