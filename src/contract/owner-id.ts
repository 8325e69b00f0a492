import { err, ok, type Result } from '#kernel';

/** What runs tools for callers and is an owner beyond this process. */
export const OWNER_KINDS = ['mcpserver', 'gateway', 'proxy'] as const;
export type OwnerKind = (typeof OWNER_KINDS)[number];

/**
 * Who owns something, as its certificate says: the parts stay apart, so that `a-b` with `c` and `a` with `b-c` never
 * come to be the same text (INT-013).
 */
export interface OwnerId {
  readonly trustDomain: string;
  readonly namespace: string;
  readonly kind: OwnerKind;
  readonly name: string;
}

/** Lower case alone, since others fold it; as names in Kubernetes are (RFC 1123 §2.1), with `_` beside. */
const SEGMENT = /^[a-z0-9](?:[a-z0-9._-]{0,126}[a-z0-9])?$/;
/** SPIFFE-ID §2.1. */
const TRUST_DOMAIN = /^[a-z0-9._-]{1,255}$/;

/**
 * Reads `spiffe://{trustDomain}/ns/{namespace}/{kind}/{name}`, where `kind` is one of `OWNER_KINDS`. Nothing is
 * repaired and nothing stands for something else: every owner has one spelling, and `printOwnerId` gives it back byte
 * for byte. The error says what the template wants, for whoever wrote the text.
 */
export function parseOwnerId(text: string): Result<OwnerId, string> {
  const [scheme, empty, trustDomain = '', ns, namespace = '', kind = '', name = '', ...rest] = text.split('/');
  if (scheme !== 'spiffe:' || empty !== '') return err('it does not begin with `spiffe://`');
  if (!TRUST_DOMAIN.test(trustDomain)) return err('its trust domain is not written with `a-z 0-9 . - _` alone');
  if (ns !== 'ns' || !isOwnerKind(kind) || rest.length > 0)
    return err(`it is not of the form \`spiffe://trust-domain/ns/namespace/{${OWNER_KINDS.join(',')}}/name\``);
  const odd = [namespace, name].find((segment) => !SEGMENT.test(segment) || segment.includes('..'));
  if (odd !== undefined) return err(`\`${odd}\` is not written with \`a-z 0-9 . - _\`, from a letter or digit to one`);
  return ok({ trustDomain, namespace, kind, name });
}

/** The one spelling of an owner. */
export const printOwnerId = ({ trustDomain, namespace, kind, name }: OwnerId): string =>
  `spiffe://${trustDomain}/ns/${namespace}/${kind}/${name}`;

const isOwnerKind = (text: string): text is OwnerKind => (OWNER_KINDS as readonly string[]).includes(text);
