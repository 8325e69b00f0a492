/**
 * The string form of a password hash (PHC string format, as the reference implementation of Argon2
 * writes it): `$argon2id$v=19$m=19456,t=2,p=1$SALT$TAG`, base64 without padding. It carries its own
 * parameters, so that they can be raised without losing a password.
 */
export interface Argon2Hash {
  /** KiB. */
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
  readonly salt: Buffer;
  readonly tag: Buffer;
}

export type Argon2Cost = Pick<Argon2Hash, 'memory' | 'passes' | 'parallelism'>;

const PHC = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})$/;
/** A row that asks for more than this was not written by us: it would be a way to exhaust the memory. */
const MOST_MEMORY_KIB = 1_048_576;

export function formatPhc({ memory, passes, parallelism, salt, tag }: Argon2Hash): string {
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`;
}

/** The parts; undefined for anything that is not such a string, or asks for more than a GiB. */
export function parsePhc(text: string): Argon2Hash | undefined {
  const [, memory, passes, parallelism, salt, tag] = PHC.exec(text) ?? [];
  if (salt === undefined || tag === undefined) return undefined;
  const hash = {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  };
  if (hash.memory > MOST_MEMORY_KIB || hash.passes < 1 || hash.parallelism < 1) return undefined;
  if (hash.memory < 8 * hash.parallelism) return undefined;
  return formatPhc(hash) === text ? hash : undefined;
}

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');
