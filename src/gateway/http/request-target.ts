import type { IncomingMessage } from 'node:http';

/** The path of a request target, without its query. */
export function pathOf({ url = '' }: IncomingMessage): string {
  const question = url.indexOf('?');
  return question === -1 ? url : url.slice(0, question);
}
