import { CountedRefusals } from '#audit';
import type { AuditEvent, AuditOrigin, AuditTrail } from '#contract';
import type { Clock } from '#kernel';
import { LOCAL_ISSUER } from '#identity';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { actorsOf } from '../grant-types/act.ts';
import { basisOf, concernedBy } from '../grant-types/token-basis.ts';
import { ROUTES } from './settings.ts';

/** Who asked, as the listener saw it. */
export interface Asking {
  readonly requestId: string;
  readonly address: string | undefined;
  /** Of the client certificate of the connection, where one counts. */
  readonly certificateSerial?: string | undefined;
}

/** The endpoints whose answers go on record; metadata and keys are for everybody. */
const ON_RECORD: Readonly<Record<string, { readonly type: string; readonly class: AuditEvent['class'] }>> = {
  authorization: { type: 'oauth.authorize', class: 'authorization' },
  resume: { type: 'oauth.authorize', class: 'authorization' },
  token: { type: 'oauth.token', class: 'credential' },
  revocation: { type: 'oauth.revoke', class: 'credential' },
  introspection: { type: 'oauth.introspect', class: 'authorization' },
  pushed_authorization_request: { type: 'oauth.par', class: 'authorization' },
  device_authorization: { type: 'oauth.device', class: 'authorization' },
  code_verification: { type: 'oauth.device', class: 'authorization' },
  device_resume: { type: 'oauth.device', class: 'authorization' },
  userinfo: { type: 'oauth.userinfo', class: 'authorization' },
};

const NOBODY = { kind: 'anonymous', iss: 'chatelaine', sub: 'anonymous', name: 'anonymous' } as const;

/** What the provider answered, as it will be sent. */
export interface Answered {
  readonly outcome: 'success' | 'denied' | 'failure';
  /** The code of RFC 6749 §4.1.2.1 or §5.2, with what the provider found. */
  readonly error?: string | undefined;
}

/** Puts every answer of the authorization server on record, before it is sent. */
export class OAuthRecords {
  readonly #trail: AuditTrail;
  readonly #refusals: CountedRefusals;

  constructor(trail: AuditTrail, clock: Clock) {
    this.#trail = trail;
    this.#refusals = new CountedRefusals(trail, clock);
  }

  /** Resolves when it is on record, or, of a flood of refusals, counted. Rejects as the trail does. */
  async answered(ctx: KoaContextWithOIDC, asking: Asking, answered: Answered): Promise<void> {
    const { oidc } = ctx;
    const kind = ON_RECORD[oidc.route];
    // On to a page of ours, which records what comes of it.
    if (
      kind === undefined ||
      (oidc.entities.Interaction !== undefined &&
        kind.type === 'oauth.authorize' &&
        ctx.status === 303 &&
        !isFinal(ctx))
    )
      return;
    const { Account, Client } = oidc.entities;
    const token = oidc.entities.AccessToken ?? oidc.entities.ClientCredentials;
    const clientId = Client?.clientId ?? textOf(oidc.params?.['client_id']) ?? textOf(oidc.body?.['client_id']);
    const details: Record<string, string> = {};
    const note = (name: string, value: unknown): void => {
      if (typeof value === 'string' && value !== '') details[name] = value.slice(0, 500);
    };
    note('grantType', oidc.params?.['grant_type']);
    note('redirectUri', oidc.params?.['redirect_uri']);
    note('resource', token?.aud ?? oidc.params?.['resource']);
    note('scope', token?.scope ?? oidc.params?.['scope']);
    const basis = token && basisOf(token);
    const delegated = basis?.of === 'delegation' ? basis : undefined;
    const person = delegated === undefined ? concernedBy(ctx) : undefined;
    note('subject', person?.sub);
    note(
      'tsid',
      person?.tsid ?? delegated?.tsid ?? (oidc.entities.Grant as { readonly jti?: unknown } | undefined)?.jti,
    );
    const event: AuditEvent = {
      class: kind.class,
      type: kind.type,
      door: 'oauth',
      requestId: asking.requestId,
      action: kind.type.slice('oauth.'.length),
      actor:
        basis?.of === 'agent'
          ? { kind: 'agent', iss: LOCAL_ISSUER, sub: basis.agent.id, name: basis.agent.name }
          : actorOf(Account?.accountId, clientId, Client !== undefined),
      ...(delegated !== undefined && {
        delegation: actorsOf(delegated.act).map(({ sub }) => ({ iss: LOCAL_ISSUER, sub })),
      }),
      ...(clientId !== undefined && {
        object: { kind: 'client', namespace: '*', name: clientId.slice(0, 256), id: clientId.slice(0, 256) },
      }),
      outcome: answered.outcome,
      ...(answered.error !== undefined && { error: answered.error.slice(0, 128) }),
      ...(asking.address !== undefined && { address: asking.address }),
      ...(asking.certificateSerial !== undefined && { certificateSerial: asking.certificateSerial }),
      ...(Object.keys(details).length > 0 && { details }),
    };
    if (answered.outcome !== 'denied') return void (await this.#trail.append(event));
    const { class: eventClass, type, door, action, actor } = event;
    const as = Client === undefined ? NOBODY : actor;
    await this.#refusals.record(event, asking.address ?? '', {
      of: `${type} ${as.sub}`,
      event: { class: eventClass, type, door, action, actor: as },
    });
  }

  /** Puts on record what was turned away before the provider saw it, or counts it. Rejects as the trail does. */
  async stopped(path: string, error: string, asking: Asking): Promise<void> {
    const route = Object.entries(ROUTES).find(([, one]) => one === path)?.[0];
    const kind = route === undefined ? undefined : ON_RECORD[route];
    if (kind === undefined) return;
    const event = { ...kind, door: 'oauth', action: kind.type.slice('oauth.'.length), actor: NOBODY } as const;
    const { address, requestId } = asking;
    const whole = { ...event, requestId, outcome: 'denied', error, ...(address !== undefined && { address }) } as const;
    await this.#refusals.record(whole, address ?? '', { of: `${kind.type} stopped`, event });
  }

  /**
   * Puts on record that somebody guesses the secret of a client: once whenever it was guessed so often that the
   * next guess has to wait, so it is no flood. To be watched for; the refusals themselves are on record as others.
   */
  async guessed(clientId: string, { requestId, address }: Asking): Promise<void> {
    const name = clientId.slice(0, 256);
    await this.#trail.append({
      ...{ class: 'authentication', type: 'oauth.secret.guessed', action: 'authenticate', door: 'oauth' },
      ...{ requestId, actor: NOBODY, object: { kind: 'client', namespace: '*', name, id: name } },
      ...{ outcome: 'denied', error: 'OAUTH_THROTTLED' },
      ...(address !== undefined && { address }),
    });
  }

  /** Puts on record that a registration was refused, or counts it. Rejects as the trail does. */
  async registrationRefused(origin: AuditOrigin, error: string, asking: Asking): Promise<void> {
    const event = { class: 'administration', type: 'client.registered', action: 'register', ...origin } as const;
    const { class: eventClass, type, action, door, actor } = event;
    const as = { of: 'client.registered', event: { class: eventClass, type, action, door, actor } };
    await this.#refusals.record({ ...event, outcome: 'denied', error }, asking.address ?? '', as);
  }

  /** Writes what was only counted so far. */
  close(): Promise<void> {
    return this.#refusals.flush();
  }
}

/** The answer leaves for the client, with a code or an error. */
const isFinal = (ctx: KoaContextWithOIDC): boolean => /[?&#](?:code|error)=/.test(ctx.response.get('location'));

function actorOf(userId: string | undefined, clientId: string | undefined, isKnown: boolean): AuditEvent['actor'] {
  if (userId !== undefined) return { kind: 'user', iss: 'chatelaine', sub: userId, name: userId };
  if (clientId !== undefined && isKnown) {
    const name = clientId.slice(0, 256);
    return { kind: 'workload', iss: 'chatelaine', sub: name, name };
  }
  return NOBODY;
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
