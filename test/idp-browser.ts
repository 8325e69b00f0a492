/**
 * A browser, as far as a sign-in at a provider needs one: it follows redirects with cookies of its own until
 * it is sent to an address below `stopAt`, and gives that.
 */
export class IdpBrowser {
  readonly #cookies = new Map<string, string>();

  async follow(from: URL, stopAt: string): Promise<URL> {
    let at = from;
    for (let hops = 0; hops < 20; hops++) {
      if (at.href.startsWith(stopAt)) return at;
      const origin = at.origin;
      const jar = [...this.#cookies].filter(([name]) => name.startsWith(`${origin} `));
      const cookie = jar.map(([name, value]) => `${name.slice(origin.length + 1)}=${value}`).join('; ');
      const answer = await fetch(at, { redirect: 'manual', headers: cookie === '' ? {} : { cookie } });
      for (const line of answer.headers.getSetCookie()) {
        const [name = '', value = ''] = (line.split(';')[0] ?? '').split(/=(.*)/s);
        if (value === '') this.#cookies.delete(`${origin} ${name}`);
        else this.#cookies.set(`${origin} ${name}`, value);
      }
      const location = answer.headers.get('location');
      if (location === null)
        throw new Error(`${at.href} answered ${answer.status}: ${(await answer.text()).slice(0, 400)}`);
      await answer.body?.cancel();
      at = new URL(location, at);
    }
    throw new Error('too many redirects');
  }
}
