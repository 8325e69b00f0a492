import { html, type Html } from '#identity';
import type { ClientDisplay } from '../clients/display.ts';

/** What a person is asked to allow: everything on it was resolved here, and nothing is the client's word alone. */
export interface ConsentQuestion {
  readonly uid: string;
  readonly person: string;
  readonly client: ClientDisplay;
  /** Where the browser will go next; nowhere for a program on another device. */
  readonly redirectUri: string | undefined;
  readonly resource: string | undefined;
  readonly scopes: readonly string[];
  /** Whose tokens of the person the owner of the resource may have. */
  readonly upstreams: readonly { readonly name: string; readonly displayName: string }[];
}

/** Who asks, for what, and where the browser goes next. */
export function consentBody(question: ConsentQuestion, form: (content: Html) => Html): Html {
  const { client, person, resource, scopes, upstreams, redirectUri } = question;
  const decide = (decision: string, text: string, kind: string): Html =>
    form(
      html`<input type="hidden" name="decision" value="${decision}" /><input
          type="hidden"
          name="upstreams"
          value="${upstreams.map(({ name }) => name).join(' ')}"
        /><button class="${kind}">${text}</button>`,
    );
  return html`<p>
      <strong>${client.name}</strong> asks to act for <strong>${person}</strong>${
        resource !== undefined && html` at <strong>${resource}</strong>`
      }.
    </p>
    ${whoItIs(client)}
    ${
      scopes.length > 0
        ? html`<h2>It asks for</h2>
            <ul class="rows">
              ${scopes.map(
                (scope) =>
                  html`<li>
                    <div><strong>${scope}</strong>${explained(scope)}</div>
                  </li>`,
              )}
            </ul>`
        : html`<p>It asks for no scope of its own.</p>`
    }
    ${
      upstreams.length > 0 &&
      html`<h2>It may use your accounts</h2>
        <p class="soft">As far as they are connected here. It never learns a password.</p>
        <ul class="rows">
          ${upstreams.map(
            ({ displayName }) =>
              html`<li>
                <div><strong>${displayName}</strong></div>
              </li>`,
          )}
        </ul>`
    }
    <p class="soft">
      ${
        redirectUri === undefined
          ? html`It runs on another device, which is told as soon as you decide.`
          : html`Your browser goes on to <strong>${destinationOf(redirectUri)}</strong>.`
      }
      You can take this back at any time.
    </p>
    <div class="actions">${decide('approve', 'Allow', '')} ${decide('deny', 'Do not allow', 'quiet')}</div>`;
}

function whoItIs(client: ClientDisplay): Html {
  const said = client.verified
    ? html`<p class="soft">An administrator has set this program up.</p>`
    : client.host !== undefined
      ? html`<p class="soft">It is described at <strong>${client.host}</strong>; its name is what it says there.</p>`
      : html`<p class="notice bad" role="alert">
          This program introduced itself: it is an unverified client. Only go on if you started it yourself just now.
        </p>`;
  return html`${said}
  ${
    client.localhostOnly &&
    html`<p class="notice" role="status">
      It answers on your own computer alone. Another program there could take its place: only go on if you started it
      yourself.
    </p>`
  }`;
}

const EXPLAINED: Readonly<Record<string, string>> = {
  openid: 'to know who you are',
  profile: 'your name',
  email: 'your e-mail address',
  groups: 'the groups you are in',
  offline_access: 'to go on while you are away',
};

const explained = (scope: string): Html | false =>
  Object.hasOwn(EXPLAINED, scope) && html`<p class="hint">${EXPLAINED[scope]}</p>`;

/** The host that the browser goes to, or the scheme of a program that has none. */
export function destinationOf(redirectUri: string): string {
  const url = URL.parse(redirectUri);
  if (url === null) return redirectUri.slice(0, 200);
  return url.host === '' ? `${url.protocol} on this device` : url.host;
}

/** What `form-action` has to let through for the answer to this form: the place that the redirect leads to. */
export function leadsTo(redirectUri: string): readonly string[] {
  const url = URL.parse(redirectUri);
  if (url === null) return [];
  if (url.protocol === 'https:' || url.protocol === 'http:') return [url.origin];
  return /^[a-z][a-z0-9+.-]*:$/.test(url.protocol) ? [url.protocol] : [];
}
