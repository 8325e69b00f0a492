/**
 * The cookie that binds a leg to its browser: one a leg, so that two tabs do not take each other's, and new for
 * each, so that none that somebody planted counts.
 *
 * Over https it carries `__Host-`: no neighbour on a sibling domain can set it (RFC 6265bis §4.1.3.2). `Lax`,
 * since the provider sends the browser back from its own site, with a link.
 */
import { readCookie } from '#identity';

const PREFIX = 'chatelaine-leg-';
/** Of the digest of the state: enough to tell legs of one browser apart. */
const NAME_CHARACTERS = 16;

export interface LegCookie {
  readonly name: string;
  readonly attributes: string;
}

export function legCookie(stateDigest: string, publicUrl: URL): LegCookie {
  const secure = publicUrl.protocol === 'https:';
  return {
    name: `${secure ? '__Host-' : ''}${PREFIX}${stateDigest.slice(0, NAME_CHARACTERS)}`,
    attributes: `; Path=/${secure ? '; Secure' : ''}; HttpOnly; SameSite=Lax`,
  };
}

export const setLegCookie = ({ name, attributes }: LegCookie, value: string, seconds: number): string =>
  `${name}=${value}; Max-Age=${seconds}${attributes}`;

export const clearLegCookie = ({ name, attributes }: LegCookie): string => `${name}=; Max-Age=0${attributes}`;

export const readLegCookie = ({ name }: LegCookie, header: string | undefined): string | undefined =>
  readCookie(header, name);
