import type { IncomingMessage } from 'node:http';
import { ChatelaineError, type Clock, type Logger } from '#kernel';
import type { Database } from '#db';
import { addressBlock, Throttle, type Attempt } from '#identity';
import { authServerError } from '../errors.ts';
import { ROUTES } from '../provider/settings.ts';
import { OPENING_BUDGET } from './budgets.ts';
import { ClientSecrets, presentedSecret, type SecretAttempt, type Verdict } from './client-secrets.ts';
import { UserCodes } from './user-codes.ts';

/** What the provider made of a request that was counted. */
export interface Judged {
  /** Undefined where it brought none. */
  readonly secret: Verdict | undefined;
  /** Whether it named a user code that there is. */
  readonly foundCode: boolean;
}

/** Who asks, as far as it is known before the provider reads the request. */
export interface Asker {
  readonly address: string | undefined;
  readonly sessionId: string | undefined;
  readonly userId: string | undefined;
}

interface Counted {
  readonly secret: SecretAttempt | undefined;
  readonly codes: readonly Attempt[];
}

const OPENING: ReadonlySet<string> = new Set([
  ...[ROUTES.authorization, ROUTES.pushed_authorization_request, ROUTES.device_authorization],
]);

/**
 * Whether a request may open something that is kept: a sign-in, a request, a program that waits, or the session of a
 * browser that looks at the form for codes, whatever becomes of that form.
 */
const isOpening = (method: string | undefined, path: string): boolean =>
  method !== 'OPTIONS' && (OPENING.has(path) || path.startsWith(ROUTES.code_verification));

/** Counts what comes to the provider: before it is judged, and afterwards what it came to. */
export class DoorLimits {
  readonly #throttle: Throttle;
  readonly #secrets: ClientSecrets;
  readonly #codes: UserCodes;
  readonly #counted = new WeakMap<object, Counted>();

  constructor(parts: { readonly database: Database; readonly clock: Clock; readonly log: Logger }) {
    this.#throttle = new Throttle(parts);
    this.#secrets = new ClientSecrets({ ...parts, throttle: this.#throttle });
    this.#codes = new UserCodes(this.#throttle);
  }

  /** Counts a request; `parameters` are those of its body. Throws `OAUTH_THROTTLED`. */
  async arrived(
    request: Pick<IncomingMessage, 'method' | 'headers'>,
    path: string,
    parameters: URLSearchParams,
    asker: Asker,
  ): Promise<Counted> {
    try {
      if (isOpening(request.method, path)) {
        const of = asker.address === undefined ? 'nowhere' : addressBlock(asker.address);
        await this.#throttle.take([{ budget: OPENING_BUDGET, of }]);
      }
      const presented = path === ROUTES.code_verification ? undefined : presentedSecret(request.headers, parameters);
      const typed = path === ROUTES.code_verification && parameters.has('user_code');
      return {
        secret: presented && (await this.#secrets.take(presented, asker.address)),
        codes: typed ? await this.#codes.take(asker) : [],
      };
    } catch (error) {
      throw error instanceof ChatelaineError && error.status === 429 ? throttled(error) : error;
    }
  }

  /** Remembers what was counted under the request that the provider reads. */
  follow(request: object, counted: Counted): void {
    this.#counted.set(request, counted);
  }

  /** What came of it, before the answer leaves. Gives the client to which this guess shut the door. */
  async judged(request: object, { secret, foundCode }: Judged): Promise<string | undefined> {
    const counted = this.#counted.get(request);
    if (counted === undefined) return undefined;
    if (foundCode) await this.#codes.found(counted.codes);
    if (counted.secret === undefined) return undefined;
    const isShut = await this.#secrets.settle(counted.secret, secret ?? 'unjudged');
    return isShut ? counted.secret.presented.clientId : undefined;
  }
}

function throttled({ details }: ChatelaineError): ChatelaineError {
  const seconds = Number(details?.['retryAfterSeconds'] ?? 1);
  return authServerError('OAUTH_THROTTLED', `too many requests; try again in ${seconds} seconds`, {
    details: { retryAfterSeconds: seconds },
  });
}
