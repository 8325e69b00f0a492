import type { CredentialRefusal } from '#contract';
import { err, type Clock, type Result } from '#kernel';
import type { People } from './bearer-tokens.ts';
import type { Services } from './services/services.ts';
import type { Checked } from './services/token-service.ts';
import type { CheckedToken } from './tokens/claims.ts';
import { jwtShape } from './tokens/jwt-shape.ts';
import { digestOf, VerifiedTokens } from './tokens/verified-tokens.ts';

const MOST_LENGTH = 16_384;
const REFUSED_MS = 10_000;

/** The header that carries a token of a service beside the credential, as MCP Toolbox names it. */
export const nativeHeader = (service: string): string => `${service}_token`.toLowerCase();

/**
 * Tokens in headers of their own: a bare JWT that says on whose behalf a tool is called. They let nobody
 * in, and their scopes count for nothing: the credential behind `Bearer ` is what opens the door.
 */
export class NativeTokens {
  readonly #services: Services;
  readonly #people: People;
  readonly #clock: Clock;
  readonly #tokens = new VerifiedTokens<Checked, Checked>();

  constructor(parts: { readonly services: Services; readonly people: People; readonly clock: Clock }) {
    this.#services = parts.services;
    this.#people = parts.people;
    this.#clock = parts.clock;
  }

  /** The token as that service of the namespace sees it; never rejects. */
  async verify(
    { namespace, service: name }: { readonly namespace: string; readonly service: string },
    token: string,
  ): Promise<Result<CheckedToken, CredentialRefusal>> {
    const service = this.#services.named(namespace, name);
    if (service === undefined) return err({ reason: 'unknown', detail: `there is no authService \`${name}\`` });
    const shape = token.length > MOST_LENGTH ? undefined : jwtShape(token);
    if (shape === undefined) return err({ reason: 'malformed', detail: 'the token is not a bare JWT' });
    const key = `${namespace} ${name} ${digestOf(token)}`;
    const now = this.#clock.now();
    let checked = service.keysTrusted ? this.#tokens.recall(key, now) : undefined;
    checked ??= await this.#tokens.once(key, async () => {
      const keep = this.#tokens.asking();
      const verified = await service.verifyJwt(token, shape, 'native');
      if (verified.ok) keep.accept(key, verified, verified.value.endsAt);
      else if (verified.error.reason !== 'unavailable') keep.refuse(key, verified, now + REFUSED_MS);
      return verified;
    });
    return checked.ok ? await this.#unlessCutOff(checked, namespace) : checked;
  }

  forget(): void {
    this.#tokens.forget();
  }

  /** Whoever is cut off here is so whatever their provider still vouches for. */
  async #unlessCutOff(checked: Checked & { readonly ok: true }, namespace: string): Promise<Checked> {
    const { issuer, subject } = checked.value;
    try {
      const standing = await this.#people.ofSubject(issuer, subject, namespace);
      return standing === 'disabled' ? err({ reason: 'disabled', detail: `a subject of ${issuer}` }) : checked;
    } catch (error) {
      return err({ reason: 'unavailable', detail: (error as Error).message });
    }
  }
}
