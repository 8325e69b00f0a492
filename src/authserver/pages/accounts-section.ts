import { html, type Html } from '#identity';
import type { Account, AccountPlace } from '../federation/accounts.ts';
import { readScopes } from '../federation/account-scopes.ts';

/** What a form about an account asks for. */
export interface AccountAction extends AccountPlace {
  readonly action: 'connect' | 'disconnect';
  readonly scopes: readonly string[] | undefined;
}

/** The fields of such a form; undefined for another form. */
export function readAccountAction(form: URLSearchParams): AccountAction | undefined {
  const action = form.get('account');
  const [owner, upstream] = [form.get('owner') ?? '', form.get('upstream') ?? ''];
  return action === 'connect' || action === 'disconnect'
    ? { action, owner, upstream, scopes: readScopes(form) }
    : undefined;
}

/** The fields and the button of one. */
export const accountForm = (
  { owner, upstream, displayName }: Pick<Account, 'owner' | 'upstream' | 'displayName'>,
  action: AccountAction['action'],
  form: (content: Html) => Html,
  { kind = 'small', scopes }: { readonly kind?: string; readonly scopes?: readonly string[] | undefined } = {},
): Html =>
  form(
    html`<input type="hidden" name="account" value="${action}" /><input
        type="hidden"
        name="owner"
        value="${owner}"
      /><input type="hidden" name="upstream" value="${upstream}" />${
        scopes && html`<input type="hidden" name="scope" value="${scopes.join(' ')}" />`
      }<button
        class="${kind}${action === 'disconnect' && ' danger'}"
        aria-label="${action === 'connect' ? 'Connect' : 'Disconnect'} your account at ${displayName} for ${owner}"
      >
        ${action === 'connect' ? 'Connect' : 'Disconnect'}
      </button>`,
  );

/** Accounts that programs of the person may use; nothing where there are none. */
export function accountsSection(
  accounts: readonly Account[],
  form: (content: Html) => Html,
  moment: (at: number) => string,
): Html | undefined {
  if (accounts.length === 0) return undefined;
  return html`<h2>Accounts</h2>
    <p class="soft">
      Your programs may use these accounts of yours, each for the server that is named. Only access ends here: the
      account itself stays as it is.
    </p>
    <ul class="rows">
      ${accounts.map(
        (account) =>
          html`<li>
            <div>
              <strong>${account.displayName}</strong>
              <p class="hint">for ${account.owner} · ${stateOf(account, moment)}</p>
            </div>
            ${account.state !== 'linked' && accountForm(account, 'connect', form)}
            ${account.state !== 'none' && accountForm(account, 'disconnect', form)}
          </li>`,
      )}
    </ul>`;
}

function stateOf({ state, name, since }: Account, moment: (at: number) => string): Html {
  if (state === 'none') return html`not connected`;
  const as = name === undefined || name === '' ? '' : ` as ${name}`;
  if (state === 'ended') return html`was connected${as}; the provider asks for it anew`;
  return html`connected${as}${since !== undefined && ` since ${moment(since)}`}`;
}
