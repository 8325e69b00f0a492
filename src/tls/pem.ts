import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { isPem } from '#contract';
import type { ChatelaineError } from '#kernel';

/** One textual encoding of RFC 7468: its label and its bytes. */
export interface PemBlock {
  readonly label: string;
  readonly der: Buffer;
}

/**
 * The blocks of a text, in order. What stands between them is explanation and is passed over (RFC 7468
 * §2). Undefined when a block does not end or holds anything but base64.
 */
export function pemBlocks(text: string): readonly PemBlock[] | undefined {
  const blocks: PemBlock[] = [];
  const begin = /-----BEGIN ([A-Z0-9 ]+)-----/g;
  for (let match = begin.exec(text); match !== null; match = begin.exec(text)) {
    const label = match[1] as string;
    const ends = `-----END ${label}-----`;
    const end = text.indexOf(ends, begin.lastIndex);
    if (end === -1) return undefined;
    const body = text.slice(begin.lastIndex, end).replaceAll(/\s/g, '');
    // An old key that is encrypted has header lines here; the caller looks at the label first.
    const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(body);
    if (!isBase64 && !body.startsWith('Proc-Type:')) return undefined;
    blocks.push({ label, der: isBase64 ? Buffer.from(body, 'base64') : Buffer.alloc(0) });
    begin.lastIndex = end + ends.length;
  }
  return blocks;
}

/** A text that the configuration names by its path, or holds itself. */
export interface Material {
  readonly text: string;
  /** How messages call it: the path in backticks, or the field where no path is known. */
  readonly where: string;
  /** Whether users of this machine other than its owner and group may read the file. */
  readonly isOpenToAll: boolean;
}

/** The largest bundles of public authorities have a quarter of this. */
const LARGEST = 1024 * 1024;

/**
 * What `value`, an absolute path or PEM text, stands for. `field` names it in messages; a key that was
 * mangled into something that is neither must not be repeated there. Throws by `fault`.
 */
export function readMaterial(field: string, value: string, fault: (message: string) => ChatelaineError): Material {
  if (isPem(value)) return { text: value, where: `\`${field}\``, isOpenToAll: false };
  if (!value.startsWith('/') || value.includes('\n'))
    throw fault(`\`${field}\` is neither an absolute path nor PEM text`);
  let descriptor: number | undefined;
  try {
    // Without O_NONBLOCK a pipe in the file's place would hold the start for ever.
    descriptor = openSync(value, constants.O_RDONLY | constants.O_NONBLOCK);
    const facts = fstatSync(descriptor);
    if (!facts.isFile()) throw fault(`\`${field}\`: \`${value}\` is not a file`);
    if (facts.size > LARGEST) throw fault(`\`${field}\`: \`${value}\` is larger than ${LARGEST} bytes`);
    const bytes = Buffer.alloc(facts.size);
    const length = readSync(descriptor, bytes);
    return {
      text: bytes.toString('latin1', 0, length),
      where: `\`${value}\``,
      isOpenToAll: (facts.mode & 0o004) !== 0,
    };
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (descriptor !== undefined || code === undefined) throw cause;
    throw fault(
      code === 'ENOENT'
        ? `\`${field}\`: there is no file \`${value}\``
        : `\`${field}\`: \`${value}\` cannot be read (${code})`,
    );
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** The paths among values that are paths or PEM text. */
export const pathsAmong = (...values: readonly (string | undefined)[]): readonly string[] =>
  values.filter((value) => value !== undefined).filter((value) => !isPem(value));
