/**
 * The entry of the index worker: a thread, so that neither filling the index nor a long question
 * holds the event loop of the server. Requests are answered one after another.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { IndexReply, IndexRequest } from './protocol.ts';
import { RecordIndex } from './record-index.ts';

const index = new RecordIndex((workerData as { root: string }).root);

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
