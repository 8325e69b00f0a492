import { html, noticeOf, type Html } from '#identity';
import { formatDuration } from '#kernel';
import type { ApprovalState } from '../approval.ts';
import { describeNeed } from '../needs.ts';
import type { SeenApproval } from '../view.ts';
import { visibleJson, visibleText } from './visible-text.ts';

/** Where people decide. */
export const APPROVALS = '/console/approvals';

export interface ShownQuestion {
  readonly seen: SeenApproval;
  readonly now: number;
  /** Whether the call is the viewer's own, and no agent's of theirs. */
  readonly own: boolean;
  /** Whether the viewer may stop it. */
  readonly refusable: boolean;
  readonly person: string;
}

/** One call: who wants what done, with exactly which arguments, and what the viewer can say to it. */
export function questionBody(question: ShownQuestion, form: (content: Html) => Html): Html {
  const { seen } = question;
  const { approval, state, call } = seen;
  const [tool, caller] = [visibleText(approval.tool), visibleText(call?.caller ?? nameOf(approval))];
  const description = visibleText(approval.shown.description, { laidOut: true });
  const args = call === undefined ? undefined : visibleJson(call.arguments);
  const hidden = tool.hidden + caller.hidden + description.hidden + (args?.hidden ?? 0);
  return html`<p>
      ${WHO[approval.asker.kind]} <strong>${caller.shown}</strong> asks to call <strong>${tool.shown}</strong> in
      <strong>${approval.namespace}</strong>.
    </p>
    ${
      hidden > 0 &&
      noticeOf(
        `${hidden === 1 ? 'There is a character' : `There are ${hidden} characters`} below that one does not see; each is shown by its number. Honest calls rarely have any.`,
        'bad',
      )
    }
    ${
      args === undefined
        ? html`<p class="soft">
            ${state === 'pending' ? 'The arguments are for those who decide.' : 'The arguments are erased; their digest stands below.'}
          </p>`
        : html`<h2>With exactly these arguments</h2>
            <pre class="arguments" tabindex="0" aria-label="Arguments">${args.shown}</pre>`
    }
    <h2>What the tool says of itself</h2>
    <p>${description.shown}</p>
    <p class="soft">${annotationsOf(seen).join(' ')}</p>
    <h2>The request</h2>
    <ul class="rows">
      ${factsOf(question).map(
        ([name, value]) =>
          html`<li>
            <div>
              <strong>${name}</strong>
              <p class="hint">${value}</p>
            </div>
          </li>`,
      )}
    </ul>
    ${state === 'pending' ? decisionOf(question, form) : noticeOf(ENDED[state])}`;
}

const WHO = { user: 'The person', agent: 'The agent', anonymous: 'Somebody unknown:' } as const;

const ENDED: Readonly<Record<Exclude<ApprovalState, 'pending'>, string>> = {
  approved: 'It is approved: the same call is let through once. You can close this page.',
  consumed: 'It was approved, and the call has been made.',
  refused: 'It was refused.',
  expired: 'It has expired. A call that is made again begins a new request.',
  cancelled: 'It was taken back.',
};

/** MCP tool annotations in words; what is not said is the worse of the two (MCP, Tool Annotations). */
function annotationsOf({ approval: { shown } }: SeenApproval): readonly string[] {
  const { readOnlyHint, destructiveHint, idempotentHint, openWorldHint } = shown.annotations;
  const writes = readOnlyHint !== true;
  return [
    writes ? 'It may change things.' : 'It only reads.',
    ...(writes ? [destructiveHint === false ? 'It only adds.' : 'It may overwrite or delete.'] : []),
    ...(writes ? [idempotentHint === true ? 'Twice is as once.' : 'Twice may not be as once.'] : []),
    openWorldHint === false
      ? 'It stays within what it is connected to.'
      : 'It may reach beyond what it is connected to.',
  ];
}

function factsOf({ seen, now }: ShownQuestion): readonly (readonly [string, Html | string])[] {
  const { approval, open } = seen;
  const { asker } = approval;
  const actors = asker.act.map(({ sub }) => sub).join(', ');
  const given = approval.answers.filter(({ verdict }) => verdict === 'approve').length;
  return [
    ['Needs a yes from', approval.needs.map(describeNeed).join('; ')],
    ...(given > 0 ? ([['Still missing', open.map(describeNeed).join('; ') || 'nothing']] as const) : []),
    ...(actors === '' ? [] : ([['Through', visibleText(actors).shown]] as const)),
    ...(asker.client === null ? [] : ([['With the program', visibleText(asker.client).shown]] as const)),
    ['Asked at', moment(approval.createdAt)],
    ...(seen.state === 'pending' || seen.state === 'approved'
      ? ([['For another', formatDuration(Math.max(1, Math.floor((approval.expiresAt - now) / 1000)) * 1000)]] as const)
      : []),
    ...(approval.reason === null ? [] : ([['Reason', visibleText(approval.reason).shown]] as const)),
    ['Digest of the arguments', approval.argumentsDigest],
    ['Number', approval.id],
  ];
}

function decisionOf({ seen, own, refusable, person }: ShownQuestion, form: (content: Html) => Html): Html {
  const decide = (decision: string, text: string, kind: string): Html =>
    form(html`<input type="hidden" name="decision" value="${decision}" /><button class="${kind}">${text}</button>`);
  if (own)
    return html`${noticeOf('This call is your own, so somebody else has to say yes: send them the address of this page.')}
      <div class="actions">${decide('cancel', 'Take it back', 'quiet')}</div>`;
  const answered = seen.approval.answers.length > 0 && !seen.decidable;
  if (!seen.decidable)
    return html`${noticeOf(
      answered
        ? 'You have answered; somebody else has to as well.'
        : 'This is not yours to approve: somebody else has to.',
    )}
    ${refusable && refusalOf(form)}`;
  return html`<p class="soft">
      Your yes as <strong>${person}</strong> is for this one call, with these arguments, once. If you do not know why it
      is made, refuse it.
    </p>
    <div class="actions">${decide('approve', 'Approve', '')}</div>
    ${refusalOf(form)}`;
}

/** A form of its own: Enter in its field must never be a yes. */
const refusalOf = (form: (content: Html) => Html): Html =>
  html`<h2>Or refuse it</h2>
    ${form(
      html`<input type="hidden" name="decision" value="refuse" />
        <div class="field">
          <label for="reason">Reason, told to the caller</label>
          <input id="reason" type="text" name="reason" maxlength="500" autocomplete="off" />
        </div>
        <button class="danger">Refuse</button>`,
    )}`;

/** Those that the viewer may decide, and their own. */
export function listBody(all: readonly SeenApproval[], now: number): Html {
  const [toDecide, others] = [all.filter(({ decidable }) => decidable), all.filter(({ decidable }) => !decidable)];
  return html`${sectionOf('To decide', toDecide, 'Nothing waits for you.', now)}
  ${others.length > 0 && sectionOf('Others', others, '', now)}`;
}

const sectionOf = (title: string, all: readonly SeenApproval[], none: string, now: number): Html =>
  html`<h2>${title}</h2>
    ${
      all.length === 0
        ? html`<p class="soft">${none}</p>`
        : html`<ul class="rows">
            ${all.map(
              ({ approval, state }) =>
                html`<li>
                  <div>
                    <strong>${visibleText(approval.tool).shown}</strong>
                    <p class="hint">
                      ${approval.namespace} · ${approval.asker.kind} ${visibleText(nameOf(approval)).shown} · ${state} ·
                      for another ${formatDuration(Math.max(1, Math.floor((approval.expiresAt - now) / 1000)) * 1000)}
                    </p>
                  </div>
                  <a class="button quiet small" href="${APPROVALS}/${approval.id}">Look</a>
                </li>`,
            )}
          </ul>`
    }`;

/** An agent by its name, a person by their number. */
const nameOf = ({ shown, asker }: SeenApproval['approval']): string => shown.agent ?? asker.sub;

const moment = (at: number): string => `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
