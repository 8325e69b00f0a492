import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { reveal, Secret } from '#kernel';
import type { FieldPath } from '#contract';

/** Where secrets are mounted as files, none is larger. */
const LARGEST_SECRET = 64 * 1024;

export interface UnreadableSecret {
  readonly path: FieldPath;
  readonly message: string;
}

export interface SecretFiles {
  /** The files that were read. */
  readonly files: readonly string[];
  readonly unreadable: readonly UnreadableSecret[];
}

/**
 * Puts the contents of the file in the place of every secret that is written `file:///run/secrets/x`.
 * Only fields that hold secrets are looked at, so a URI elsewhere stays a URI. Changes `fields`.
 */
export function readSecretFiles(fields: unknown): SecretFiles {
  const unreadable: UnreadableSecret[] = [];
  const files: string[] = [];
  const walk = (holder: object, path: FieldPath): void => {
    for (const [key, value] of Object.entries(holder)) {
      const at = [...path, Array.isArray(holder) ? Number(key) : key];
      if (value instanceof Secret) {
        const url = reveal(value);
        if (!url.startsWith('file://')) continue;
        const read = readSecretFile(url);
        if (read instanceof Secret) {
          Reflect.set(holder, key, read);
          files.push(fileURLToPath(url));
        } else {
          unreadable.push({ path: at, message: read });
        }
      } else if (isPlain(value)) {
        walk(value, at);
      }
    }
  };
  if (isPlain(fields)) walk(fields, []);
  return { files, unreadable };
}

/** The secret without the line end that editors and `echo` leave, or why it cannot be read. */
function readSecretFile(url: string): Secret | string {
  let descriptor: number | undefined;
  try {
    // Without O_NONBLOCK a pipe in the file's place would hold the start for ever.
    descriptor = openSync(fileURLToPath(url), constants.O_RDONLY | constants.O_NONBLOCK);
    const facts = fstatSync(descriptor);
    if (!facts.isFile()) return `\`${url}\` is not a file`;
    if (facts.size > LARGEST_SECRET) return `\`${url}\` is larger than ${LARGEST_SECRET} bytes`;
    const bytes = Buffer.alloc(LARGEST_SECRET);
    const length = readSync(descriptor, bytes);
    return new Secret(bytes.toString('utf8', 0, length).replace(/\r?\n$/, ''));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return `there is no file \`${url}\``;
    if (code?.startsWith('ERR_'))
      return `\`${url}\` is not a file URL; write three slashes, \`file:///run/secrets/name\``;
    return `\`${url}\` cannot be read (${code ?? 'unknown reason'})`;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
