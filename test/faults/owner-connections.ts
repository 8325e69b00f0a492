/** Exchanges as an owner asks for them over mutual TLS, by one certificate and over connections that are seen. */
import { Agent, request } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import { EXCHANGE_PATH, ACCESS_TOKEN, TOKEN_EXCHANGE } from '#token-exchange';
import type { Exchanging } from './exchanging.ts';
import type { Answer } from './judge.ts';

/** What an owner shows, and whom it trusts; PEM. */
export interface OwnerTls {
  readonly cert: string;
  readonly key: string;
  readonly ca: readonly string[];
}

const PATIENCE_MS = 30_000;

export class OwnerConnections {
  readonly tls: OwnerTls;
  readonly #server: Exchanging;
  readonly #agent: Agent;
  readonly #body: string;

  constructor(server: Exchanging, tls: OwnerTls) {
    this.tls = tls;
    this.#server = server;
    this.#agent = new Agent({ ...optionsOf(tls), keepAlive: true, maxSockets: 4 });
    this.#body = new URLSearchParams({
      ...{ grant_type: TOKEN_EXCHANGE, subject_token: server.subjectToken, subject_token_type: ACCESS_TOKEN },
      audience: 'company',
    }).toString();
  }

  /** Over a connection that is kept. */
  kept(): Promise<Answer> {
    return this.#exchange(this.#agent);
  }

  /** Over one of its own. */
  once(): Promise<Answer> {
    return this.#exchange(false);
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Never rejects; a token that the provider did not give for this is no success. */
  #exchange(agent: Agent | false): Promise<Answer> {
    return new Promise((resolve) => {
      const end = (status: number, code?: string, text = ''): void =>
        resolve({ status, code, retryAfter: undefined, text });
      const fail = (error: NodeJS.ErrnoException): void => end(0, error.code ?? error.message);
      const headers = {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': Buffer.byteLength(this.#body),
      };
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const own = agent === false ? optionsOf(this.tls) : {};
      const sent = request(
        new URL(EXCHANGE_PATH, this.#server.url),
        { ...own, agent, headers, method: 'POST', signal },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          response.once('error', fail);
          response.once('end', () => {
            const { access_token: token, error } = JSON.parse(text) as { access_token?: string; error?: string };
            if (response.statusCode !== 200) return end(response.statusCode ?? 0, error, text);
            if (token === undefined || !this.#server.idp.accessTokens.includes(token)) return end(0, 'another token');
            return end(200, undefined, text);
          });
        },
      );
      sent.once('error', fail);
      sent.end(this.#body);
    });
  }
}

const optionsOf = ({ cert, key, ca }: OwnerTls) => ({ cert, key, ca: [...ca], servername: 'localhost' });

/** The serial number of the certificate that a server shows, in lower-case hexadecimal. */
export function serverSerial({ hostname, port }: URL, tls: OwnerTls): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({ ...optionsOf(tls), host: hostname, port: Number(port) }, () => {
      resolve(socket.getPeerCertificate().serialNumber.toLowerCase());
      socket.destroy();
    });
    socket.once('error', reject);
  });
}
