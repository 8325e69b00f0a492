import { html, type Html } from '#identity';
import type { ClientDisplay } from '../clients/display.ts';
import { destinationOf } from './interaction-pages.ts';

/** A sign-out that somebody asks for, as far as it was shown to be in order. */
export interface LogoutQuestion {
  readonly person: string;
  /** Who asks; undefined where the person came by themselves. */
  readonly client: ClientDisplay | undefined;
  /** Where the browser goes next, if anywhere. */
  readonly next: string | undefined;
}

/** Whether to sign out, and what that ends and does not. */
export function logoutBody({ person, client, next }: LogoutQuestion, form: (content: Html) => Html): Html {
  return html`<p>
      ${client === undefined ? 'Somebody' : html`<strong>${client.name}</strong>`} asks to sign
      <strong>${person}</strong> out of this browser.
    </p>
    ${
      client !== undefined &&
      !client.verified &&
      html`<p class="soft">
        ${client.host === undefined ? 'That is what it calls itself.' : html`It is described at <strong>${client.host}</strong>.`}
      </p>`
    }
    <p class="soft">
      Programs that act for you go on; <a href="/console/connections">your connections</a> show them.
      ${next !== undefined && html`Afterwards your browser goes on to <strong>${destinationOf(next)}</strong>.`}
    </p>
    <div class="actions">
      ${form(html`<button>Sign out</button>`)}
      <a class="button quiet" href="/console/account">Stay signed in</a>
    </div>`;
}

/** For somebody who is signed in no more. */
export function signedOutBody(next: string | undefined): Html {
  return html`<p>Nobody is signed in in this browser.</p>
    ${
      next === undefined
        ? html`<p class="hint"><a href="/console/sign-in">To the sign-in page</a></p>`
        : html`<p><a class="button" href="${next}" rel="noreferrer">Go on to ${destinationOf(next)}</a></p>`
    }`;
}
