import { X509Certificate } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { reveal, Secret } from '#kernel';
import { tlsError } from '../errors.ts';
import {
  issueCertificate,
  newAuthority,
  type Authority,
  type AuthorityRequest,
  type Issued,
  type LeafRequest,
} from './authority.ts';
import { CERTIFICATE_MODE, KEY_MODE, replaceFile } from './private-files.ts';

export type RotationStep = 'prepare' | 'activate' | 'retire';

/** An authority of the folder: `next` is trusted and does not sign yet, `previous` does not sign any more. */
export interface KnownAuthority {
  readonly state: 'next' | 'active' | 'previous';
  readonly subject: string;
  /** Lower-case hexadecimal. */
  readonly serial: string;
  /** Milliseconds since 1970. */
  readonly notAfter: number;
}

/** A certificate that was issued here and has not expired. */
export interface IssuedCertificate {
  /** Lower-case hexadecimal. */
  readonly serial: string;
  /** SPIFFE ID, DNS names and addresses. */
  readonly names: readonly string[];
  /** The subject of its authority. */
  readonly issuer: string;
  /** Milliseconds since 1970. */
  readonly notAfter: number;
}

const id = z.string().regex(/^\d+$/);

const stateSchema = z.strictObject({
  version: z.literal(1),
  request: z.strictObject({
    name: z.string(),
    trustDomain: z.string().optional(),
    curve: z.enum(['P-256', 'P-384']),
    lifetimeMs: z.number().positive(),
  }),
  active: id,
  next: id.nullable(),
  previous: z.array(id),
});

type State = z.output<typeof stateSchema>;

const ANYBODY_ELSE = 0o077;

/**
 * A certificate authority in a folder (0700): `authority.json` says which is which, `ca-N.crt` and
 * `ca-N.key` (0600) are the authorities, and `issued/` keeps the certificates that were issued, without
 * their keys, until they expire: rotation must know when the last one of an old authority is gone.
 */
export class AuthorityFolder {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes the first authority. Throws `AUTHORITY_EXISTS`, `CERTIFICATE_REQUEST_INVALID`. */
  init(request: AuthorityRequest, now: number): KnownAuthority {
    if (statSync(this.#file('authority.json'), { throwIfNoEntry: false }) !== undefined)
      throw tlsError('AUTHORITY_EXISTS', `there is an authority in \`${this.#folder}\``);
    const authority = newAuthority(request, now);
    mkdirSync(this.#file('issued'), { recursive: true, mode: 0o700 });
    this.#keep('1', authority);
    this.#write({ version: 1, request, active: '1', next: null, previous: [] });
    return describe(authority.cert, 'active');
  }

  /** Issues by the active authority, and keeps the certificate. Throws as `issueCertificate` does. */
  issue(request: LeafRequest, now: number): Issued {
    const issued = issueCertificate(this.#authority(this.#read().active), request, now);
    replaceFile(this.#file('issued', `${issued.serial}.crt`), issued.cert, CERTIFICATE_MODE);
    return issued;
  }

  /** The certificates that others should trust, PEM: of the next, the active and the previous authorities. */
  bundle(): string {
    return this.#all()
      .map(({ cert }) => cert)
      .join('');
  }

  list(): readonly KnownAuthority[] {
    return this.#all().map(({ cert, state }) => describe(cert, state));
  }

  /** What is in use of what was issued, at `now` (milliseconds since 1970); the first to expire first. */
  issued(now: number): readonly IssuedCertificate[] {
    this.#read();
    return this.#issued()
      .map(({ certificate }) => ({
        serial: certificate.serialNumber.toLowerCase(),
        // Of our own issuing, where names hold no commas.
        names: (certificate.subjectAltName ?? '').split(', ').map((name) => name.replace(/^(DNS|URI|IP Address):/, '')),
        issuer: certificate.issuer.replaceAll('\n', ', '),
        notAfter: certificate.validToDate.getTime(),
      }))
      .filter(({ notAfter }) => notAfter > now)
      .toSorted((one, other) => one.notAfter - other.notAfter);
  }

  /**
   * One step of a rotation; between two of them the bundle must reach everybody who verifies. Gives the
   * authorities as they are then. Throws `ROTATION_OUT_OF_ORDER`, also for retiring an authority some of
   * whose certificates are still valid, unless `force` says that they may fail.
   */
  rotate(step: RotationStep, now: number, force = false): readonly KnownAuthority[] {
    const state = this.#read();
    const { active, next, previous } = state;
    switch (step) {
      case 'prepare': {
        if (next !== null) throw outOfOrder('the next authority is prepared already; `activate` it');
        const number = String(Math.max(...[active, ...previous].map(Number)) + 1);
        this.#keep(number, newAuthority(state.request, now));
        this.#write({ ...state, next: number });
        break;
      }
      case 'activate':
        if (next === null) throw outOfOrder('there is no next authority; `prepare` it first');
        this.#write({ ...state, active: next, next: null, previous: [active, ...previous] });
        break;
      case 'retire':
        if (previous.length === 0) throw outOfOrder('there is no previous authority to retire');
        if (!force) this.#checkNoneLeft(previous, now);
        this.#write({ ...state, previous: [] });
        for (const number of previous) this.#remove(number);
        break;
    }
    this.#forgetExpired(now);
    return this.list();
  }

  #checkNoneLeft(previous: readonly string[], now: number): void {
    const retiring = previous.map((number) => new X509Certificate(this.#authority(number).cert));
    const left = this.#issued()
      .filter(({ certificate }) => retiring.some((authority) => certificate.checkIssued(authority)))
      .map(({ certificate }) => certificate.validToDate.getTime())
      .filter((until) => until > now);
    if (left.length === 0) return;
    const last = new Date(Math.max(...left)).toISOString();
    throw outOfOrder(
      `${left.length === 1 ? 'a certificate' : `${left.length} certificates`} of the previous authority can be in use until ${last}; wait, or say \`--force\``,
    );
  }

  #issued(): readonly { file: string; certificate: X509Certificate }[] {
    return readdirSync(this.#file('issued'))
      .filter((name) => name.endsWith('.crt'))
      .map((name) => ({
        file: this.#file('issued', name),
        certificate: new X509Certificate(readFileSync(this.#file('issued', name))),
      }));
  }

  #forgetExpired(now: number): void {
    for (const { file, certificate } of this.#issued())
      if (certificate.validToDate.getTime() <= now) rmSync(file, { force: true });
  }

  #all(): readonly { cert: string; state: KnownAuthority['state'] }[] {
    const { active, next, previous } = this.#read();
    const of = (number: string, state: KnownAuthority['state']) => ({ cert: this.#authority(number).cert, state });
    return [
      of(active, 'active'),
      ...(next === null ? [] : [of(next, 'next')]),
      ...previous.map((number) => of(number, 'previous')),
    ];
  }

  #keep(number: string, { cert, key }: Authority): void {
    replaceFile(this.#file(`ca-${number}.key`), reveal(key), KEY_MODE);
    replaceFile(this.#file(`ca-${number}.crt`), cert, CERTIFICATE_MODE);
  }

  #remove(number: string): void {
    rmSync(this.#file(`ca-${number}.key`), { force: true });
    rmSync(this.#file(`ca-${number}.crt`), { force: true });
  }

  #authority(number: string): Authority {
    const [certFile, keyFile] = [this.#file(`ca-${number}.crt`), this.#file(`ca-${number}.key`)];
    try {
      if (process.platform !== 'win32' && (statSync(keyFile).mode & ANYBODY_ELSE) !== 0)
        throw tlsError(
          'AUTHORITY_UNUSABLE',
          `others may read \`${keyFile}\`; whoever could has to be reckoned with: begin anew, or \`chmod 600\` it`,
        );
      return { cert: readFileSync(certFile, 'utf8'), key: new Secret(readFileSync(keyFile, 'utf8')) };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code?.startsWith('E') !== true) throw cause;
      throw tlsError('AUTHORITY_UNUSABLE', `\`${keyFile}\` or its certificate cannot be read`, { cause });
    }
  }

  #read(): State {
    const file = this.#file('authority.json');
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (cause) {
      throw tlsError('AUTHORITY_MISSING', `there is no authority in \`${this.#folder}\``, { cause });
    }
    try {
      return stateSchema.parse(JSON.parse(text));
    } catch (cause) {
      throw tlsError('AUTHORITY_UNUSABLE', `\`${file}\` is damaged`, { cause });
    }
  }

  #write(state: State): void {
    replaceFile(this.#file('authority.json'), `${JSON.stringify(state, undefined, 2)}\n`, CERTIFICATE_MODE);
  }

  #file(...names: readonly string[]): string {
    return join(this.#folder, ...names);
  }
}

const outOfOrder = (message: string) => tlsError('ROTATION_OUT_OF_ORDER', message);

function describe(cert: string, state: KnownAuthority['state']): KnownAuthority {
  const certificate = new X509Certificate(cert);
  return {
    state,
    subject: certificate.subject.replaceAll('\n', ', '),
    serial: certificate.serialNumber.toLowerCase(),
    notAfter: certificate.validToDate.getTime(),
  };
}
