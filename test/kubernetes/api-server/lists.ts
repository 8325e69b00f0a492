/** Lists: selectors, pages that hold one revision, and which revision is asked for. */
import type { Call } from './call.ts';
import type { ApiObject } from './json.ts';
import { checkListOptions } from './options.ts';
import { resourceKey } from './resource-type.ts';
import { fieldSelector, labelSelector, type Selector } from './selectors.ts';
import { badRequest, expired, tooLargeVersion } from './statuses.ts';
import type { Store } from './store.ts';

export interface Listed {
  readonly items: readonly ApiObject[];
  readonly resourceVersion: string;
  readonly next?: string;
  readonly remaining?: number;
}

interface Continuation {
  readonly v: string;
  readonly rv: number;
  readonly start: string;
}

const tooOldPage =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

const write = (rv: number, start: string): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv, start })).toString('base64url');

const keyOf = ({ metadata }: ApiObject): string => `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;

export const versionFault = (version: string): string =>
  `resourceVersion: Invalid value: ${JSON.stringify(version)}: strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`;

/** The selectors of a list or a watch as one. */
export function selectorOf({ query, type }: Call): Selector {
  const labels = labelSelector(query.get('labelSelector') ?? '');
  const fields = fieldSelector(query.get('fieldSelector') ?? '', type);
  return (object) => labels(object) && fields(object);
}

export function list(store: Store, call: Call): Listed {
  const { query } = call;
  checkListOptions(query, false);
  const selects = selectorOf(call);
  const selective = (query.get('labelSelector') ?? '') !== '' || (query.get('fieldSelector') ?? '') !== '';
  const version = query.get('resourceVersion') ?? '';
  const given = query.get('continue') ?? '';
  const limit = version === '0' ? 0 : limitOf(query);
  const { rv, start } = given === '' ? { rv: undefined, start: '' } : continuation(given, version, store);
  const revision = rv ?? wantedRevision(store, version, query.get('resourceVersionMatch') ?? '');
  const all = store
    .list(resourceKey(call.type), call.namespace, revision)
    .filter((object) => keyOf(object) >= start && selects(object));
  const resourceVersion = String(revision);
  if (limit <= 0 || all.length <= limit) return { items: all, resourceVersion };
  return {
    items: all.slice(0, limit),
    resourceVersion,
    next: write(revision, `${keyOf(all[limit - 1] as ApiObject)}\0`),
    ...(selective ? {} : { remaining: all.length - limit }),
  };
}

function limitOf(query: URLSearchParams): number {
  const given = query.get('limit') ?? '';
  if (given !== '' && !/^[+-]?\d+$/.test(given))
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(given)}: invalid syntax`);
  return Number(given);
}

function wantedRevision(store: Store, version: string, match: string): number {
  if (version === '' || version === '0') return store.revision;
  checkVersion(store, version, (why) => badRequest(`invalid resource version: ${why}`));
  if (match !== 'Exact') return store.revision;
  const revision = Number(version);
  if (revision < store.compacted) throw expired('The resourceVersion for the provided list is too old.');
  return revision;
}

/** A version must be a number, and not of the future. */
export function checkVersion(store: Store, version: string, refusal: (why: string) => Error): void {
  if (!/^\d+$/.test(version)) throw refusal(versionFault(version));
  if (Number(version) > store.revision) throw tooLargeVersion(version, String(store.revision));
}

function continuation(token: string, version: string, store: Store): { rv: number; start: string } {
  if (version !== '' && version !== '0')
    throw badRequest('specifying resource version is not allowed when using continue');
  const { rv, start } = readToken(token);
  if (rv < 0) return { rv: store.revision, start };
  if (rv >= store.compacted) return { rv, start };
  throw expired(tooOldPage, { continue: write(-1, start) });
}

function readToken(token: string): Continuation {
  const bytes = Buffer.from(token, 'base64url');
  try {
    return JSON.parse(bytes.toString()) as Continuation;
  } catch {
    const first = bytes[0] ?? 0;
    const shown = first >= 0x80 ? `\\u00${first.toString(16)}` : String.fromCharCode(first);
    throw badRequest(
      `invalid continue token: continue key is not valid: invalid character '${shown}' looking for beginning of value`,
    );
  }
}
