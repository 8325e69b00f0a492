import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ThemeSettings } from '#contract';
import { ChatelaineError, type Logger } from '#kernel';
import { cookieJar, readCookie } from '../sessions/cookies.ts';
import { NOWHERE_ELSE, type SignInElsewhere } from '../sign-in/elsewhere.ts';
import type { SignInServices } from '../sign-in/open-sign-in.ts';
import type { Visitor } from '../sign-in/visitor.ts';
import { accountActions, accountPage, changePasswordPage, signOutPage } from './account-pages.ts';
import { filesOf, readAssets, type Assets } from './assets.ts';
import { devicePage, programPoll, programStart } from './device-page.ts';
import { appPage, enrolPage, passkeyPage } from './enrol-pages.ts';
import { readForm } from './form-body.ts';
import { html } from './html.ts';
import { documentOf, noticeOf } from './layout.ts';
import { withNext } from './next-path.ts';
import { documentHeaders } from './security-headers.ts';
import { secondFactorPage, stepUpPage } from './second-factor-page.ts';
import { passwordPage, setupPage } from './setup-page.ts';
import { signInPage } from './sign-in-page.ts';
import { sentence, Visit, type Page, type Reply } from './visit.ts';

const PAGES: ReadonlyMap<string, Page> = new Map(
  [
    signInPage,
    secondFactorPage,
    stepUpPage,
    enrolPage,
    appPage,
    passkeyPage,
    setupPage,
    passwordPage,
    accountPage,
    changePasswordPage,
    ...accountActions,
    signOutPage,
    devicePage,
    programStart,
    programPoll,
  ].map((page) => [page.path, page]),
);

export interface SignInPagesOptions {
  readonly services: SignInServices;
  /** The identity provider that people sign in at, where there is one. */
  readonly elsewhere?: SignInElsewhere;
  readonly log: Logger;
  /** What the pages look like; Chatelaine's own without it. */
  readonly theme?: ThemeSettings;
}

/** What the listener knows of a request. */
export interface Arrival {
  readonly requestId: string;
  readonly address: string | undefined;
  /** What every answer to it carries. Flat: name, value, name, value. */
  readonly headers: readonly string[];
}

export interface SignInPages {
  /** Whether the path is one of these pages; a trailing slash is tolerated. */
  answers(path: string): boolean;
  /** Answers; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse, arrival: Arrival): Promise<void>;
}

/** The pages, on plain node:http. The caller has checked Host (`gateway/http/host-origin.ts`). */
export function signInPages(options: SignInPagesOptions): SignInPages {
  const { services, elsewhere = NOWHERE_ELSE, log } = options;
  const assets = readAssets(options.theme);
  const files = new Map(filesOf(assets).map((asset) => [asset.path, asset]));
  const jar = cookieJar(services.publicUrl);

  async function visit(request: IncomingMessage, response: ServerResponse, arrival: Arrival): Promise<void> {
    const { path, query } = target(request);
    const file = files.get(path);
    const [method] = [request.method === 'HEAD' ? 'GET' : request.method];
    if (file !== undefined && method === 'GET') {
      response.writeHead(200, {
        'Content-Type': file.type,
        'Content-Length': file.bytes.length,
        'Cache-Control': 'public, max-age=31536000, immutable',
        'X-Content-Type-Options': 'nosniff',
        'Cross-Origin-Resource-Policy': 'same-origin',
        // A logo may be an SVG with a script, which somebody can open by itself.
        'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
      });
      return void response.end(request.method === 'HEAD' ? undefined : file.bytes);
    }
    const page = PAGES.get(path);
    const act = method === 'GET' ? page?.show : method === 'POST' ? page?.send : undefined;
    if (page === undefined || act === undefined) {
      const allow = [page?.show && 'GET, HEAD', page?.send && 'POST'].filter(Boolean).join(', ');
      return void response.writeHead(page === undefined ? 404 : 405, { ...documentHeaders(), Allow: allow }).end();
    }
    const at = {
      address: arrival.address ?? '',
      userAgent: request.headers['user-agent'] ?? '',
      requestId: arrival.requestId,
    };
    const form = method === 'POST' ? await readForm(request) : new URLSearchParams();
    const here = new Visit({ services, elsewhere, assets, jar, visitor: at, request, query, form });
    let reply: Reply;
    try {
      reply = await act.call(page, here);
    } catch (error) {
      await record(error, request, at);
      reply = refusal(error, assets, request, here);
    }
    send(response, reply, here.setCookies, request.method === 'HEAD');
  }

  /** Puts on record what was turned away before any service saw it. */
  async function record(error: unknown, request: IncomingMessage, visitor: Visitor): Promise<void> {
    if (!(error instanceof ChatelaineError) || !isUnseen(error, request)) return;
    const { reason } = (error.cause ?? {}) as { readonly reason?: string };
    const details = { path: target(request).path, ...(reason !== undefined && { reason }) };
    await services.attempts.refused(visitor, { type: 'page.refused', action: 'enter', details }, error);
  }

  /** A form of another page, a dead link that was only looked at, a cookie of no session that goes on. */
  function isUnseen({ code, cause }: ChatelaineError, { method, headers }: IncomingMessage): boolean {
    if (code === 'SESSION_REQUIRED')
      return cause !== undefined && readCookie(headers.cookie, jar.session) !== undefined;
    return code === 'FORM_REFUSED' || (code === 'LINK_REFUSED' && method !== 'POST');
  }

  /** What a page could not put beside a field: the way to where it can be helped, or a page that says it. */
  function refusal(error: unknown, assets: Assets, request: IncomingMessage, here?: Visit): Reply {
    if (!(error instanceof ChatelaineError)) {
      log.error({ err: error }, 'a page met a fault of the server');
      return refusal(new ChatelaineError('INTERNAL', FAULT, 'the server met a fault of its own'), assets, request);
    }
    const { path, query } = target(request);
    const asked = request.method === 'GET' ? path + (query.size > 0 ? `?${query}` : '') : '/console/account';
    const program = path === programStart.path || path === programPoll.path;
    if (here !== undefined && !program) {
      if (error.code === 'SESSION_REQUIRED') {
        // Only a browser that had a session is told that it has ended.
        const had = readCookie(request.headers.cookie, jar.session) !== undefined;
        if (had) here.leave();
        return { to: withNext(signInPage.path, asked) + (had ? '&after=expired' : '') };
      }
      if (error.code === 'SECOND_FACTOR_REQUIRED') {
        const enrol = error.details?.['stage'] === 'enrolment';
        return { to: withNext(enrol ? enrolPage.path : secondFactorPage.path, asked) };
      }
      if (error.code === 'STEP_UP_REQUIRED') return { to: withNext(stepUpPage.path, asked) };
    }
    const retry = error.details?.['retryAfterSeconds'];
    const headers: Record<string, string> = typeof retry === 'number' ? { 'Retry-After': String(retry) } : {};
    if (program)
      return {
        json: { error: error.code.toLowerCase(), error_description: error.message },
        status: error.status,
        headers,
      };
    const body = html`${noticeOf(sentence(error), 'bad')}
      <p class="hint"><a href="/console/sign-in">To the sign-in page</a></p>`;
    return { page: documentOf({ title: 'That did not work', body, assets }), status: error.status, headers };
  }

  return {
    answers: (path) => PAGES.has(trimmed(path)) || files.has(path),
    async handle(request, response, arrival) {
      const { headers } = arrival;
      for (let at = 0; at < headers.length; at += 2)
        response.setHeader(headers[at] as string, headers[at + 1] as string);
      try {
        await visit(request, response, arrival);
      } catch (error) {
        // A request whose body was read is destroyed as such; what counts is whether somebody still listens.
        if (response.headersSent || response.destroyed || request.socket.destroyed) return void response.destroy();
        send(response, refusal(error, assets, request), [], false);
      }
    },
  };
}

const FAULT = {
  status: 500,
  title: 'the server met a fault of its own',
  remedy: 'Try again. The log of the server has the details.',
};

function send(response: ServerResponse, reply: Reply, cookies: readonly string[], headOnly: boolean): void {
  const common = { ...(cookies.length > 0 && { 'Set-Cookie': [...cookies] }) };
  if ('to' in reply) {
    response.writeHead(303, { ...documentHeaders(), ...common, Location: reply.to, 'Content-Length': 0 }).end();
    return;
  }
  const [type, text] =
    'json' in reply ? ['application/json', JSON.stringify(reply.json)] : ['text/html; charset=utf-8', reply.page.text];
  const nonce = 'json' in reply ? undefined : reply.nonce;
  response
    .writeHead(reply.status ?? 200, {
      ...documentHeaders(nonce),
      ...reply.headers,
      ...common,
      'Content-Type': type,
      'Content-Length': Buffer.byteLength(text),
    })
    .end(headOnly ? undefined : text);
}

const trimmed = (path: string): string => (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path);

function target(request: IncomingMessage): { readonly path: string; readonly query: URLSearchParams } {
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2);
  return { path: trimmed(path), query: new URLSearchParams(query) };
}
