/** A server that issues tokens of its own, and what a scripted client has of it. */
import { join } from 'node:path';
import type { Browser } from '../browser.ts';
import type { Place, Server } from '../crash/server.ts';
import { freePort } from '../loopback.ts';
import {
  obtainCode,
  SCRIPTED_CLIENT,
  SCRIPTED_CLIENT_DOCUMENT,
  tokensOf,
  TokenEndpoint,
  type HeldCode,
  type Tokens,
} from '../scripted-client.ts';
import { signedIn } from '../signed-in.ts';
import type { Answer } from './judge.ts';
import { ask, type Question } from './load.ts';
import { openFolder, serving, type Folder } from './place.ts';

export interface Issuing {
  readonly server: Server;
  readonly url: URL;
  readonly place: Place;
  readonly browser: Browser;
  /** For the server's own door unless another is said. */
  code(wish?: Wish): Promise<HeldCode>;
  /** So many sign-ins, one after the other. */
  signIns(count: number, wish?: Wish): Promise<Tokens[]>;
}

/** What a token is to be for. */
export interface Wish {
  readonly resource: string;
  readonly scope: string;
}

export interface IssuingOptions {
  readonly name: string;
  readonly server?: Readonly<Record<string, unknown>>;
  readonly more?: string;
  /** Any free one unless it has to be known before. */
  readonly port?: number;
  env?(folder: Folder): Readonly<Record<string, string>>;
}

/** Starts one, with somebody who is signed in, does the work and ends it. */
export async function issuing<Value>(
  options: IssuingOptions,
  work: (issuing: Issuing) => Promise<Value>,
): Promise<Value> {
  const folder = openFolder(options.name);
  try {
    const port = options.port ?? (await freePort());
    const url = new URL(`http://127.0.0.1:${port}`);
    const server = { publicUrl: url.origin, ...options.server };
    const config = folder.configure(server, `${SCRIPTED_CLIENT_DOCUMENT}---\n${options.more ?? ''}`);
    const env = options.env?.(folder) ?? {};
    const place = { config, dataDir: join(folder.path, 'data'), port, env };
    return await serving(place, async (running) => {
      const browser = await signedIn({ dataDir: place.dataDir, url }, 'ann');
      const own = { resource: `${url.origin}/mcp`, scope: 'openid' };
      const code = (wish: Wish = own): Promise<HeldCode> => obtainCode(browser, wish);
      const signIns = async (count: number, wish?: Wish): Promise<Tokens[]> => {
        const endpoint = new TokenEndpoint(url);
        const tokens: Tokens[] = [];
        for (let at = 0; at < count; at++) tokens.push(tokensOf(await endpoint.redeem(await code(wish))));
        endpoint.close();
        return tokens;
      };
      return await work({ server: running, url, place, browser, code, signIns });
    });
  } finally {
    folder.remove();
  }
}

/** What the scripted client says to the token endpoint. */
export const tokenQuestion = (fields: Readonly<Record<string, string>>): Question => ({
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams({ client_id: SCRIPTED_CLIENT.clientId, ...fields }).toString(),
});

export const refreshing = (url: URL, refreshToken: string): Promise<Answer> =>
  ask(new URL('/oauth/token', url), tokenQuestion({ grant_type: 'refresh_token', refresh_token: refreshToken }));

export const redeeming = (url: URL, { code, verifier }: HeldCode): Promise<Answer> =>
  ask(
    new URL('/oauth/token', url),
    tokenQuestion({
      ...{ grant_type: 'authorization_code', code, code_verifier: verifier },
      redirect_uri: SCRIPTED_CLIENT.redirectUri,
    }),
  );

/** Tokens of an answer that is one of success. */
export const tokensIn = ({ status, text }: Answer): Tokens =>
  tokensOf({ status, body: JSON.parse(text) as Record<string, unknown> });

/** Families of refresh tokens in rotation: each refresh takes the one that waited longest. */
export class Families {
  readonly #waiting: Tokens[];
  newest: string;

  constructor(tokens: readonly Tokens[]) {
    this.#waiting = [...tokens];
    this.newest = tokens[0]?.accessToken ?? '';
  }

  /** Refreshes one; where all are under way there is nothing to say. */
  async refresh(url: URL): Promise<Answer> {
    const tokens = this.#waiting.shift();
    if (tokens === undefined) return { status: 0, code: 'all families are under way', retryAfter: undefined, text: '' };
    const answer = await refreshing(url, tokens.refreshToken);
    if (answer.status !== 200) return answer;
    const next = tokensIn(answer);
    this.newest = next.accessToken;
    this.#waiting.push(next);
    return answer;
  }
}

/** A call of the tool `city` at `/mcp`, where tokens of our own are for. */
export const mcpCall = (token: string): Question => ({
  headers: {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  },
  body: JSON.stringify({
    ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
    params: { name: 'city', arguments: { id: 1 } },
  }),
});
