/**
 * Questions to a log in segment files.
 *
 * The index is by block, not by record: a block is a stretch of whole lines of one segment, and a row
 * of `index.db` says where it lies, of which time it is, and by hashes which members its records have
 * (`"requestId":"…"`, `"outcome":"denied"`). So a block that cannot hold what was asked for is not
 * read; of the others the lines that have the bytes are parsed and judged one by one. A block too many
 * costs a read and never a wrong answer; none is missed (docs/audit.md has the figures, ADR 20 why).
 *
 * - `terms.ts`: the hashes of a line, and where its time stands
 * - `chain-end.ts`: follows a chain and cuts it into blocks; the last piece of a chain is no block yet
 * - `index-file.ts`: `index.db`, shared by the processes of a host
 * - `question.ts`: what a filter asks of blocks, of bytes and of records; `newest.ts`: of what was found
 * - `block-index.ts`: catches up with the segments, and answers
 * - `worker.ts`, `protocol.ts`, `index-client.ts`: all of it in a thread of its own
 *
 * The index knows nothing that the segments do not say. Whatever does not fit them is forgotten and
 * made anew. It is no evidence either: lines that are not as we write them may not be found, and it is
 * `verify` that names them.
 */
export { IndexClient } from './index-client.ts';
