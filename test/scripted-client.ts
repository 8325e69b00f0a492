/** A public client that a script plays against a server of its own process: codes by a browser, tokens, refreshing. */
import { createHash, randomBytes } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';
import type { Browser } from './browser.ts';

/** What of a `kind: client` document the script needs. Of the first party: the same person is not asked each time. */
export const SCRIPTED_CLIENT = {
  clientId: 'scripted',
  redirectUri: 'https://scripted.test/cb',
} as const;

export const SCRIPTED_CLIENT_DOCUMENT = `kind: client
name: scripted
clientId: ${SCRIPTED_CLIENT.clientId}
redirectUris: [${SCRIPTED_CLIENT.redirectUri}]
firstParty: true
`;

/** A code that nobody redeemed yet. */
export interface HeldCode {
  readonly code: string;
  readonly verifier: string;
}

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** An answer of the token endpoint. */
export interface TokenReply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Asks for a code and reads it where the browser is sent. */
export async function obtainCode(
  browser: Browser,
  { resource, scope }: { readonly resource: string; readonly scope: string },
): Promise<HeldCode> {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    ...{ response_type: 'code', client_id: SCRIPTED_CLIENT.clientId, redirect_uri: SCRIPTED_CLIENT.redirectUri },
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    ...{ code_challenge_method: 'S256', state: randomBytes(8).toString('base64url'), resource, scope },
  });
  const seen = await browser.follow(`/oauth/authorize?${query.toString()}`);
  const code = seen.to === undefined ? null : new URL(seen.to).searchParams.get('code');
  if (code === null) throw new Error(`no code came: ${seen.status} ${seen.to ?? seen.text.slice(0, 500)}`);
  return { code, verifier };
}

/** The token endpoint of one server, over connections that are kept. Rejects when the connection breaks. */
export class TokenEndpoint {
  readonly #agent: Agent;
  readonly #url: URL;

  constructor(url: URL, connections = 64) {
    this.#url = url;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  redeem({ code, verifier }: HeldCode): Promise<TokenReply> {
    const { redirectUri } = SCRIPTED_CLIENT;
    return this.#ask({ grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri });
  }

  refresh(refreshToken: string): Promise<TokenReply> {
    return this.#ask({ grant_type: 'refresh_token', refresh_token: refreshToken });
  }

  close(): void {
    this.#agent.destroy();
  }

  #ask(fields: Readonly<Record<string, string>>): Promise<TokenReply> {
    const form = new URLSearchParams({ client_id: SCRIPTED_CLIENT.clientId, ...fields }).toString();
    const { hostname: host, port } = this.#url;
    const headers = {
      'Content-Type': 'application/x-www-form-urlencoded',
      'Content-Length': Buffer.byteLength(form),
    };
    return new Promise((resolve, reject) => {
      const options = { agent: this.#agent, host, port, method: 'POST', path: '/oauth/token', headers };
      const request = httpRequest(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const body = parsed(Buffer.concat(chunks).toString());
          if (body instanceof Error) reject(body);
          else resolve({ status: response.statusCode ?? 0, body });
        });
      });
      request.on('error', reject);
      request.end(form);
    });
  }
}

function parsed(text: string): TokenReply['body'] | Error {
  try {
    return JSON.parse(text) as TokenReply['body'];
  } catch {
    return new Error(`the token endpoint said ${text.slice(0, 200)}`);
  }
}

/** The tokens of an answer. Throws with it when there are none. */
export function tokensOf({ status, body }: TokenReply): Tokens {
  const { access_token: accessToken, refresh_token: refreshToken } = body;
  if (status !== 200 || typeof accessToken !== 'string' || typeof refreshToken !== 'string')
    throw new Error(`no tokens came: ${status} ${JSON.stringify(body)}`);
  return { accessToken, refreshToken };
}
