/**
 * operator/cluster/queue: what has to be done, key by key.
 *
 * `work-queue` gives a key to one worker at a time, comes back after failures with a growing delay, and starts no more
 * than a `token-bucket` allows, whatever fails or changes how often.
 */
export { TokenBucket, type Rate } from './token-bucket.ts';
export { WorkQueue, type Again, type Work, type WorkQueueOptions } from './work-queue.ts';
