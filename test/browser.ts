/** As much of a browser as signing in takes: cookies by path, forms, and redirects one at a time. */
export class Browser {
  readonly cookies = new Map<string, string>();
  readonly #own: URL;
  readonly #origin: string;

  /** Talks to the process at `own`, whatever of its origins it is sent to. */
  constructor(own: URL, publicUrl: URL) {
    this.#own = own;
    this.#origin = publicUrl.origin;
  }

  async get(target: string): Promise<Seen> {
    return this.#ask(target, {});
  }

  async post(
    target: string,
    fields: Readonly<Record<string, string>>,
    headers: Record<string, string> = {},
  ): Promise<Seen> {
    return this.#ask(target, {
      method: 'POST',
      body: new URLSearchParams(fields).toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin: this.#origin,
        'sec-fetch-site': 'same-origin',
        ...headers,
      },
    });
  }

  /** Follows redirects of this server until a page comes, or one leads elsewhere. */
  async follow(target: string): Promise<Seen> {
    let seen = await this.get(target);
    for (let hop = 0; hop < 10; hop++) {
      const next = seen.to ?? /^0; url=(.+)$/.exec(seen.headers.get('refresh') ?? '')?.[1];
      if (next === undefined || !this.#isHere(next)) break;
      seen = await this.get(next);
    }
    return seen;
  }

  /** Sends the form of a page with that decision, and follows. */
  async decide(page: Seen, decision: 'approve' | 'deny'): Promise<Seen> {
    const action = /action="([^"]+)"/.exec(page.text)?.[1] ?? '';
    const form = /name="form" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    const seen = await this.post(action, { form, decision });
    return seen.to !== undefined && this.#isHere(seen.to) ? this.follow(seen.to) : seen;
  }

  /** Sends the one form of a page with what its fields are filled with, and follows. */
  async submit(page: Seen, fields: Readonly<Record<string, string>>): Promise<Seen> {
    const action = /<form[^>]* action="([^"]+)"/.exec(page.text)?.[1] ?? '';
    const hidden = [...page.text.matchAll(/<input\s+type="hidden"\s+name="([^"]+)"[^>]*\s+value="([^"]*)"/g)];
    const kept = Object.fromEntries(hidden.map(([, name, value]) => [name, asText(value as string)]));
    const seen = await this.post(action, { ...kept, ...fields });
    return seen.to !== undefined && this.#isHere(seen.to) ? this.follow(seen.to) : seen;
  }

  #isHere(to: string): boolean {
    return to.startsWith('/') || new URL(to).origin === this.#origin;
  }

  async #ask(
    target: string,
    init: { method?: string; body?: string; headers?: Record<string, string> },
  ): Promise<Seen> {
    const { pathname, search } = new URL(target, this.#origin);
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(new URL(pathname + search, this.#own), {
      ...init,
      redirect: 'manual',
      headers: { ...init.headers, accept: 'text/html', ...(cookie !== '' && { cookie }) },
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const [name = '', value = ''] = pair.split('=', 2);
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, pair.slice(name.length + 1));
    }
    return {
      status: response.status,
      headers: response.headers,
      to: response.headers.get('location') ?? undefined,
      text: await response.text(),
    };
  }
}

export interface Seen {
  readonly status: number;
  readonly headers: Headers;
  readonly to: string | undefined;
  readonly text: string;
}

const asText = (value: string): string =>
  value.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&amp;', '&');
