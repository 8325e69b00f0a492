/**
 * Somebody with a password, made by the commands that an administrator uses, and the browser that they sit at. Signs in
 * where a page asks for it and allows what a program asks for, by the forms of the pages alone.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Browser, type Seen } from '../test/browser.ts';
import { formsOf } from '../test/surfer.ts';
import type { ServerProcess } from './server-process.ts';

const PASSWORD = 'moons over the long lake';
const PATIENCE_MS = 20_000;

export class Person {
  readonly #name: string;
  readonly #browser: Browser;
  /** How often they let a program in. */
  asked = 0;

  private constructor(name: string, browser: Browser) {
    this.#name = name;
    this.#browser = browser;
  }

  /** A user who may call tools, with a password that they chose at the link of an administrator. */
  static async make(server: Pick<ServerProcess, 'url' | 'command'>, name: string): Promise<Person> {
    const url = new URL(server.url);
    const browser = new Browser(url, url);
    await server.command('user', 'create', name);
    await server.command('role', 'give', 'user', '--user', name);
    const { link } = JSON.parse(await server.command('user', 'password-link', name, '--json')) as { link: string };
    const { pathname, search } = new URL(link);
    const chosen = await browser.submit(await browser.follow(pathname + search), {
      password: PASSWORD,
      again: PASSWORD,
    });
    expectText(chosen, 'The password is set');
    return new Person(name, browser);
  }

  /** The same person at another browser, where they are not signed in. */
  static elsewhere(url: URL, name: string): Person {
    return new Person(name, new Browser(url, url));
  }

  /** Opens the page where an account elsewhere is connected, consents there, where nobody is asked, and comes back. */
  async connect(address: string): Promise<void> {
    const { pathname, search } = new URL(address);
    const page = await this.#browser.follow(pathname + search);
    const form = formsOf(page.text).find(({ fields }) => fields['account'] === 'connect');
    if (form === undefined)
      throw new Error(`no account is to be connected: ${page.status} ${page.text.slice(0, 2000)}`);
    const away = await this.#browser.post(form.action, form.fields);
    const [, to] = /^0; url=(.+)$/.exec(away.headers.get('refresh') ?? '') ?? [];
    if (to === undefined) throw new Error(`it leads nowhere: ${away.status} ${away.text.slice(-1500)}`);
    const back = (await fetch(to, { redirect: 'manual' })).headers.get('location') ?? '';
    const callback = new URL(back, to);
    expectText(await this.#browser.follow(callback.pathname + callback.search), 'The account is connected');
  }

  /** Opens what a program would have them open, and lets it in; gives where the browser is sent with the answer. */
  async letIn(address: string): Promise<URL> {
    const { pathname, search } = new URL(address);
    let page = await this.#browser.follow(pathname + search);
    if (page.text.includes('name="password"'))
      page = await this.#browser.submit(page, { name: this.#name, password: PASSWORD });
    expectText(page, 'Allow this program?');
    this.asked++;
    // With all that the page proposes: accounts elsewhere that the program may use.
    const form = formsOf(page.text).find(({ fields }) => fields['decision'] === 'approve');
    const answered = await this.#browser.post(form?.action ?? '', form?.fields ?? {});
    const { to, status, text } =
      answered.to?.startsWith('/') === true ? await this.#browser.follow(answered.to) : answered;
    if (to === undefined) throw new Error(`nobody was let in: ${status} ${text.slice(0, 500)}`);
    return new URL(to);
  }

  /**
   * The same, and the browser goes there: to the loopback port of the program. Some print the address before they
   * listen, since no person is as fast as this one: then it goes there again.
   */
  async letInAt(address: string): Promise<void> {
    const to = await this.letIn(address);
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      try {
        await (await fetch(to)).arrayBuffer();
        return;
      } catch (error) {
        if (Date.now() > until) throw error;
      }
      await pause(50);
    }
  }
}

function expectText({ status, to, text }: Seen, wanted: string): void {
  if (!text.includes(wanted))
    throw new Error(`\`${wanted}\` is not on the page: ${status} ${to ?? text.slice(0, 2000)}`);
}
