/** Browsers of people who sign in at identity providers: ours and theirs, with cookies for each. */
import { Browser, type Seen } from './browser.ts';
import { IdpBrowser } from './idp-browser.ts';

/** Where a process is reached, and what it is reached as. */
interface Reached {
  readonly own: URL;
  readonly url: URL;
}

interface Form {
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly text: string;
}

/** A browser at our server and at providers, with cookies for each. */
export class Surfer {
  readonly browser: Browser;
  readonly providers = new IdpBrowser();
  readonly #origin: string;

  constructor({ own, url }: Reached, browser = new Browser(own, url)) {
    this.browser = browser;
    this.#origin = url.origin;
  }

  /** The same browser, whose requests come to another process. */
  at(process: Reached): Surfer {
    const browser = new Browser(process.own, process.url);
    for (const [name, value] of this.browser.cookies) browser.cookies.set(name, value);
    const other = new Surfer(process, browser);
    Object.assign(other, { providers: this.providers });
    return other;
  }

  /** Sends the first form of the page with those fields in it. */
  async submit(page: Seen, having: Readonly<Record<string, string>>): Promise<Seen> {
    const form = formsOf(page.text).find(({ fields }) =>
      Object.entries(having).every(([name, value]) => fields[name] === value),
    );
    if (form === undefined) throw new Error(`no form with ${JSON.stringify(having)}: ${page.text.slice(0, 3000)}`);
    return await this.browser.post(form.action, form.fields);
  }

  /** From a page that leads to a provider, through it, up to our callback: its address as the browser has it. */
  async through(page: Seen): Promise<string> {
    const [, to] = /^0; url=(.+)$/.exec(page.headers.get('refresh') ?? '') ?? [];
    if (to === undefined) throw new Error(`leads nowhere: ${page.status} ${page.text.slice(0, 2000)}`);
    const callback = await this.providers.follow(new URL(to), `${this.#origin}/oauth/callback/`);
    return callback.pathname + callback.search;
  }

  /** Presses "Continue with …" on a sign-in page and comes back signed in, wherever that leads. */
  async signIn(page: Seen): Promise<Seen> {
    return await this.browser.follow(await this.through(await this.submit(page, { provider: 'yes' })));
  }

  /** Links an account from the connections page. */
  async connect(owner: string, upstream: string): Promise<Seen> {
    const page = await this.browser.get('/console/connections');
    const away = await this.submit(page, { account: 'connect', owner, upstream });
    return await this.browser.follow(await this.through(away));
  }

  async disconnect(owner: string, upstream: string): Promise<Seen> {
    const page = await this.browser.get('/console/connections');
    return await this.submit(page, { account: 'disconnect', owner, upstream });
  }
}

/** Every form of a page with its hidden fields, which a browser sends as they are. */
export function formsOf(text: string): readonly Form[] {
  return text
    .split('<form')
    .slice(1)
    .map((part) => {
      const body = part.split('</form>')[0] as string;
      const fields = [...body.matchAll(/<input[^>]*?type="hidden"[^>]*?name="([^"]+)"[^>]*?value="([^"]*)"/g)];
      return {
        action: /action="([^"]+)"/.exec(body)?.[1] ?? '',
        fields: Object.fromEntries(fields.map(([, name, value]) => [name, unescaped(value as string)])),
        text: body,
      };
    });
}

const unescaped = (text: string): string =>
  text.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&amp;', '&');

/** The person allows what the page asks; where the browser goes then. */
export async function allow(surfer: Surfer, page: Seen): Promise<Seen> {
  const answered = await surfer.submit(page, { decision: 'approve' });
  return answered.to?.startsWith('/') === true ? await surfer.browser.follow(answered.to) : answered;
}
