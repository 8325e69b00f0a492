/** The scalars that fields of custom resources are made of: what is written stays as it is, and all of it is bounded. */
import { z } from 'zod';
import { parseDuration } from '#kernel';
import { resourceName, scopeToken } from '../config/common.ts';
import { ruled } from './rule.ts';

/** The name of an object beside this one (RFC 1123 §2.1). */
export const objectName = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/, {
    error: 'a name of an object is made of `a-z`, digits, `-` and `.`, from a letter or digit to one',
  });

/** A label: a namespace, and the name of what becomes a Service. */
export const label = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, {
    error: 'this is made of `a-z`, digits and `-`, from a letter or digit to one',
  });

/** Names of what is no object: upstreams, as configurations know them. */
export const upstreamName = resourceName.regex(/^[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*$/);

export const scope = scopeToken.max(256);

/** As Go and WHATWG read them alike: a last label that begins with a digit is no name, and a port fits into 16 bits. */
const BYTE = '(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const NAME = String.raw`([A-Za-z0-9-]+\.)*[A-Za-z-][A-Za-z0-9-]*\.?`;
const HOST = String.raw`(${NAME}|${BYTE}(\.${BYTE}){3}|\x5b[0-9A-Fa-f:.]+\x5d)`;
const PORT = '(:(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[0-9]{1,4}))?';
/** What follows a percent sign are two digits. */
const PATH = String.raw`/([^?#%\s]|%[0-9A-Fa-f]{2})*`;

/** https alone, since no pod is this machine; without user name, query and fragment. */
export const httpsUrl = readable(
  z
    .string()
    .max(2048)
    .regex(new RegExp(`^https://${HOST}${PORT}(${PATH})?$`), {
      error: 'this is an https URL without user name, query and fragment, such as `https://login.example.com`',
    }),
);

/** Where an MCP server is that may be in the cluster. */
export const serverUrl = readable(
  z
    .string()
    .max(2048)
    .regex(new RegExp(String.raw`^https?://${HOST}${PORT}(${PATH}(\?[^#\s]*)?)?$`), {
      error: 'this is an http or https URL without user name and fragment',
    }),
);

function readable(text: z.ZodString): z.ZodString {
  return ruled(text, { rule: 'isURL(self)', holds: (written) => URL.canParse(written), message: 'this is no URL' });
}

/** SPIFFE-ID §2.1. */
export const trustDomain = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[a-z0-9._-]+$/, {
    error: 'a trust domain is written with `a-z`, digits, `.`, `-` and `_`, such as `prod.example.com`',
  });

/** A duration as Go, CEL and cert-manager read it too: days are not among its units. */
export const duration = z
  .string()
  .max(32)
  .regex(/^([0-9]{1,7}(h|m|s))+$/, {
    error: 'a duration is whole hours, minutes and seconds, such as `720h` or `1m30s`',
  });

export const millisecondsOf = (text: string): number => parseDuration(text) ?? Number.NaN;

/** A duration of at least and at most so much. */
export const between = (least: string, most: string) =>
  ruled(duration, {
    rule: `duration(self) >= duration('${least}') && duration(self) <= duration('${most}')`,
    holds: (text) => millisecondsOf(text) >= millisecondsOf(least) && millisecondsOf(text) <= millisecondsOf(most),
    message: `this is not between \`${least}\` and \`${most}\``,
  });

/** An amount as Kubernetes writes it: `500m`, `1Gi`. */
export const quantity = z
  .string()
  .max(32)
  .regex(/^[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/, {
    error: 'an amount is a number with its unit, such as `500m`, `256Mi` or `1Gi`',
  });

export const port = z.int().min(1).max(65_535);

/** Text for people and programs, on one line. */
export const line = (most: number) => z.string().min(1).max(most);
