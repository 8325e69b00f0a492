import { createServer, request, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { silentLogger } from '#kernel';
import { signInPages } from '../pages/index.ts';
import type { SignInProcess } from './sign-in.fixture.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Where it sends on to. */
  readonly to: string | undefined;
}

/** The pages of a process on a listener of their own; its port is that of the public URL. */
export async function servePages(process: SignInProcess, server = createServer()): Promise<{ readonly port: number }> {
  const pages = signInPages({ services: process.services, log: silentLogger });
  let requests = 0;
  server.on('request', (incoming, outgoing) => {
    const address = incoming.socket.remoteAddress;
    const requestId = `request-${++requests}`;
    void pages.handle(incoming, outgoing, { requestId, address, headers: ['X-Request-Id', requestId] });
  });
  if (!server.listening) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  onTestFinished(() => server.closeAllConnections());
  return { port: (server.address() as AddressInfo).port };
}

/** A browser as far as cookies, forms and their headers go, without scripts. */
export class PageVisitor {
  readonly cookies = new Map<string, string>();
  readonly #port: number;
  readonly #origin: string;
  /** The page that is open. */
  page = '';
  path = '';

  constructor(port: number, origin: string) {
    this.#port = port;
    this.#origin = origin;
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    const answer = await this.#send('GET', path, undefined, headers);
    [this.page, this.path] = [answer.text, path];
    return answer;
  }

  /** Follows where answers send on to. */
  async open(path: string): Promise<Answer> {
    let answer = await this.get(path);
    for (let hop = 0; answer.to !== undefined && hop < 5; hop++) answer = await this.get(answer.to);
    return answer;
  }

  /** Sends the form of the open page that goes to `action`, with its hidden fields, and opens what comes of it. */
  async submit(action: string, fields: Record<string, string>): Promise<Answer> {
    const answer = await this.post(action, { ...this.hidden(action), ...fields });
    if (answer.to !== undefined) return await this.open(answer.to);
    this.page = answer.text;
    return answer;
  }

  async post(
    path: string,
    fields: Record<string, string>,
    headers: Record<string, string | undefined> = {},
  ): Promise<Answer> {
    return await this.#send('POST', path, new URLSearchParams(fields).toString(), {
      origin: this.#origin,
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/x-www-form-urlencoded',
      ...headers,
    });
  }

  /** The hidden fields of the form that goes to `action`. */
  hidden(action: string): Record<string, string> {
    const form = this.page.split('<form').find((part) => part.includes(`action="${action}"`)) ?? '';
    const fields = [
      ...form.matchAll(/<input\s+type="hidden"\s+name="([^"]+)"(?:\s+autocomplete="[^"]*")?\s+value="([^"]*)"/g),
    ];
    return Object.fromEntries(fields.map(([, name, value]) => [name, unescape(value as string)]));
  }

  /** What a regular expression finds on the open page. */
  find(pattern: RegExp): string {
    const found = pattern.exec(this.page)?.[1];
    if (found === undefined) throw new Error(`${pattern} is not on ${this.path}:\n${this.page.slice(0, 4000)}`);
    return unescape(found);
  }

  #send(
    method: string,
    path: string,
    body: string | undefined,
    headers: Record<string, string | undefined>,
  ): Promise<Answer> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const sent = Object.fromEntries(
      Object.entries({
        ...(cookie !== '' && { cookie }),
        ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
        'user-agent': 'Mozilla/5.0 (Macintosh; Intel Mac OS X 15_1) AppleWebKit/605.1.15 Version/19.1 Safari/605.1.15',
        ...headers,
      }).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    return new Promise((resolve, reject) => {
      const outgoing = request({ host: '127.0.0.1', port: this.#port, method, path, headers: sent }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          for (const line of response.headers['set-cookie'] ?? []) this.#keep(line);
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
            to: response.headers.location,
          });
        });
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split('; ');
    const [name = '', value = ''] = pair.split('=');
    if (attributes.includes('Max-Age=0')) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

const unescape = (text: string): string =>
  text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
