import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOBODY, type ClientFace } from '#contract';
import { silentLogger, systemClock, type JsonObject } from '#kernel';
import { loadConfiguration, openToolbox, sourceTypes, type NamespaceView, type Toolbox, type ToolCall } from '#toolbox';
import { holidaysOf, weekdayOf, type Country } from '../holidays.ts';

const directory = join(import.meta.dirname, '..');
let toolbox: Toolbox;
let view: NamespaceView;

beforeAll(async () => {
  const bytes = readFileSync(join(directory, 'tools.yaml'));
  const loaded = loadConfiguration([{ file: 'tools.yaml', directory, bytes }], { env: {}, catalog: sourceTypes });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const opened = await openToolbox(loaded.value.configuration, {
    catalog: sourceTypes,
    clock: systemClock,
    log: silentLogger,
    openEmbedder: () => ({ embed: () => Promise.reject(new Error('there is no model here')) }),
  });
  if (!opened.ok) throw new Error(JSON.stringify(opened.error));
  toolbox = opened.value;
  view = toolbox.current().namespaces.get('default') as NamespaceView;
});
afterAll(() => toolbox.close());

const callBy = (client: Partial<ClientFace> = {}, signal = new AbortController().signal): ToolCall => ({
  signal,
  log: silentLogger,
  caller: NOBODY,
  client: {
    progress: () => {},
    log: () => {},
    capabilities: { elicitation: {}, sampling: {} },
    request: () => Promise.reject(new Error('nobody was to be asked')),
    state: undefined,
    ...client,
  },
});

/** A client that answers every question in the same way. */
const answering = (answer: JsonObject): Partial<ClientFace> => ({
  request: (inputs) => Promise.resolve(Object.fromEntries(Object.keys(inputs).map((key) => [key, answer]))),
});

async function run(name: string, args: JsonObject, call = callBy()): Promise<unknown> {
  const tool = view.tools.get(name);
  const checked = tool?.check(args);
  if (tool === undefined || checked?.ok !== true) throw new Error(JSON.stringify(checked));
  const output = await tool.run(checked.value, call);
  return output.kind === 'value' ? output.value : output;
}

describe('the holidays', () => {
  it.each<[Country, string[]]>([
    [
      'DE',
      [
        '2026-01-01',
        '2026-04-03',
        '2026-04-06',
        '2026-05-01',
        '2026-05-14',
        '2026-05-25',
        '2026-10-03',
        '2026-12-25',
        '2026-12-26',
      ],
    ],
    [
      'FR',
      [
        '2026-01-01',
        '2026-04-06',
        '2026-05-01',
        '2026-05-08',
        '2026-05-14',
        '2026-05-25',
        '2026-07-14',
        '2026-08-15',
        '2026-11-01',
        '2026-11-11',
        '2026-12-25',
      ],
    ],
    [
      'US',
      [
        '2026-01-01',
        '2026-01-19',
        '2026-02-16',
        '2026-05-25',
        '2026-06-19',
        '2026-07-04',
        '2026-09-07',
        '2026-10-12',
        '2026-11-11',
        '2026-11-26',
        '2026-12-25',
      ],
    ],
  ])('of %s in 2026 are those of the almanac', (country, dates) => {
    expect(holidaysOf(country, 2026).map(({ date }) => date)).toEqual(dates);
  });

  it.each([
    [1961, '1961-04-02'],
    [2000, '2000-04-23'],
    [2038, '2038-04-25'],
    [2285, '2285-03-22'],
  ])('follow Easter, which is a Sunday, in %i', (year, easter) => {
    expect(weekdayOf(easter)).toBe(7);
    const monday = new Date(Date.parse(easter) + 86_400_000).toISOString().slice(0, 10);
    expect(holidaysOf('DE', year).find(({ name }) => name === 'Ostermontag')?.date).toBe(monday);
  });
});

describe('the tools', () => {
  it('count working days without weekends and holidays', async () => {
    expect(await run('count_working_days', { from: '2026-12-21', to: '2026-12-31', country: 'DE' })).toEqual({
      workingDays: 8,
      holidays: [{ date: '2026-12-25', name: '1. Weihnachtstag' }],
    });
    await expect(run('count_working_days', { from: '2026-12-31', to: '2026-12-21', country: 'DE' })).rejects.toThrow(
      '`to` (2026-12-21) is before `from` (2026-12-31)',
    );
  });

  it('refuse what is no date and no country', () => {
    const checked = view.tools
      .get('count_working_days')
      ?.check({ from: '2026-02-30', to: '2026-03-01', country: 'XX' });
    expect(checked?.ok === false && checked.error.map(({ path }) => path)).toEqual(['from', 'country']);
  });

  it('find bridge days, telling how far they are', async () => {
    const months: number[] = [];
    const call = callBy({ progress: (month) => months.push(month) });
    const plans = await run('find_bridge_days', { country: 'DE', year: 2026, leave: 4 }, call);
    expect(plans).toMatchObject([{ from: '2026-03-28', to: '2026-04-06', daysOff: 10 }, {}, {}, {}, {}]);
    expect(months).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  it('stop in the middle when the caller goes away', async () => {
    const controller = new AbortController();
    const reason = new Error('the caller went away');
    const progress = (month: number): void => void (month === 3 && controller.abort(reason));
    const pending = run(
      'find_bridge_days',
      { country: 'DE', year: 2026, leave: 4 },
      callBy({ progress }, controller.signal),
    );
    await expect(pending).rejects.toBe(reason);
  });

  it('book leave when the person says yes, tell who watches, and have a note written', async () => {
    const resource = view.resources.get('booked_leave');
    let changes = 0;
    resource?.watch?.(() => changes++, new AbortController().signal);
    const leave = { from: '2026-04-07', to: '2026-04-10', country: 'DE' };
    await expect(run('book_leave', leave, callBy(answering({ action: 'decline' })))).rejects.toThrow(
      'the person said no',
    );
    expect(changes).toBe(0);
    const yes = callBy(answering({ action: 'accept', content: { sure: true } }));
    expect(await run('book_leave', leave, yes)).toBe('Booked 4 days.');
    expect(changes).toBe(1);
    const [contents] = (await resource?.read(callBy())) ?? [];
    expect(contents).toEqual({
      uri: 'calendar://leave',
      mimeType: 'application/json',
      text: JSON.stringify([{ from: '2026-04-07', to: '2026-04-10', days: 4 }], null, 2),
    });
    const note = { type: 'text', text: 'I am away.' };
    const model = callBy(answering({ role: 'assistant', content: note, model: 'any' }));
    expect(await run('write_out_of_office', {}, model)).toEqual({ kind: 'content', content: [note] });
  });
});

describe('the resources and the prompt', () => {
  it('read the holidays of a URI, and suggest countries', async () => {
    const [template] = view.resourceTemplates;
    const uri = 'calendar://holidays/FR/2026';
    const [contents] = (await template?.read(uri, template.match(uri) ?? {}, callBy())) ?? [];
    expect(JSON.parse((contents as { text: string }).text)).toHaveLength(11);
    expect(await template?.complete('country', 'd', {})).toEqual(['DE']);
  });

  it('word a plan', async () => {
    const got = await view.prompts.get('plan_leave')?.get({ country: 'DE', year: '2026' }, callBy());
    expect(got).toMatchObject({
      ok: true,
      value: [{ role: 'user', content: { text: expect.stringContaining('my days of leave in 2026') } }],
    });
  });
});

it('the command runs the module as it lies here', () => {
  const command = join(directory, '../../bin/chatelaine');
  const args = JSON.stringify({ from: '2026-12-21', to: '2026-12-31', country: 'FR' });
  const elsewhere = mkdtempSync(join(tmpdir(), 'calendar-'));
  try {
    const printed = execFileSync(
      command,
      ['invoke', 'count_working_days', args, '--config', join(directory, 'tools.yaml')],
      { cwd: elsewhere },
    );
    expect(JSON.parse(printed.toString())).toMatchObject({ workingDays: 8 });
  } finally {
    rmSync(elsewhere, { recursive: true });
  }
});
