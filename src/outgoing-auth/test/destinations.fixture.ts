/** Callers with accounts, an authorization server that exchanges tokens, and what every way is made of. */
import { onTestFinished } from 'vitest';
import type { CallerFace, SecretMaterial, UpstreamTokenWish } from '#contract';
import { EgressClient, egressRulesOf } from '#egress';
import { err, ok, Secret } from '#kernel';
import { serve, type TestServer } from '../../../test/http-server.ts';
import type { OutgoingAuthParts, OutgoingRequest } from '../index.ts';

export const CLIENT = { namespace: 'default', name: 'client' } as const;

export const REQUEST: OutgoingRequest = {
  ...{ method: 'GET', url: new URL('https://api.example/'), headers: {}, body: undefined },
};

/** In seconds. */
type Life = number | 'unsaid';

/** A person with tokens at some upstreams, as a tool sees them. */
export class Person implements CallerFace {
  readonly context: string;
  readonly #name: string;
  readonly #life: Life;
  /** Counts up when an account is linked anew, or its token refreshed. */
  generation = 0;
  linked = true;
  readonly wishes: (UpstreamTokenWish | undefined)[] = [];

  constructor(name: string, signIn = 'desk', life: Life = 3600) {
    this.context = `${name} by ${signIn}`;
    this.#name = name;
    this.#life = life;
  }

  tokenAt(upstream: string, kind = 'access'): string {
    return `${kind}.${this.#name}.${upstream}.${this.generation}`;
  }

  async upstreamToken(upstream: string, wish?: UpstreamTokenWish): ReturnType<CallerFace['upstreamToken']> {
    this.wishes.push(wish);
    if (!this.linked) return err({ reason: 'link' });
    const { wanted } = wish ?? {};
    const accessToken = new Secret(this.tokenAt(upstream, wanted === 'id_token' ? 'id' : 'access'));
    const expiresInSeconds = this.#life === 'unsaid' ? undefined : this.#life;
    return ok({ accessToken, expiresInSeconds, scopes: [], ...(wanted !== undefined && { issued: wanted }) });
  }
}

export interface Exchanger extends TestServer {
  /** The forms that came, oldest first. */
  forms(): readonly URLSearchParams[];
  /** Answers otherwise where it gives something. */
  answer: ((form: URLSearchParams) => { readonly status: number; readonly body: object } | undefined) | undefined;
}

/** Gives `for.<subject>.<number>` for each subject or assertion. */
export async function exchanger(life: Life = 600): Promise<Exchanger> {
  let issued = 0;
  const server = await serve((_, response) => {
    const form = made.forms().at(-1) ?? new URLSearchParams();
    const subject = form.get('subject_token') ?? form.get('assertion') ?? 'nobody';
    const wanted = form.get('requested_token_type') ?? 'urn:ietf:params:oauth:token-type:access_token';
    const { status, body } = made.answer?.(form) ?? {
      status: 200,
      body: {
        access_token: `for.${subject}.${++issued}`,
        issued_token_type: wanted,
        token_type: wanted.endsWith('id-jag') ? 'N_A' : 'Bearer',
        ...(life !== 'unsaid' && { expires_in: life }),
      },
    };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  const made: Exchanger = Object.assign(server, {
    forms: () => server.received.map(({ body }) => new URLSearchParams(body)),
    answer: undefined,
  });
  onTestFinished(async () => await server[Symbol.asyncDispose]());
  return made;
}

/** A moved clock, a vault of these secrets, and the way out to loopback. */
export function parts(
  secrets: Readonly<Record<string, SecretMaterial>> = {
    client: { kind: 'oauth-client', clientId: 'chatelaine', clientSecret: new Secret('p@ss:word') },
  },
): OutgoingAuthParts & { advance(ms: number): void } {
  let now = 1_000_000;
  const egress = new EgressClient({
    rules: egressRulesOf({ allowPrivateNetworks: true, allowedIpRanges: [], customBlockedIpRanges: [] }),
  });
  onTestFinished(async () => await egress.close());
  return {
    egress,
    clock: { now: () => now },
    directory: import.meta.dirname,
    advance: (ms) => void (now += ms),
    secrets: {
      held: async ({ name }) => {
        const material = secrets[name];
        if (material === undefined) throw new Error(`no secret \`${name}\``);
        return { material, version: '1', endsAt: undefined };
      },
      unfit: ({ name }, why) => new Error(`\`${name}\` ${why}`),
    },
  };
}
