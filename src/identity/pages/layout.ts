import { csrfToken } from '../sessions/csrf.ts';
import type { Assets } from './assets.ts';
import { html, type Html } from './html.ts';

export interface Shell {
  readonly title: string;
  readonly body: Html;
  readonly assets: Assets;
  /** Of a page with the passkey script; others run none. */
  readonly nonce?: string | undefined;
  readonly wide?: boolean;
  /** Beside the name of the product. */
  readonly aside?: Html;
}

/** A whole document. */
export function documentOf({ title, body, assets, nonce, wide = false, aside }: Shell): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title} · ${assets.theme.name}</title>
        <link rel="icon" href="${assets.mark.path}" />
        <link rel="stylesheet" href="${assets.style.path}" />
        ${nonce !== undefined && html`<script type="module" nonce="${nonce}" src="${assets.passkeys.path}"></script>`}
      </head>
      <body>
        <div class="page${wide && ' wide'}">
          <div class="brand"><img src="${assets.mark.path}" alt="" />${assets.theme.name}${aside}</div>
          <main>
            <h1>${title}</h1>
            ${body}
          </main>
          ${
            assets.theme.supportUrl !== undefined &&
            html`<footer><a href="${assets.theme.supportUrl}" rel="noreferrer">Help</a></footer>`
          }
        </div>
      </body>
    </html>`;
}

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly type?: 'text' | 'password';
  readonly value?: string | undefined;
  readonly hint?: string | Html;
  /** What is wrong with it, in a sentence; it stands beside the field and is read out with it. */
  readonly problem?: string | undefined;
  readonly autocomplete: string;
  readonly code?: boolean;
  readonly focus?: boolean;
}

/** A labelled field, with what is wrong with it beside it. */
export function fieldOf(field: Field): Html {
  const { name, problem, hint } = field;
  const described = [hint !== undefined && `${name}-hint`, problem !== undefined && `${name}-problem`].filter(Boolean);
  return html`<div class="field">
    <label for="${name}">${field.label}</label>
    <input
      id="${name}"
      name="${name}"
      type="${field.type ?? 'text'}"
      autocomplete="${field.autocomplete}"
      value="${field.value ?? ''}"
      required
      spellcheck="false"
      autocapitalize="none"
      ${field.code === true && html` class="code"`}
      ${described.length > 0 && html` aria-describedby="${described.join(' ')}"`}
      ${problem !== undefined && html` aria-invalid="true"`}
      ${(field.focus === true || problem !== undefined) && html` autofocus`}
    />
    ${hint !== undefined && html`<p class="hint" id="${name}-hint">${hint}</p>`}
    ${problem !== undefined && html`<p class="problem" id="${name}-problem" role="alert">${problem}</p>`}
  </div>`;
}

/** A form that only the page it stands on can send: with the token of the cookie that it belongs to. */
export function formOf(action: string, cookie: string, content: Html): Html {
  return html`<form method="post" action="${action}">
    <input type="hidden" name="form" value="${csrfToken(cookie)}" />
    ${content}
  </form>`;
}

/** The form that the passkey script fills in; its button waits for the script. */
export function passkeyForm(form: {
  readonly action: string;
  readonly cookie: string;
  readonly ceremony: 'create' | 'get';
  readonly options: object;
  readonly button: string;
  readonly more?: Html;
  readonly problem?: string | undefined;
}): Html {
  return html`<form
      method="post"
      action="${form.action}"
      data-passkey="${form.ceremony}"
      data-options="${JSON.stringify(form.options)}"
    >
      <input type="hidden" name="form" value="${csrfToken(form.cookie)}" />
      <input type="hidden" name="passkey" value="" />
      ${form.more}
      <button class="block" disabled>${form.button}</button>
      <p class="problem" role="alert">${form.problem}</p>
    </form>
    <noscript><p class="hint">A passkey needs JavaScript. The other ways work without.</p></noscript>`;
}

/** Something to know before what follows. */
export const noticeOf = (text: string | undefined, kind: 'good' | 'bad' = 'good'): Html | undefined =>
  text === undefined
    ? undefined
    : html`<p class="notice${kind === 'bad' && ' bad'}" role="${kind === 'bad' ? 'alert' : 'status'}">${text}</p>`;
