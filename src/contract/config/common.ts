/**
 * The scalars that fields of every kind are made of. Each schema takes what a person writes and gives
 * what the code needs: milliseconds, bytes, a secret that does not print.
 */
import { z } from 'zod';
import { parseDuration, parseSize, Secret } from '#kernel';

/** The namespace of everything that does not say one. */
export const DEFAULT_NAMESPACE = 'default';

/**
 * Names of tools, sources and the rest: MCP's grammar for tool names, which is also Toolbox's. A name
 * of dots alone is refused, because names stand in URL paths, where `..` climbs.
 */
export const resourceName = z
  .string()
  .min(1, { error: 'a name is empty' })
  .max(128, { error: 'a name has more than 128 characters' })
  .regex(/^[A-Za-z0-9_.-]*$/, { error: 'a name is made of letters A-Z a-z, digits, `_`, `-` and `.`' })
  .refine((name) => !/^\.+$/.test(name), { error: 'a name is more than dots' })
  .meta({ title: 'name' });

/** `namespace:` of any document. */
export const namespaceName = resourceName
  .default(DEFAULT_NAMESPACE)
  .describe('The namespace that the document belongs to; names are unique, and references are resolved, within one.');

/** A duration such as `30s` or `1m30s`; gives milliseconds, more than zero. */
export const duration = z
  .string()
  .transform((text, context) => {
    const ms = parseDuration(text);
    if (ms !== undefined && ms > 0) return ms;
    context.addIssue({
      code: 'custom',
      message: `\`${text}\` is not a duration; write a number with its unit, such as \`250ms\`, \`30s\` or \`1m30s\``,
    });
    return z.NEVER;
  })
  .meta({ title: 'duration' });

/** A size such as `5MB`, `512KiB` or a whole number of bytes; gives bytes, more than zero. */
export const size = z
  .union([z.string(), z.int()])
  .transform((written, context) => {
    const bytes = parseSize(written);
    if (bytes !== undefined && bytes > 0) return bytes;
    context.addIssue({
      code: 'custom',
      message: `\`${written}\` is not a size; write bytes or a number with its unit, such as \`512KiB\` or \`5MB\``,
    });
    return z.NEVER;
  })
  .meta({ title: 'size' });

/**
 * A field that holds a key or a password; gives a `Secret`. The loader replaces a `file:///…` value
 * by the contents of that file. For what is needed before there is a vault, or beside it; sources take
 * a `secretValue`.
 */
export const secretText = z
  .string()
  .transform((text) => new Secret(text))
  .meta({ title: 'secret' });

/** An OAuth scope (RFC 6749 §3.3): printable ASCII without space, quote and backslash. */
export const scopeToken = z
  .string()
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, {
    error:
      'a scope is one word of printable ASCII without spaces, `"` and `\\` (RFC 6749 §3.3); list several scopes as several entries',
  })
  .meta({ title: 'scope' });

/** An absolute URL with one of the given schemes; gives the text as written. */
export const absoluteUrl = (...schemes: readonly string[]) =>
  z
    .string()
    .refine(
      (text) => {
        const url = URL.parse(text);
        return url !== null && schemes.includes(url.protocol.slice(0, -1)) && url.host !== '';
      },
      { error: `this is not an absolute ${schemes.join(' or ')} URL` },
    )
    .meta({ title: `${schemes.join(' or ')} URL` });

/** An object as JSON has it, whatever its members. */
export const jsonObject = z.record(z.string(), z.json()).meta({ title: 'JSON object' });

/** Whether a host name or address can only be this machine. */
export function isLoopbackHost(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  return bare === 'localhost' || bare === '::1' || /^127(\.\d{1,3}){3}$/.test(bare);
}
