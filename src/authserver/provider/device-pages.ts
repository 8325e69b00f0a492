import { documentHeaders, html, noticeOf, type Html } from '#identity';
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import type { ClientSource } from '../clients/client-source.ts';
import { displayOf } from '../clients/display.ts';

type DeviceFlow = Exclude<NonNullable<NonNullable<Configuration['features']>['deviceFlow']>, undefined>;

/** What pages of the device flow are made of. */
export interface DevicePageParts {
  readonly clients: ClientSource;
  readonly page: (title: string, body: Html) => Html;
  /** The code in the address that the person came by (RFC 8628 §3.3.1), to be looked at before it is sent. */
  readonly codeOf: (request: object) => string | undefined;
}

const PROBLEMS: Readonly<Record<string, string>> = {
  NoCodeError: 'Enter the code that the program shows.',
  NotFoundError: 'There is no such code. Look at it again: it may have changed.',
  ExpiredError: 'The code is too old. Let the program show another one.',
  AlreadyUsedError: 'The code has been used already.',
  AbortedError: 'The program was sent away.',
};

/**
 * The pages of RFC 8628 §3.3: enter the code, look at who asks, decide. A code in the address fills in the
 * field and sends nothing, so that no link alone brings somebody to the decision.
 */
export function deviceFlow({ clients, page, codeOf }: DevicePageParts): DeviceFlow {
  function show(ctx: KoaContextWithOIDC, title: string, body: Html): void {
    ctx.type = 'html';
    for (const [name, value] of Object.entries(documentHeaders())) ctx.set(name, value);
    ctx.body = page(title, body).text;
  }

  const formTo = (ctx: KoaContextWithOIDC, content: Html): Html => {
    const secret = ctx.oidc.session?.state?.['secret'];
    return html`<form method="post" action="${new URL(ctx.oidc.urlFor('code_verification')).pathname}">
      <input type="hidden" name="xsrf" value="${typeof secret === 'string' && secret}" />${content}
    </form>`;
  };

  return {
    enabled: true,
    // Two groups of four from twenty consonants: 2.5 · 10^10 codes, which live ten minutes (RFC 8628 §5.1).
    charset: 'base-20',
    mask: '****-****',
    deviceInfo: () => ({}),
    userCodeInputSource(ctx, _form, _out, error) {
      const code = (error as { readonly userCode?: string } | undefined)?.userCode ?? codeOf(ctx.req) ?? '';
      const problem = error && (PROBLEMS[error.name] ?? 'That did not work. Let the program show another code.');
      const field = html`<div class="field">
          <label for="user_code">Code</label>
          <input
            id="user_code"
            name="user_code"
            class="code"
            value="${code.slice(0, 20)}"
            autocomplete="off"
            required
            spellcheck="false"
            autocapitalize="characters"
          />
        </div>
        <button class="block">Go on</button>`;
      show(
        ctx,
        'Let a program in',
        html`${noticeOf(problem, 'bad')}
          <p class="soft">Enter the code that the program shows, if it was you who started it.</p>
          ${formTo(ctx, field)}`,
      );
    },
    async userCodeConfirmSource(ctx, _form, client, _info, userCode) {
      const known = await clients.find(client.clientId);
      const name = known === undefined ? client.clientId : displayOf(known).name;
      const fields = (kind: 'confirm' | 'abort', text: string, look: string): Html =>
        formTo(
          ctx,
          html`<input type="hidden" name="user_code" value="${userCode}" /><input
              type="hidden"
              name="${kind}"
              value="yes"
            /><button class="${look}">${text}</button>`,
        );
      show(
        ctx,
        'Is this yours?',
        html`<p class="user-code">${userCode}</p>
          <p><strong>${name}</strong> waits with this code on another device.</p>
          <p class="soft">Only go on if you started it yourself just now, and it shows this very code.</p>
          <div class="actions">
            ${fields('confirm', 'It is mine', '')} ${fields('abort', 'Send it away', 'quiet')}
          </div>`,
      );
    },
    successSource(ctx) {
      show(ctx, 'Let in', html`<p>The program is signed in. You can close this window and go on there.</p>`);
    },
  };
}
