/**
 * A process that loads modules as the server does. Inside the test runner imports take another road
 * (its own loader, with its own cache), and what is tested here is Node's.
 */
import { silentLogger, systemClock } from '#kernel';
import { secretsOf } from '../../../secrets/test/vault.fixture.ts';
import { moduleSourceType } from '../index.ts';
import type { ModuleSource } from '../module-source.ts';
import { callWith } from './module-call.fixture.ts';

export interface Order {
  readonly directory: string;
  readonly path: string;
  readonly handler: string;
}

export interface Delivery {
  readonly output?: unknown;
  readonly files?: readonly string[];
  readonly fault?: { readonly path?: readonly (string | number)[]; readonly message: string; readonly hint?: string };
}

process.on('message', (order: Order) => {
  void deliver(order).then((delivery) => process.send?.(delivery));
});

async function deliver({ directory, path, handler }: Order): Promise<Delivery> {
  try {
    const context = { name: 'mine', directory, log: silentLogger, clock: systemClock, secrets: secretsOf() };
    const source = moduleSourceType.open({ path, pins: 'firstUse' }, context) as ModuleSource;
    await source.load();
    return { output: await source.tool(handler).run({}, callWith()), files: source.files };
  } catch (error) {
    const { path: at, message, hint } = error as NonNullable<Delivery['fault']>;
    return { fault: { message, ...(at && { path: at }), ...(hint !== undefined && { hint }) } };
  }
}
