import { html, type Html } from '#identity';
import type { Account } from '../federation/accounts.ts';
import type { TokenSession } from '../store/token-sessions-store.ts';
import { accountsSection } from './accounts-section.ts';

/** Where a person sees which programs act for them, and ends that. */
export const CONNECTIONS = '/console/connections';

/** What a form of the page asks for. */
export type Disconnect = { readonly id: string } | { readonly clientId: string } | { readonly owner: string };

/** The fields of a form of the page; undefined for a form that asks for nothing. */
export function readDisconnect(form: URLSearchParams): Disconnect | undefined {
  const [id, clientId, owner] = ['session', 'client', 'owner'].map((name) => form.get(name) ?? '');
  if (id !== undefined && id !== '') return { id };
  if (clientId !== undefined && clientId !== '') return { clientId };
  return owner !== undefined && owner !== '' ? { owner } : undefined;
}

/** Programs with what they may do, by name; each can be sent away alone, or with all of its kind. */
export function connectionsBody(
  sessions: readonly TokenSession[],
  form: (content: Html) => Html,
  notice: Html | undefined,
  accounts: readonly Account[] = [],
): Html {
  if (sessions.length === 0)
    return html`${notice}
      <p class="soft">No program acts for you.</p>`;
  const end = (name: string, value: string, text: string, label: string): Html =>
    form(
      html`<input type="hidden" name="${name}" value="${value}" /><button class="small danger" aria-label="${label}">
          ${text}
        </button>`,
    );
  const clients = Map.groupBy(sessions, ({ clientId }) => clientId);
  return html`${notice}
    <p class="soft">These programs act for you. Ending one takes effect at once, everywhere.</p>
    <ul class="rows">
      ${[...clients].map(
        ([clientId, ofClient]) =>
          html`${ofClient.map(
            (session) =>
              html`<li>
                <div>
                  <strong>${session.clientName}</strong>
                  <p class="hint">
                    at ${session.resource} · ${session.scopes.length > 0 ? session.scopes.join(', ') : 'no scopes'} ·
                    since ${moment(session.createdAt)} · last used ${moment(session.lastUsedAt)}
                  </p>
                </div>
                ${end('session', session.id, 'End', `End this connection of ${session.clientName}`)}
              </li>`,
          )}
          ${
            ofClient.length > 1 &&
            html`<li>
              <div><p class="hint">All ${ofClient.length} connections of ${ofClient[0]?.clientName}</p></div>
              ${end('client', clientId, 'End all', `End every connection of ${ofClient[0]?.clientName ?? clientId}`)}
            </li>`
          }`,
      )}
    </ul>
    ${accountsSection(accounts, form, moment)}`;
}

const moment = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ');
