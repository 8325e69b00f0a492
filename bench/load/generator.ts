import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Exchange, FromGenerator, LoadRun, ToGenerator } from './protocol.ts';

/** The runner's side of the load generator. One run at a time. */
export class Generator {
  readonly #process: ChildProcess;
  #heard: { resolve: (message: FromGenerator) => void; reject: (error: Error) => void } | undefined;

  constructor() {
    this.#process = fork(join(import.meta.dirname, 'generator-process.ts'), [], { serialization: 'advanced' });
    this.#process.on('message', (message: FromGenerator) => this.#heard?.resolve(message));
    this.#process.on('exit', () => this.#heard?.reject(new Error('the load generator ended')));
  }

  /** Declares where `name` is and what it is asked; replaces an earlier target of that name. */
  target(name: string, port: number, exchanges: readonly Exchange[]): void {
    this.#say({ kind: 'target', name, port, exchanges });
  }

  /**
   * Loads a target for `durationMs`. `around` runs at the first and the last moment, with all
   * connections open, so that opening them is not measured. Throws at the first wrong reply.
   */
  async run(name: string, connections: number, durationMs: number, around: () => void): Promise<LoadRun> {
    await this.#ask({ kind: 'open', name, connections }, 'open');
    around();
    const run = await this.#ask({ kind: 'go', durationMs }, 'run');
    around();
    return run;
  }

  stop(): void {
    this.#heard = undefined;
    this.#process.disconnect();
  }

  #say(message: ToGenerator): void {
    this.#process.send(message);
  }

  async #ask<Kind extends 'open' | 'run'>(
    message: ToGenerator,
    kind: Kind,
  ): Promise<Extract<FromGenerator, { kind: Kind }>> {
    const answer = await new Promise<FromGenerator>((resolve, reject) => {
      this.#heard = { resolve, reject };
      this.#say(message);
    });
    if (answer.kind === 'failed') throw new Error(answer.reason);
    if (answer.kind !== kind) throw new Error(`the load generator said \`${answer.kind}\` instead of \`${kind}\``);
    return answer as Extract<FromGenerator, { kind: Kind }>;
  }
}
