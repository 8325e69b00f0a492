import type { IncomingMessage, ServerResponse } from 'node:http';
import { readCookie } from '#identity';
import { ChatelaineError, type Logger } from '#kernel';
import type { ClientCertificate } from '#tls';
import type { Artifacts } from '../artifacts/artifacts.ts';
import type { ClientRegistrar } from '../clients/registrar.ts';
import { authServerError } from '../errors.ts';
import type { SigningKeys } from '../keys/index.ts';
import { checkShape, isProviderPath, type DoorLimits } from '../limits/index.ts';
import { sessionCookie } from '../provider/configuration.ts';
import type { Interactions } from '../provider/interactions.ts';
import type { LivingProvider } from '../provider/living-provider.ts';
import { prepared } from '../provider/prepared.ts';
import type { OAuthRecords } from '../provider/records.ts';
import { isRegistrationPath, register } from '../provider/registration.ts';
import { ROUTES } from '../provider/settings.ts';
import type { OwnerMap } from '../resources/owner-map.ts';
import type { OwnTokenVerifier } from '../token-sessions/own-token-verifier.ts';
import { upstreamOfDocument, type Upstreams } from '../upstreams/index.ts';
import {
  isTold,
  sendClientDocument,
  sendFault,
  sendKeys,
  sendPage,
  sendPreflight,
  sendRegistration,
} from './answers.ts';
import type { KnownRequests } from './known-requests.ts';
import type { PageSteps } from './page-steps.ts';
import { isPage, KEYS, METADATA, pathOf } from './paths.ts';

/** What the listener knows of a request. */
export interface Arrival {
  readonly requestId: string;
  readonly address: string | undefined;
  /** Of one on the listener whose clients show certificates: that of the connection, where it counts. */
  readonly agents?: { readonly certificate: ClientCertificate | undefined } | undefined;
  /** What every answer to it carries. Flat: name, value, name, value. */
  readonly headers: readonly string[];
}

export interface DoorParts {
  readonly publicUrl: URL;
  readonly agentsUrl: () => Promise<URL | undefined>;
  readonly provider: LivingProvider;
  readonly known: KnownRequests;
  readonly steps: PageSteps;
  readonly interactions: Interactions;
  readonly registrar: ClientRegistrar | undefined;
  readonly keys: Pick<SigningKeys, 'current'>;
  readonly artifacts: Artifacts;
  readonly owners: OwnerMap;
  readonly verifier: OwnTokenVerifier;
  readonly upstreams: Pick<Upstreams, 'clientDocument'>;
  readonly limits: DoorLimits;
  readonly records: OAuthRecords;
  readonly log: Logger;
}

/** Every request to the authorization server, and who of it answers: pages, keys, registration, the provider. */
export class Doors {
  readonly #parts: DoorParts;

  constructor(parts: DoorParts) {
    this.#parts = parts;
  }

  /** Answers; never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse, arrival: Arrival): Promise<void> {
    const { headers, requestId } = arrival;
    for (let at = 0; at < headers.length; at += 2) response.setHeader(headers[at] as string, headers[at + 1] as string);
    try {
      await this.#visit(request, response, arrival);
    } catch (error) {
      // A request whose body was read is destroyed as such; what counts is whether somebody still listens.
      if (response.headersSent || response.destroyed || request.socket.destroyed) return void response.destroy();
      const { log, interactions: pages } = this.#parts;
      if (!isTold(error)) log.error({ err: error, requestId }, 'the authorization server met a fault');
      sendFault(request, response, error, { requestId, pages });
    }
  }

  async #visit(request: IncomingMessage, response: ServerResponse, arrival: Arrival): Promise<void> {
    const { steps, keys, registrar, records } = this.#parts;
    const path = pathOf(request);
    if (isPage(path)) return sendPage(response, await steps.answer({ request, response, ...arrival }));
    const document = upstreamOfDocument(path);
    if (document !== undefined && request.method === 'GET')
      return sendClientDocument(response, this.#parts.upstreams.clientDocument(document));
    const isRegistration = isRegistrationPath(path);
    if (request.method === 'OPTIONS' && (path === KEYS || isRegistration))
      return sendPreflight(response, path === KEYS ? 'GET' : 'GET, POST, PUT, DELETE');
    if (path === KEYS) return sendKeys(response, await keys.current());
    if (isRegistration) {
      if (registrar === undefined)
        throw authServerError('OAUTH_REGISTRATION_CLOSED', 'clients do not register themselves here');
      const asked = { requestId: arrival.requestId, address: arrival.address };
      return sendRegistration(response, await register(request, path, asked, { registrar, records }));
    }
    try {
      await this.#visitProvider(request, response, arrival);
    } catch (error) {
      if (error instanceof ChatelaineError && error.status < 500) await records.stopped(path, error.code, arrival);
      throw error;
    }
  }

  /** What the provider answers, once it has the shape of a request and was counted. */
  async #visitProvider(request: IncomingMessage, response: ServerResponse, arrival: Arrival): Promise<void> {
    const { publicUrl, agentsUrl, provider, known, interactions, owners, verifier, limits } = this.#parts;
    const path = pathOf(request);
    if (!isProviderPath(path) && !METADATA.test(path))
      throw authServerError('OAUTH_PATH_UNKNOWN', 'nothing of the authorization server is at this path');
    const live = await interactions.signedIn(request);
    const cookie = await this.#cookiesFor(request, live?.person.id);
    const asker = {
      address: arrival.address,
      sessionId: readCookie(request.headers.cookie, sessionCookie(publicUrl)),
      userId: live?.person.id,
    };
    let counted: Awaited<ReturnType<DoorLimits['arrived']>> | undefined;
    const admit = async (parameters: URLSearchParams): Promise<void> => {
      checkShape(request, path, parameters);
      counted = await limits.arrived(request, path, parameters, asker);
    };
    const base = (isAtAgents(path, arrival) ? await agentsUrl() : undefined) ?? publicUrl;
    const forProvider = await prepared(request, { path, base, owners, metadata: METADATA, verifier, cookie, admit });
    if (counted !== undefined) limits.follow(forProvider, counted);
    const { requestId, address, agents } = arrival;
    const certificate = agents?.certificate;
    known.set(forProvider, {
      asking: { requestId, address, certificateSerial: certificate?.serial },
      signedInAs: live?.stage === 'active' ? live.person.id : undefined,
      userCode: new URLSearchParams((request.url ?? '').split('?')[1]).get('user_code') ?? undefined,
      certificate,
    });
    await (await provider.current()).callback()(forProvider, response);
  }

  /**
   * The cookies without that of a provider session which is another person's than whoever is signed in now: on a
   * shared machine nothing is allowed in the name of somebody who has left.
   */
  async #cookiesFor({ headers }: IncomingMessage, userId: string | undefined): Promise<string | null> {
    const name = sessionCookie(this.#parts.publicUrl);
    const id = readCookie(headers.cookie, name);
    if (headers.cookie === undefined || id === undefined) return headers.cookie ?? null;
    const { accountId } = (await this.#parts.artifacts.find('Session', id)) ?? {};
    if (accountId === undefined || accountId === userId) return headers.cookie;
    const others = headers.cookie.split(';').filter((pair) => !pair.trim().startsWith(name));
    return others.length === 0 ? null : others.join(';');
  }
}

/** What is said there of endpoints, to clients and to people, is the same everywhere. */
const isAtAgents = (path: string, { agents }: Arrival): boolean =>
  agents !== undefined && path !== ROUTES.device_authorization && !METADATA.test(path);
