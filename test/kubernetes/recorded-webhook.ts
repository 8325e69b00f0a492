/** The webhook of a recording: it answers each call as it did then, and says where one is not as it was. */
import { createServer, type Server } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { testAuthority } from '../certificates.ts';
import { child, type Json, type JsonObject, text } from './api-server/json.ts';
import { Placeholders } from './placeholders.ts';

export interface WebhookCall {
  readonly note: string;
  readonly request: { readonly path: string; readonly body: JsonObject };
  readonly response: { readonly status: number; readonly body: Json };
}

export class RecordedWebhook implements AsyncDisposable {
  readonly #server: Server;
  readonly #authority = testAuthority('webhooks');
  readonly #calls: WebhookCall[];
  readonly #placeholders = new Placeholders();
  readonly #found: string[] = [];

  private constructor(calls: readonly WebhookCall[]) {
    this.#calls = [...calls];
    this.#server = createServer(this.#authority.issue(['127.0.0.1']), (request, response) => {
      void textOf(request).then((body) => {
        const review = JSON.parse(body) as JsonObject;
        // A call that was never answered was not recorded: it is left waiting here too.
        if (JSON.stringify(review).includes('"slow:1"')) return;
        const answer = this.#answer(request.url ?? '', review);
        const isText = typeof answer.body === 'string';
        response.writeHead(answer.status, { 'content-type': isText ? 'text/plain' : 'application/json' });
        response.end(isText ? answer.body : JSON.stringify(answer.body));
      });
    });
  }

  static async start(calls: readonly WebhookCall[]): Promise<RecordedWebhook> {
    const webhook = new RecordedWebhook(calls);
    await once(webhook.#server.listen(0, '127.0.0.1'), 'listening');
    return webhook;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** As configurations have it. */
  get bundle(): string {
    return Buffer.from(this.#authority.cert).toString('base64');
  }

  /** Where calls were not as recorded; those that never came are named too. */
  differences(): string[] {
    return [...this.#found, ...this.#calls.map(({ note }) => `no call for: ${note}`)];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #answer(path: string, review: JsonObject): WebhookCall['response'] {
    const call = this.#calls.shift();
    if (call === undefined) {
      this.#found.push(`a call that was not recorded: ${JSON.stringify(review)}`);
      return { status: 500, body: 'not recorded' };
    }
    const found = this.#placeholders.differences(call.request.body, review);
    if (path !== call.request.path) found.push(`path ${path} instead of ${call.request.path}`);
    this.#found.push(...found.map((one) => `${call.note}: ${one}`));
    const { uid } = child(review, 'request');
    const { status, body } = call.response;
    if (typeof body === 'string') return { status, body };
    const response = child(body, 'response');
    const isOwn = text(response['uid']).startsWith('<uid');
    return { status, body: { ...(body as JsonObject), response: { ...response, ...(isOwn && { uid: uid ?? '' }) } } };
  }
}
