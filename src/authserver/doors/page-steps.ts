import { html, noticeOf, type Html } from '#identity';
import { ChatelaineError } from '#kernel';
import { LINK, upstreamOfCallback, type Callback } from '../federation/index.ts';
import { CONNECTIONS } from '../pages/connections-page.ts';
import type { Connections } from '../provider/connections.ts';
import type { Interactions, Reply, Visiting } from '../provider/interactions.ts';
import type { Logout } from '../provider/logout.ts';
import { INTERACTION, ROUTES } from '../provider/settings.ts';
import { pathOf } from './paths.ts';

export interface PageParts {
  readonly interactions: Interactions;
  readonly connections: Connections;
  readonly callback: Callback;
  readonly logout: Logout;
}

/** The pages for people: which of them a visit means, and the page of what was wrong with it. */
export class PageSteps {
  readonly #parts: PageParts;

  constructor(parts: PageParts) {
    this.#parts = parts;
  }

  /** Rejects for a fault of ours alone. */
  async answer(visiting: Visiting): Promise<Reply> {
    try {
      return (await this.#stepOf(visiting)) ?? { status: 405, page: this.#refusal('This page takes no such request') };
    } catch (error) {
      if (!(error instanceof ChatelaineError)) throw error;
      return { status: error.status, page: this.#refusal(error.message) };
    }
  }

  async #stepOf(visiting: Visiting): Promise<Reply | undefined> {
    const { interactions, connections, callback, logout } = this.#parts;
    const { method } = visiting.request;
    const path = pathOf(visiting.request);
    const isLogout = path === ROUTES.end_session;
    const upstream = upstreamOfCallback(path);
    if (upstream !== undefined && method === 'GET') return await callback.answer(visiting, upstream);
    if (method === 'GET' || method === 'HEAD') {
      if (path === LINK) return await connections.showLink(visiting);
      if (path === CONNECTIONS) return await connections.show(visiting);
      if (isLogout) return await logout.show(visiting);
      if (upstream === undefined) return await interactions.show(visiting);
    }
    if (method !== 'POST') return undefined;
    if (isLogout) return await logout.send(visiting);
    if (path === CONNECTIONS) return await connections.change(visiting);
    return path.startsWith(`${INTERACTION}/`) ? await interactions.decide(visiting) : undefined;
  }

  #refusal(said: string): Html {
    return this.#parts.interactions.page(
      'That did not work',
      html`${noticeOf(`${said}.`, 'bad')}
        <p class="hint">Go back to the program that sent you here. If this happens again, tell whoever runs it.</p>`,
    );
  }
}
