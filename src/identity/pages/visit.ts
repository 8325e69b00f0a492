import type { IncomingMessage } from 'node:http';
import { reveal, type ChatelaineError, type Secret } from '#kernel';
import { clearCookie, readCookie, setCookie, type CookieJar } from '../sessions/cookies.ts';
import { isCsrfToken, isOwnPage } from '../sessions/csrf.ts';
import type { LiveSession } from '../sessions/session-verifier.ts';
import { newToken } from '../sessions/token.ts';
import { signInError } from '../sign-in/errors.ts';
import type { SignInElsewhere } from '../sign-in/elsewhere.ts';
import type { SignInServices } from '../sign-in/open-sign-in.ts';
import type { Visitor } from '../sign-in/visitor.ts';
import type { Assets } from './assets.ts';
import type { Html } from './html.ts';

/** What a page answers with. */
export type Reply =
  | {
      readonly page: Html;
      readonly status?: number;
      /** Of the script on it. */
      readonly nonce?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly to: string }
  | { readonly json: object; readonly status?: number; readonly headers?: Readonly<Record<string, string>> };

const DEVICE_SECONDS = 180 * 86_400;
const LINK_SECONDS = 3600;

/**
 * One request to a page: who it comes from, what it carries, and the cookies that its answer sets. Pages
 * read it through this and nothing else, so that no form is read before it is known to be ours.
 */
export class Visit {
  readonly services: SignInServices;
  readonly elsewhere: SignInElsewhere;
  readonly assets: Assets;
  readonly visitor: Visitor;
  readonly query: URLSearchParams;
  readonly setCookies: string[] = [];
  readonly #request: IncomingMessage;
  readonly #jar: CookieJar;
  readonly #form: URLSearchParams;
  #visitCookie: string | undefined;

  constructor(parts: {
    readonly services: SignInServices;
    readonly elsewhere: SignInElsewhere;
    readonly assets: Assets;
    readonly jar: CookieJar;
    readonly visitor: Visitor;
    readonly request: IncomingMessage;
    readonly query: URLSearchParams;
    readonly form: URLSearchParams;
  }) {
    this.services = parts.services;
    this.elsewhere = parts.elsewhere;
    this.assets = parts.assets;
    this.visitor = parts.visitor;
    this.query = parts.query;
    this.#request = parts.request;
    this.#jar = parts.jar;
    this.#form = parts.form;
    this.#visitCookie = this.#cookie(parts.jar.visit);
  }

  /** The cookie that binds the forms of somebody who is not signed in; made when it is first asked for. */
  get visit(): string {
    if (this.#visitCookie === undefined || this.#visitCookie.length < 20) {
      const { secret } = newToken();
      this.#visitCookie = reveal(secret);
      this.setCookies.push(setCookie(this.#jar, this.#jar.visit, secret));
    }
    return this.#visitCookie;
  }

  /** The token in the session cookie. */
  get token(): string | undefined {
    return this.#cookie(this.#jar.session);
  }

  /** The mark of a browser that signed in before. */
  get device(): string | undefined {
    return this.#cookie(this.#jar.device);
  }

  /** The setup or password link that is being followed. */
  get link(): string | undefined {
    return this.#cookie(this.#jar.link);
  }

  /**
   * The form that was sent, once it is known to come from our page in this browser: `cookie` is the one
   * that the form is bound to. Throws `FORM_REFUSED`.
   */
  form(cookie: string | undefined): URLSearchParams {
    const { origin, 'sec-fetch-site': secFetchSite } = this.#request.headers;
    const source = { origin, secFetchSite: typeof secFetchSite === 'string' ? secFetchSite : undefined };
    if (!isOwnPage(source, this.services.publicUrl)) {
      throw signInError('FORM_REFUSED', 'the request does not come from a page of this server');
    }
    if (cookie === undefined || !isCsrfToken(this.#form.get('form') ?? '', cookie)) {
      throw signInError('FORM_REFUSED', 'the form does not belong to this browser, or has grown old');
    }
    return this.#form;
  }

  /** The form of a request that carries no cookie of anybody: a program's. */
  get programForm(): URLSearchParams {
    return this.#form;
  }

  /** The session of the cookie, at whatever stage. Throws `SESSION_REQUIRED`, with why in its cause. */
  async session(): Promise<LiveSession> {
    const found = await this.services.verifier.read(this.token ?? '');
    if (found.ok) return found.value;
    throw signInError('SESSION_REQUIRED', 'nobody is signed in here', { cause: found.error });
  }

  /** The session of somebody who is signed in. Throws `SESSION_REQUIRED`, `SECOND_FACTOR_REQUIRED`. */
  async activeSession(): Promise<LiveSession> {
    const live = await this.session();
    if (live.stage === 'active') return live;
    throw signInError('SECOND_FACTOR_REQUIRED', 'the sign-in is not complete', { details: { stage: live.stage } });
  }

  /** Gives the browser a session, and takes away what it held as nobody. */
  enter(token: Secret): void {
    this.setCookies.push(setCookie(this.#jar, this.#jar.session, token));
    if (this.#visitCookie !== undefined) this.setCookies.push(clearCookie(this.#jar, this.#jar.visit));
  }

  remember(device: Secret): void {
    this.setCookies.push(setCookie(this.#jar, this.#jar.device, device, DEVICE_SECONDS));
  }

  follow(link: Secret): void {
    this.setCookies.push(setCookie(this.#jar, this.#jar.link, link, LINK_SECONDS));
  }

  unfollow(): void {
    this.setCookies.push(clearCookie(this.#jar, this.#jar.link));
  }

  leave(): void {
    this.setCookies.push(clearCookie(this.#jar, this.#jar.session));
  }

  #cookie(name: string): string | undefined {
    return readCookie(this.#request.headers.cookie, name);
  }
}

/** A page: what it shows, and what becomes of its form. */
export interface Page {
  readonly path: string;
  show?(visit: Visit): Promise<Reply>;
  send?(visit: Visit): Promise<Reply>;
}

/** What is wrong with which field; what no field can help is thrown on. */
export function problemOf(error: unknown, fields: Readonly<Record<string, string>>): Problems {
  const known = error as ChatelaineError;
  const field = fields[known.code];
  if (field === undefined) throw error;
  return { [field]: sentence(known), status: known.status };
}

export type Problems = Readonly<Record<string, string | number>>;

/** A catalogued message as a sentence for a page. */
export function sentence({ message, remedy, code }: ChatelaineError): string {
  const said = message.charAt(0).toUpperCase() + message.slice(1);
  const ended = /[.!?]$/.test(said) ? said : `${said}.`;
  return SELF_EVIDENT.has(code) ? ended : `${ended} ${remedy}`;
}

/** Messages that are for the person as they are. */
const SELF_EVIDENT: ReadonlySet<string> = new Set(['PASSWORD_REFUSED', 'SIGN_IN_REFUSED', 'SIGN_IN_THROTTLED']);

/** The problem of one field. */
export const at = (problems: Problems, field: string): string | undefined => {
  const problem = problems[field];
  return typeof problem === 'string' ? problem : undefined;
};

/** The status of a page that shows them. */
export const statusOf = (problems: Problems): number =>
  typeof problems['status'] === 'number' ? problems['status'] : 200;
