import { describe, expect, test } from 'vitest';
import { visibleText } from '../page/visible-text.ts';
import { serveDesk } from './pages.fixture.ts';
import { Browser, type Seen } from '../../../../test/browser.ts';

const formOf = (page: Seen): string => /name="form" value="([^"]+)"/.exec(page.text)?.[1] ?? '';

describe('the page of a call', () => {
  test('shows who asks for what, and takes a yes', async () => {
    const desk = await serveDesk();
    const [ann, claude] = [await desk.person('ann'), await desk.agent('claude')];
    const { id } = await desk.claim(claude, { to: 'Widow <b>Bolte</b>' });
    const browser = await desk.browser(ann.sub);
    expect((await browser.get('/console/approvals')).text).toContain(`/console/approvals/${id}`);
    const page = await browser.get(`/console/approvals/${id}`);
    expect(page.text).toMatch(/claude[\s\S]*asks to call[\s\S]*pay/);
    expect(page.text).toContain('Widow &lt;b&gt;Bolte&lt;/b&gt;');
    const done = await browser.decide(page, 'approve');
    expect(done.text).toContain('It is approved');
    expect(done.text).not.toContain('Bolte');
    expect((await desk.claim(claude, { to: 'Widow <b>Bolte</b>' })).outcome).toBe('let through');
  });

  test('sends who is not signed in to do so, and back', async () => {
    const desk = await serveDesk();
    const { id } = await desk.claim(await desk.agent('claude'));
    const seen = await new Browser(desk.url, desk.url).get(`/console/approvals/${id}`);
    expect(seen.to).toBe(`/console/sign-in?next=${encodeURIComponent(`/console/approvals/${id}`)}`);
  });

  test.each([
    ['an old proof', { agoMs: 3_600_000 }],
    ['a password alone', { amr: ['pwd'] }],
  ])('takes no yes with %s: the person proves themselves first, and comes back', async (_, proof) => {
    const desk = await serveDesk();
    const [ann, claude] = [await desk.person('ann'), await desk.agent('claude')];
    const { id } = await desk.claim(claude);
    const browser = await desk.browser(ann.sub, proof);
    const form = formOf(await browser.get(`/console/approvals/${id}`));
    const sent = await browser.post(`/console/approvals/${id}`, { form, decision: 'approve' });
    expect(sent.to).toBe(`/console/step-up?next=${encodeURIComponent(`/console/approvals/${id}`)}`);
    expect((await desk.claim(claude)).outcome).toBe('APPROVAL_REQUIRED');
  });

  test.each<readonly [string, (form: string) => Record<string, string>, Record<string, string>]>([
    ['without its token', () => ({ decision: 'approve' }), {}],
    ['with the token of another browser', () => ({ form: 'A'.repeat(43), decision: 'approve' }), {}],
    [
      'from another site',
      (form) => ({ form, decision: 'approve' }),
      { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' },
    ],
    ['from a sandboxed frame', (form) => ({ form, decision: 'approve' }), { origin: 'null' }],
  ])('CON-001: takes no form %s', async (_, fields, headers) => {
    const desk = await serveDesk();
    const [ann, claude] = [await desk.person('ann'), await desk.agent('claude')];
    const { id } = await desk.claim(claude);
    const browser = await desk.browser(ann.sub);
    const form = formOf(await browser.get(`/console/approvals/${id}`));
    const sent = await browser.post(`/console/approvals/${id}`, fields(form), headers);
    expect(sent.status).toBe(403);
    expect((await desk.claim(claude)).outcome).toBe('APPROVAL_REQUIRED');
  });

  test('is of nobody whom the call does not concern, as if there were none', async () => {
    const desk = await serveDesk({ mayApprove: ({ name }) => name !== 'eve' });
    const { id } = await desk.claim(await desk.agent('claude'));
    const eve = await desk.browser((await desk.person('eve')).sub);
    const [seen, none] = [
      await eve.get(`/console/approvals/${id}`),
      await eve.get('/console/approvals/06e2z9x3k8v1m4p7q0r5s6t8w2'),
    ];
    expect(seen.status).toBe(404);
    expect(seen.text.replaceAll(id, '')).toBe(none.text.replaceAll('06e2z9x3k8v1m4p7q0r5s6t8w2', ''));
    expect((await eve.get('/console/approvals')).text).toContain('Nothing waits for you');
  });

  test('tells the caller that somebody else has to decide, and lets them take it back', async () => {
    const desk = await serveDesk();
    const ann = await desk.person('ann', { roles: ['admin'] });
    const { id } = await desk.claim({ ...ann, clientId: 'desk' });
    const browser = await desk.browser(ann.sub);
    const page = await browser.get(`/console/approvals/${id}`);
    expect(page.text).toContain('somebody else has to say yes');
    expect(page.text).not.toContain('Approve</button>');
    const sent = await browser.post(`/console/approvals/${id}`, { form: formOf(page), decision: 'approve' });
    expect(sent.status).toBe(403);
    await browser.post(`/console/approvals/${id}`, { form: formOf(page), decision: 'cancel' });
    expect((await browser.get(`/console/approvals/${id}`)).text).toContain('It was taken back');
  });

  test('takes a no with its reason', async () => {
    const desk = await serveDesk();
    const [ann, claude] = [await desk.person('ann'), await desk.agent('claude')];
    const { id } = await desk.claim(claude);
    const browser = await desk.browser(ann.sub);
    const form = formOf(await browser.get(`/console/approvals/${id}`));
    await browser.post(`/console/approvals/${id}`, { form, decision: 'refuse', reason: 'not today' });
    expect((await browser.get(`/console/approvals/${id}`)).text).toContain('not today');
    expect((await desk.claim(claude)).outcome).toBe('APPROVAL_REFUSED');
  });
});

describe('what one does not see is shown', () => {
  test.each([
    ['zero width', 'pay\u200broll', 'U+200B'],
    ['direction', 'a\u202egnp.exe', 'U+202E'],
    ['tags, in which a model reads words', 'ok\u{e0041}\u{e0042}', 'U+E0041'],
    ['a variation selector', 'a\ufe0f', 'U+FE0F'],
    ['a space that is none', 'a\u00a0b', 'U+00A0'],
    ['a line end in an argument', 'a\nb', 'U+000A'],
    ['a filler that is a letter to Unicode', 'a\u3164b', 'U+3164'],
  ])('%s', (_, text, name) => {
    const { shown, hidden } = visibleText(text);
    expect(shown.text).toContain(`<mark>${name}</mark>`);
    expect(hidden).toBeGreaterThan(0);
  });

  test('and letters of any script are as they are', () => {
    const text = 'Zürich, Ελλάδα, 東京, עברית, résumé 12 %';
    expect(visibleText(text)).toMatchObject({ hidden: 0, shown: { text } });
  });
});
