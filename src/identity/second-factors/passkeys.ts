import { isIP } from 'node:net';
import { z } from 'zod';
import { randomToken, type Clock } from '#kernel';
import type { RevocationLedger } from '#contract';
import type { Database } from '#db';
import { noteCredentialChange } from '../credential-change.ts';
import { signInError } from '../sign-in/errors.ts';
import type { Person } from '../sign-in/people.ts';
import {
  beginCeremony,
  endCeremony,
  insertPasskey,
  listPasskeys,
  removePasskey,
  usePasskey,
  type Ceremony,
} from '../store/passkeys-store.ts';
import type { Passkey } from './passkey.ts';

const CEREMONY_MS = 5 * 60_000;
const MOST_PASSKEYS = 20;

const base64url = z.string().regex(/^[A-Za-z0-9_-]*$/);
const bounded = (most: number) => base64url.max(most);

/** `RegistrationResponseJSON` (WebAuthn Level 3 §5.1), as far as it is read. */
const registration = z.object({
  id: bounded(1400),
  rawId: bounded(1400),
  type: z.literal('public-key'),
  response: z.object({
    clientDataJSON: bounded(8192),
    attestationObject: bounded(65_536),
    transports: z
      .array(z.string().regex(/^[a-z-]{1,32}$/))
      .max(8)
      .optional(),
  }),
  clientExtensionResults: z.object({}).default({}),
});

/** `AuthenticationResponseJSON`. */
const assertion = z.object({
  id: bounded(1400),
  rawId: bounded(1400),
  type: z.literal('public-key'),
  response: z.object({
    clientDataJSON: bounded(8192),
    authenticatorData: bounded(8192),
    signature: bounded(2048),
    userHandle: bounded(128).optional(),
  }),
  clientExtensionResults: z.object({}).default({}),
});

/** ES256, EdDSA and RS256 (COSE, RFC 9053 §2; RFC 8812 §2): what authenticators have. */
const ALGORITHMS = [-7, -8, -257];

/**
 * Passkeys and security keys (WebAuthn Level 3, by @simplewebauthn/server): always with user verification, so
 * that one of them is two factors by itself; the challenge is used once, in the session that asked for
 * it; origin and relying party come from the configuration and never from the request.
 */
export class Passkeys {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #ledger: RevocationLedger;
  readonly #origin: string;
  readonly #rpId: string;

  constructor(parts: {
    readonly database: Database;
    readonly clock: Clock;
    readonly ledger: RevocationLedger;
    readonly publicUrl: URL;
  }) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#ledger = parts.ledger;
    this.#origin = parts.publicUrl.origin;
    this.#rpId = parts.publicUrl.hostname;
  }

  /** A relying party is a domain: at an address there are no passkeys (WebAuthn §5.1.2). */
  get available(): boolean {
    return isIP(this.#rpId.replaceAll(/[[\]]/g, '')) === 0;
  }

  list(userId: string): Promise<readonly Passkey[]> {
    return listPasskeys(this.#database.db, userId);
  }

  /** `PublicKeyCredentialCreationOptionsJSON` for the browser. Throws `PASSKEY_UNAVAILABLE`. */
  async registrationOptions(person: Person, sessionId: string): Promise<object> {
    this.#requireDomain();
    const { generateRegistrationOptions } = await import('@simplewebauthn/server');
    const challenge = await this.#begin(sessionId, 'register');
    return await generateRegistrationOptions({
      rpName: 'Chatelaine',
      rpID: this.#rpId,
      userName: person.name,
      userDisplayName: person.displayName,
      userID: Uint8Array.from(Buffer.from(person.id)),
      challenge: Uint8Array.from(Buffer.from(challenge, 'base64url')),
      timeout: CEREMONY_MS,
      attestationType: 'none',
      excludeCredentials: (await this.list(person.id)).map(({ id }) => ({ id })),
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
      supportedAlgorithmIDs: ALGORITHMS,
    });
  }

  /**
   * Adds the passkey that the browser made; undefined when anything about it is not right. `before` runs when
   * it is, and before it is added.
   */
  async register(
    person: Person,
    sessionId: string,
    { json, label }: { readonly json: string; readonly label: string },
    before: () => Promise<void>,
  ): Promise<Passkey | undefined> {
    this.#requireDomain();
    const response = parse(registration, json);
    const challenge = response && (await this.#end(response.response.clientDataJSON, sessionId, 'register'));
    if (response === undefined || challenge === undefined) return undefined;
    if ((await this.list(person.id)).length >= MOST_PASSKEYS) return undefined;
    const { verifyRegistrationResponse } = await import('@simplewebauthn/server');
    const verified = await settled(
      verifyRegistrationResponse({
        response,
        expectedChallenge: challenge,
        expectedOrigin: this.#origin,
        expectedRPID: this.#rpId,
        requireUserVerification: true,
        supportedAlgorithmIDs: ALGORITHMS,
      }),
    );
    if (verified?.verified !== true) return undefined;
    const { credential, credentialDeviceType } = verified.registrationInfo;
    const passkey: Passkey = {
      id: credential.id,
      userId: person.id,
      publicKey: credential.publicKey,
      counter: credential.counter,
      transports: response.response.transports ?? [],
      label,
      synced: credentialDeviceType === 'multiDevice',
      createdAt: this.#clock.now(),
      lastUsedAt: null,
    };
    await before();
    return (await insertPasskey(this.#database.db, passkey)) ? passkey : undefined;
  }

  /** `PublicKeyCredentialRequestOptionsJSON` for the browser. Throws `PASSKEY_UNAVAILABLE`. */
  async authenticationOptions(userId: string, sessionId: string): Promise<object> {
    this.#requireDomain();
    const { generateAuthenticationOptions } = await import('@simplewebauthn/server');
    const challenge = await this.#begin(sessionId, 'authenticate');
    return await generateAuthenticationOptions({
      rpID: this.#rpId,
      challenge: Uint8Array.from(Buffer.from(challenge, 'base64url')),
      timeout: CEREMONY_MS,
      userVerification: 'required',
      allowCredentials: (await this.list(userId)).map(({ id, transports }) => ({ id, transports: [...transports] })),
    });
  }

  /** The passkey of the person that made this assertion; undefined when anything about it is not right. */
  async accept(userId: string, sessionId: string, json: string): Promise<Passkey | undefined> {
    if (!this.available) return undefined;
    const response = parse(assertion, json);
    const challenge = response && (await this.#end(response.response.clientDataJSON, sessionId, 'authenticate'));
    const passkey = response && (await this.list(userId)).find(({ id }) => id === response.id);
    if (response === undefined || challenge === undefined || passkey === undefined) return undefined;
    const { verifyAuthenticationResponse } = await import('@simplewebauthn/server');
    const verified = await settled(
      verifyAuthenticationResponse({
        response,
        expectedChallenge: challenge,
        expectedOrigin: this.#origin,
        expectedRPID: this.#rpId,
        credential: { id: passkey.id, publicKey: passkey.publicKey, counter: passkey.counter },
        requireUserVerification: true,
      }),
    );
    if (verified?.verified !== true) return undefined;
    const { newCounter } = verified.authenticationInfo;
    const use = { id: passkey.id, userId, counter: newCounter, now: this.#clock.now() };
    return (await usePasskey(this.#database.db, use)) ? passkey : undefined;
  }

  /** Removes a passkey of the person; false when there is none of that id. */
  remove(userId: string, id: string): Promise<boolean> {
    return this.#database.transaction(async (trx) => {
      const removed = await removePasskey(trx, userId, id);
      if (removed) await noteCredentialChange(trx, this.#ledger, userId, this.#clock.now());
      return removed;
    });
  }

  async #begin(sessionId: string, purpose: Ceremony['purpose']): Promise<string> {
    const challenge = randomToken();
    const now = this.#clock.now();
    await this.#database.transaction((trx) =>
      beginCeremony(trx, { challenge, sessionId, purpose }, now + CEREMONY_MS, now),
    );
    return challenge;
  }

  /** The challenge that the browser signed, used up; undefined unless it is one of this session. */
  async #end(clientData: string, sessionId: string, purpose: Ceremony['purpose']): Promise<string | undefined> {
    const data = parse(z.object({ challenge: bounded(64) }), Buffer.from(clientData, 'base64url').toString());
    if (data === undefined) return undefined;
    const ceremony = { challenge: data.challenge, sessionId, purpose };
    return (await endCeremony(this.#database.db, ceremony, this.#clock.now())) ? data.challenge : undefined;
  }

  #requireDomain(): void {
    if (this.available) return;
    throw signInError('PASSKEY_UNAVAILABLE', `\`${this.#origin}\` is an address, not a name`);
  }
}

function parse<Value>(schema: z.ZodType<Value>, json: string): Value | undefined {
  try {
    return schema.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}

/** What the library finds wrong it throws; for us each is the same refusal. */
async function settled<Value>(verification: Promise<Value>): Promise<Value | undefined> {
  try {
    return await verification;
  } catch {
    return undefined;
  }
}
