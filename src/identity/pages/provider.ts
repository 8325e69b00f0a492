import { ChatelaineError } from '#kernel';
import type { PrimaryProvider } from '../sign-in/elsewhere.ts';
import { html, type Html } from './html.ts';
import { documentOf, formOf } from './layout.ts';
import type { Reply, Visit } from './visit.ts';

/** The form that leads on to the provider: of the page at `action`, whose form it is. */
export const continueWith = (
  { displayName }: PrimaryProvider,
  form: { readonly action: string; readonly cookie: string; readonly next: string },
): Html =>
  formOf(
    form.action,
    form.cookie,
    html`<input type="hidden" name="next" value="${form.next}" /><input type="hidden" name="provider" value="yes" />
      <button class="block">Continue with ${displayName}</button>`,
  );

/** Whether a form is that of `continueWith`. */
export const goesToProvider = (form: URLSearchParams): boolean => form.get('provider') !== null;

/**
 * On to the provider; what people are to be told where it cannot be used now.
 *
 * A page and no redirect: the browser holds everything that follows a form to its `form-action` (CSP 3 §6.5.1), and
 * where a provider sends people on to is not ours to know.
 */
export async function leaveFor(
  visit: Visit,
  { displayName }: PrimaryProvider,
  asked: { readonly next: string; readonly anew: boolean },
): Promise<Reply | string> {
  try {
    const { location, setCookie } = await visit.elsewhere.begin(asked);
    visit.setCookies.push(setCookie);
    const body = html`<p><a href="${location.href}">Go on to ${displayName}</a></p>`;
    const page = documentOf({ title: `On to ${displayName}`, body, assets: visit.assets });
    return { page, headers: { Refresh: `0; url=${location.href}` } };
  } catch (error) {
    // What is wrong is in the log of whoever speaks with it, and for nobody who only wants to sign in.
    if (!(error instanceof ChatelaineError)) throw error;
    return `${displayName} cannot be reached now. Try again in a moment; if it lasts, tell an administrator.`;
  }
}
