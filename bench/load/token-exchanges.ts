/** Exchanges of subject tokens over mutual TLS, as an owner makes them: connections that are kept, a request on each. */
import { Agent, request as httpsRequest } from 'node:https';

/** The internal listener, and who comes to it. */
export interface ExchangeDoor {
  readonly port: number;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface ExchangeRun {
  readonly exchanges: number;
  readonly elapsedMs: number;
  /** Milliseconds from asking to the last byte of the answer. */
  readonly p50: number;
  readonly p99: number;
  /** The tokens of the upstream that came. */
  readonly tokens: ReadonlySet<string>;
}

export class TokenExchanges {
  readonly #door: ExchangeDoor;
  readonly #agent: Agent;
  /** The body of the request of each subject token. */
  readonly #bodies: readonly string[];

  constructor(door: ExchangeDoor, subjectTokens: readonly string[], connections: number) {
    const { ca, cert, key } = door;
    this.#door = door;
    this.#agent = new Agent({ ca, cert, key, keepAlive: true, maxSockets: connections });
    this.#bodies = subjectTokens.map((token) => formOf(token));
  }

  /** Asks for so many at once, and never for another; rejects at the first that is refused. */
  atOnce(count: number): Promise<readonly string[]> {
    return Promise.all(Array.from({ length: count }, (_, at) => this.#exchange(at)));
  }

  /** Asks over so many connections until `until` is aborted; rejects at the first that is refused. */
  async run(connections: number, until: AbortSignal): Promise<ExchangeRun> {
    const latencies: number[] = [];
    const tokens = new Set<string>();
    let next = 0;
    const began = performance.now();
    const worker = async (): Promise<void> => {
      while (!until.aborted) {
        const sent = performance.now();
        tokens.add(await this.#exchange(next++));
        latencies.push(performance.now() - sent);
      }
    };
    await Promise.all(Array.from({ length: connections }, worker));
    const elapsedMs = performance.now() - began;
    latencies.sort((a, b) => a - b);
    const at = (share: number): number => latencies[Math.floor((latencies.length - 1) * share)] ?? 0;
    return { exchanges: latencies.length, elapsedMs, p50: at(0.5), p99: at(0.99), tokens };
  }

  close(): void {
    this.#agent.destroy();
  }

  #exchange(at: number): Promise<string> {
    const body = this.#bodies[at % this.#bodies.length] as string;
    const headers = {
      'Content-Type': 'application/x-www-form-urlencoded',
      'Content-Length': Buffer.byteLength(body),
    };
    const options = { agent: this.#agent, host: '127.0.0.1', servername: 'localhost', port: this.#door.port, headers };
    return new Promise((resolve, reject) => {
      const request = httpsRequest({ ...options, method: 'POST', path: '/internal/token-exchange' }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('error', reject);
        response.on('end', () => {
          const token = response.statusCode === 200 ? tokenIn(text) : undefined;
          if (token === undefined) reject(new Error(`no token came: ${response.statusCode} ${text.slice(0, 500)}`));
          else resolve(token);
        });
      });
      request.on('error', reject);
      request.end(body);
    });
  }
}

function tokenIn(text: string): string | undefined {
  const { access_token: token } = JSON.parse(text) as Readonly<Record<string, unknown>>;
  return typeof token === 'string' ? token : undefined;
}

const formOf = (subjectToken: string): string =>
  new URLSearchParams({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: subjectToken,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    audience: 'company',
  }).toString();
