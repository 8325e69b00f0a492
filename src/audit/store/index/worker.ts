/**
 * The entry of the index worker: a thread, so that neither filling the index nor a long question
 * holds the event loop of the server. Requests are answered one after another.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { IndexReply, IndexRequest } from './protocol.ts';
import { BlockIndex, type BlockIndexOptions } from './block-index.ts';

const { root, ...options } = workerData as { root: string } & BlockIndexOptions;
const index = new BlockIndex(root, options);

parentPort?.on('message', (request: IndexRequest) => {
  parentPort?.postMessage(answer(request));
});

function answer(request: IndexRequest): IndexReply {
  try {
    return { id: request.id, ok: true, records: index.answer(request) };
  } catch (error) {
    return { id: request.id, ok: false, message: (error as Error).message };
  }
}
