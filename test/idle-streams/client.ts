import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { FromClient, StreamsToOpen, ToClient } from './streams-process.ts';

/** The runner's side of `streams-process.ts`. */
export class StreamsClient {
  readonly #process: ChildProcess = fork(join(import.meta.dirname, 'streams-process.ts'));

  open(open: StreamsToOpen): Promise<FromClient> {
    return this.#ask({ open });
  }

  count(): Promise<FromClient> {
    return this.#ask({ count: true });
  }

  close(): Promise<FromClient> {
    return this.#ask({ close: true });
  }

  end(): void {
    this.#process.disconnect();
  }

  async #ask(message: ToClient): Promise<FromClient> {
    this.#process.send(message);
    const [answer] = (await once(this.#process, 'message')) as [FromClient];
    return answer;
  }
}
