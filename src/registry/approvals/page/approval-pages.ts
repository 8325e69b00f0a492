/**
 * Where people say yes or no: pages without a script, as those of signing in.
 *
 *   GET        /console/approvals        what waits for the person
 *   GET POST   /console/approvals/{id}   one call, and the answer
 *
 * A `GET` changes nothing. An answer is a form of this page in the browser of a person who is signed in, with a
 * recent proof: what a client of MCP says of having opened the page is never one.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuditOrigin, Principal, ThemeSettings } from '#contract';
import {
  cookieJar,
  documentHeaders,
  documentOf,
  formOf,
  html,
  isCsrfToken,
  isOwnPage,
  noticeOf,
  readAssets,
  readCookie,
  readForm,
  withNext,
  type Html,
  type SignInServices,
} from '#identity';
import { ChatelaineError, type Clock, type Logger } from '#kernel';
import { isAskedBy } from '../approval.ts';
import { approvalError } from '../errors.ts';
import type { Approvals } from '../open-approvals.ts';
import type { Arrival, DecidedFrom } from '../parts.ts';
import { APPROVALS, listBody, questionBody } from './approval-body.ts';

export interface ApprovalPagesOptions {
  readonly approvals: Approvals;
  readonly signIn: SignInServices;
  readonly theme?: ThemeSettings | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface ApprovalPages {
  answers(path: string): boolean;
  /** Answers; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse, arrival: Arrival): Promise<void>;
}

/** A person who is signed in, and the token that their forms are bound to. */
interface Entered {
  readonly person: Principal;
  readonly token: string;
}

type Reply = { readonly page: Html; readonly status?: number } | { readonly to: string };

const ONE = new RegExp(`^${APPROVALS}/([0-9a-z]{10,40})/?$`);
const MOST_LISTED = 200;

/** Whether a path is one of these pages, also where they are not loaded yet. */
export const isApprovalPage = (path: string): boolean => path === APPROVALS || ONE.test(path);

/** The pages, on plain node:http. The caller has checked Host. */
export function approvalPages(options: ApprovalPagesOptions): ApprovalPages {
  const { approvals, signIn, clock, log } = options;
  const assets = readAssets(options.theme);
  const jar = cookieJar(signIn.publicUrl);
  const tokenOf = ({ headers }: IncomingMessage): string => readCookie(headers.cookie, jar.session) ?? '';
  const page = (title: string, body: Html, status = 200): Reply => ({
    page: documentOf({ title, body, assets, wide: true }),
    status,
  });

  async function visit(request: IncomingMessage, arrival: Arrival): Promise<Reply> {
    const { method } = request;
    const path = pathOf(request);
    const id = ONE.exec(path)?.[1];
    const entered = await enter(request, path);
    if ('to' in entered) return entered;
    const from: DecidedFrom = { door: 'console', address: arrival.address };
    if (method === 'GET' || method === 'HEAD')
      return id === undefined ? list(entered.person, from) : show(entered, id, from);
    if (method !== 'POST' || id === undefined)
      return page('That did not work', html`<p>This page takes no such request.</p>`, 405);
    const form = await readForm(request);
    checkOwnForm(request, form);
    return await decide(entered.person, id, form, { from, origin: originOf(request, arrival, entered.person) });
  }

  /** Who is signed in, all the way; otherwise where that goes on. */
  async function enter(request: IncomingMessage, path: string): Promise<Entered | { readonly to: string }> {
    const token = tokenOf(request);
    const found = token === '' ? undefined : await signIn.verifier.read(token);
    if (found?.ok !== true) return { to: withNext('/console/sign-in', path) };
    if (found.value.stage === 'second-factor') return { to: withNext('/console/sign-in/second-factor', path) };
    if (found.value.stage === 'enrolment') return { to: withNext('/console/enrol', path) };
    const principal = await signIn.verifier.verifyCookie(token);
    return principal.ok ? { person: principal.value, token } : { to: withNext('/console/sign-in', path) };
  }

  function checkOwnForm(request: IncomingMessage, form: URLSearchParams): void {
    const { origin, 'sec-fetch-site': site } = request.headers;
    const source = { origin, secFetchSite: typeof site === 'string' ? site : undefined };
    if (!isOwnPage(source, signIn.publicUrl) || !isCsrfToken(form.get('form') ?? '', tokenOf(request)))
      throw approvalError(
        'APPROVAL_FORM_REFUSED',
        'the form does not come from this page in this browser, or has grown old',
      );
  }

  async function list(person: Principal, from: DecidedFrom): Promise<Reply> {
    const looking = { which: 'all', open: true, namespaces: 'all' } as const;
    const all = await approvals.view.page(person, looking, from, { after: undefined, limit: MOST_LISTED });
    return page('Approvals', listBody(all, clock.now()));
  }

  async function show({ person, token }: Entered, id: string, from: DecidedFrom): Promise<Reply> {
    const seen = await approvals.view.show(person, id, from);
    const own = isAskedBy(seen.approval, person);
    const refusable = seen.decidable || seen.approval.responsible === person.sub;
    const title = seen.state === 'pending' ? 'Approve this call?' : 'A call that was asked about';
    const question = { seen, own, refusable, now: clock.now(), person: person.name };
    return page(
      title,
      questionBody(question, (content) => formOf(`${APPROVALS}/${id}`, token, content)),
    );
  }

  async function decide(
    person: Principal,
    id: string,
    form: URLSearchParams,
    { from, origin }: { readonly from: DecidedFrom; readonly origin: AuditOrigin },
  ): Promise<Reply> {
    const by = { principal: person, origin };
    const reason = form.get('reason')?.trim().slice(0, 500) || undefined;
    switch (form.get('decision')) {
      case 'approve':
        await approvals.decisions.decide(by, id, { verdict: 'approve' }, from);
        break;
      case 'refuse':
        await approvals.decisions.decide(by, id, { verdict: 'refuse', reason }, from);
        break;
      case 'cancel':
        await approvals.decisions.cancel(by, id);
        break;
      default:
        break;
    }
    return { to: `${APPROVALS}/${id}` };
  }

  function refusal(error: unknown, path: string): Reply {
    if (error instanceof ChatelaineError && error.code === 'STEP_UP_REQUIRED')
      return { to: withNext('/console/step-up', path) };
    if (error instanceof ChatelaineError && error.status < 500) {
      const said = `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.`;
      return page(
        'That did not work',
        html`${noticeOf(said, 'bad')}
          <p class="hint"><a href="${APPROVALS}">What waits for you</a></p>`,
        error.status,
      );
    }
    log.error({ err: error }, 'a page of approvals met a fault of the server');
    return page(
      'That did not work',
      noticeOf('The server met a fault of its own. Nothing was decided.', 'bad') as Html,
      500,
    );
  }

  return {
    answers: isApprovalPage,
    async handle(request, response, arrival) {
      const { headers } = arrival;
      for (let at = 0; at < headers.length; at += 2)
        response.setHeader(headers[at] as string, headers[at + 1] as string);
      let reply: Reply;
      try {
        reply = await visit(request, arrival);
      } catch (error) {
        if (response.destroyed || request.socket.destroyed) return void response.destroy();
        reply = refusal(error, pathOf(request));
      }
      send(response, reply, request.method === 'HEAD');
    },
  };
}

function send(response: ServerResponse, reply: Reply, headOnly: boolean): void {
  if ('to' in reply) {
    response.writeHead(303, { ...documentHeaders(), Location: reply.to, 'Content-Length': 0 }).end();
    return;
  }
  const { text } = reply.page;
  response
    .writeHead(reply.status ?? 200, {
      ...documentHeaders(),
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Length': Buffer.byteLength(text),
    })
    .end(headOnly ? undefined : text);
}

const pathOf = ({ url = '/' }: IncomingMessage): string => url.split('?', 1)[0] as string;

function originOf(request: IncomingMessage, { requestId, address }: Arrival, person: Principal): AuditOrigin {
  const { 'user-agent': userAgent } = request.headers;
  const { via } = person;
  return {
    ...{ door: 'console', requestId },
    actor: {
      ...{ kind: 'user', iss: person.iss, sub: person.sub, name: person.name },
      ...(via.method === 'session' && { sessionId: via.sessionId }),
    },
    ...(address !== undefined && { address }),
    ...(userAgent !== undefined && userAgent !== '' && { userAgent: userAgent.slice(0, 256) }),
  };
}
