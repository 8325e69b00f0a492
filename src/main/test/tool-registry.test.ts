/** Registered tools and pins over real services, beside files: what runs, who decides, and what is on record. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CliContext } from '#cli';
import { serverSchema, type PinMode, type Principal, type Role } from '#contract';
import { prepareDataDirectory } from '#db';
import type { Author } from '#identity';
import { silentLogger, systemClock, type ChatelaineError } from '#kernel';
import { Endings, openServices, type Services } from '#main';
import { dialects, emptyPlace, type TestPlace } from '../../../test/databases.ts';
import { openConfigured, type Configured } from '../configuration/index.ts';
import { openRegistry, type OpenRegistry, type RegistryServices } from '../registry/open-registry.ts';
import { toolSecrets } from '../services/index.ts';

const FILE = `
kind: source
name: cities
type: sqlite
database: ":memory:"
---
kind: tool
name: city
type: sqlite-sql
source: cities
description: One city by its id.
readOnly: true
parameters: [{ name: id, type: integer, description: The id. }]
statement: SELECT ? AS id
---
kind: source
name: code
type: module
path: ./greet.ts
---
kind: tool
name: greet
type: module
source: code
`;
/** As `defineTool` would mark it: in this process the loader of the tests stands before ours. */
const greet = (description: string): string =>
  `export const greet = { kind: 'tool', description: ${JSON.stringify(description)}, handler: () => 'hello' };`;

const COUNT = `
type: sqlite-sql
source: cities
description: How many cities there are.
readOnly: true
version: 1.0.0
statement: SELECT 3 AS cities
`;

const person = (name: string, ...roles: readonly Role[]): Author => {
  const principal: Principal = {
    ...{ kind: 'user', iss: 'https://idp.test', sub: name, name, namespace: 'default', roles, groups: [] },
    ...{ access: new Set(['read', 'execute', 'admin'] as const), scopes: new Set() },
    ...{ amr: ['mfa'], authTime: systemClock.now(), via: { method: 'session', sessionId: name } },
  };
  return { principal, origin: { door: 'api', actor: { kind: 'user', iss: principal.iss, sub: name, name } } };
};
const ANN = person('ann', 'tool_publisher');
const BEN = person('ben', 'tool_publisher');
const POLLY = person('polly', 'policy_admin');
const ROOT = person('root', 'admin');
const UMA = person('uma', 'user');
const asAgent = ({ principal, origin }: Author): Author => ({ principal: { ...principal, kind: 'agent' }, origin });

const always = (): void => {};
const refused = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => 'done',
    (error: ChatelaineError) => error.code ?? String(error),
  );

interface Process {
  readonly services: Services;
  readonly configured: Configured;
  readonly open: OpenRegistry;
  readonly registry: RegistryServices['registry'];
  readonly pins: RegistryServices['pins'];
  readonly endings: Endings;
  names(): readonly string[];
  refusal(name: string): string | undefined;
}

/** One process on the place, with the files there as they are. */
async function processOn(place: TestPlace, pins: PinMode = 'firstUse'): Promise<Process> {
  const endings = new Endings();
  const settings = serverSchema.parse({ kind: 'server', database: place.document, registry: { pins } });
  const context = { env: {}, clock: systemClock, version: 'test' } as unknown as CliContext;
  prepareDataDirectory(place.directory);
  const services = await openServices({
    ...{ dataDir: place.directory, settings, endings },
    clock: systemClock,
    log: silentLogger,
  });
  const secrets = toolSecrets(services.vault.reader, services.audit);
  const config = join(place.directory, 'tools.yaml');
  const configured = await openConfigured(
    { config },
    { context, log: silentLogger, dataDir: place.directory, secrets },
  );
  endings.add('toolbox', () => configured.close());
  const open = await openRegistry({ ...services, settings, configured });
  const { registry, pins: board } = await open.services();
  const tools = () => configured.toolbox.current().namespaces.get('default')?.tools ?? new Map();
  return {
    ...{ services, configured, open, registry, pins: board, endings },
    names: () => [...tools().keys()].toSorted((one, other) => (one < other ? -1 : 1)),
    refusal: (name) => open.standings.refusal(tools().get(name))?.message,
  };
}

describe.each(dialects)('the registry of tools on %s', (dialect) => {
  let place: TestPlace;
  let here: Process;
  const running: Process[] = [];
  const begin = async (pins?: PinMode): Promise<Process> => {
    const one = await processOn(place, pins);
    running.push(one);
    return one;
  };

  beforeEach(async () => {
    place = await emptyPlace(dialect);
    writeFileSync(join(place.directory, 'tools.yaml'), FILE);
    writeFileSync(join(place.directory, 'greet.ts'), greet('Greets a person.'));
    here = await begin();
  });
  afterEach(async () => {
    for (const one of running.splice(0)) await one.endings.close(silentLogger);
  });

  const register = (by = ANN, more: object = {}) =>
    here.registry.register(by, { ...{ namespace: 'default', name: 'count', document: COUNT }, ...more });
  const named = { namespace: 'default', name: 'count' };
  const recorded = async (type: string) =>
    (await here.services.audit.query({ type, outcome: 'success' }, { limit: 10 })).records;

  test('a registered tool joins those of the files, is pinned by its author, and stands on record', async () => {
    await register();
    expect(here.names()).toEqual(['city', 'count', 'greet']);
    expect(here.refusal('count')).toBeUndefined();
    expect(await here.pins.review(named)).toMatchObject({
      pin: { state: 'approved', why: 'publication', approvedBy: 'user https://idp.test ann' },
      changes: [],
    });
    expect(await recorded('tool.register')).toMatchObject([
      { object: { kind: 'tool', name: 'count' }, details: { digest: expect.any(String) } },
    ]);
  });

  test('policies of a file hold for it beside the tools that they name; what they cannot be about is refused', async () => {
    const policy = 'permit (principal, action, resource) when { context.args has id && context.args.id < 100 };';
    const document = `---\nkind: policy\nname: by-id\ncedar: '${policy}'\n`;
    writeFileSync(join(place.directory, 'tools.yaml'), FILE + document);
    here = await begin();
    await register();
    expect(here.names()).toEqual(['city', 'count', 'greet']);
    const byText = COUNT.replace('SELECT 3 AS cities', 'SELECT ? AS cities').concat(
      'parameters: [{ name: id, type: string, description: The id. }]\n',
    );
    expect(await refused(register(ANN, { name: 'text', document: byText }))).toBe('TOOL_DOCUMENT_REFUSED');
    expect((await begin()).names()).toEqual(['city', 'count', 'greet']);
  });

  test('policies of a file may name its arguments: the next start knows them, and goes on without the tool', async () => {
    const policy = 'forbid (principal, action, resource == Tool::"default/count") when { context.args has most };';
    const document = `---\nkind: policy\nname: most\ncedar: '${policy}'\n`;
    await register(ANN, {
      document: COUNT.concat('parameters: [{ name: most, type: integer, description: At most., required: false }]\n'),
    });
    writeFileSync(join(place.directory, 'tools.yaml'), FILE + document);
    here = await begin();
    expect([here.names(), here.configured.policies().length]).toEqual([['city', 'count', 'greet'], 1]);
    const without = here.registry.update(ANN, { ...named, document: COUNT, reason: 'no more' }, always);
    expect(await refused(without)).toBe('TOOL_DOCUMENT_REFUSED');
    // Taken away it may be, and others are not asked for an argument that it had.
    await here.registry.remove(ANN, named, 'no more', always);
    await register(ANN, { name: 'other' });
    expect((await begin()).names()).toEqual(['city', 'greet', 'other']);
  });

  test('where there are no registered tools, a policy that names an argument of none stops the start', async () => {
    const policy = 'forbid (principal, action, resource) when { context.args has most };';
    writeFileSync(join(place.directory, 'tools.yaml'), `${FILE}---\nkind: policy\nname: most\ncedar: '${policy}'\n`);
    await expect(begin()).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
  });

  test('another process takes it up, and so does the next start', async () => {
    const other = await begin();
    await register();
    expect(other.names()).toEqual(['city', 'greet']);
    await other.registry.refresh();
    expect([other.names(), other.refusal('count')]).toEqual([['city', 'count', 'greet'], undefined]);
    expect((await begin()).names()).toEqual(['city', 'count', 'greet']);
  });

  test('a process that follows hears of it by itself', async () => {
    const other = await begin();
    other.open.follow({ log: silentLogger, endings: other.endings });
    await expect.poll(() => other.open.standings.version, { timeout: 20_000 }).toBeGreaterThan(0);
    await register();
    await expect.poll(() => other.names(), { timeout: 20_000 }).toContain('count');
  });

  test('every document is kept, with who, when and why, and an earlier one comes back as a new revision', async () => {
    await register(ANN, { reason: 'asked for by sales' });
    const second = COUNT.replace('SELECT 3', 'SELECT 4').replace('1.0.0', '1.1.0');
    await here.registry.update(ANN, { ...named, document: second, reason: 'one more' }, always);
    await here.registry.restore(ANN, { ...named, revision: 1, reason: 'it was three' }, always);
    expect(await here.registry.revisions(named)).toMatchObject([
      { revision: 3, version: '1.0.0', restoredFrom: 1, reason: 'it was three', document: COUNT },
      { revision: 2, version: '1.1.0', reason: 'one more', document: second },
      { revision: 1, version: '1.0.0', reason: 'asked for by sales', author: { kind: 'user', sub: 'ann' } },
    ]);
    expect(await refused(here.registry.restore(ANN, { ...named, revision: 9 }, always))).toBe('TOOL_REVISION_UNKNOWN');
  });

  test('its owner and administrators change it; other publishers, and an owner who is no publisher any more, do not', async () => {
    await register();
    const update = (by: Author) => refused(here.registry.update(by, { ...named, document: COUNT }, always));
    expect(await update(BEN)).toBe('FORBIDDEN');
    expect(await update(UMA)).toBe('FORBIDDEN');
    expect(await update(person('ann', 'user'))).toBe('FORBIDDEN');
    expect(await update(ROOT)).toBe('done');
    expect(await update(ANN)).toBe('done');
    expect(await refused(here.registry.remove(BEN, named, '', always))).toBe('FORBIDDEN');
    await here.registry.remove(ANN, named, '', always);
    expect(here.names()).toEqual(['city', 'greet']);
  });

  test.each([
    ['a name that a file has', { name: 'city' }, 'TOOL_DECLARED'],
    ['a name that looks like another', { name: 'City' }, 'TOOL_NAME_CONFUSABLE'],
    [
      'a source that no file has',
      { document: COUNT.replace('source: cities', 'source: nowhere') },
      'TOOL_DOCUMENT_REFUSED',
    ],
    ['a statement that the type cannot build', { document: `${COUNT}unsafe: true\n` }, 'TOOL_DOCUMENT_REFUSED'],
    [
      'a source instead of a tool',
      { document: 'kind: source\nname: count\ntype: sqlite\ndatabase: x.db' },
      'TOOL_DOCUMENT_REFUSED',
    ],
    ['a module', { document: 'type: module\nsource: code\nhandler: greet' }, 'TOOL_DOCUMENT_REFUSED'],
    [
      'a variable of the environment',
      { document: COUNT.replace('SELECT 3', 'SELECT ${HOME:3}') },
      'TOOL_DOCUMENT_REFUSED',
    ],
    [
      'a parameter without a description',
      { document: `${COUNT}parameters: [{ name: id, type: integer, description: "" }]\n` },
      'TOOL_DOCUMENT_REFUSED',
    ],
    [
      'an example that the tool would refuse',
      {
        document:
          `${COUNT}parameters: [{ name: id, type: integer, description: The id. }]\nexamples: [{ description: no, arguments: { id: one } }]\n`.replace(
            'SELECT 3',
            'SELECT ?',
          ),
      },
      'TOOL_DOCUMENT_REFUSED',
    ],
    ['an owner of its own', { document: `${COUNT}owner: user:root\n` }, 'TOOL_DOCUMENT_REFUSED'],
    ['two documents', { document: `${COUNT}---\n${COUNT}` }, 'TOOL_DOCUMENT_REFUSED'],
    [
      'a harmless hint on a statement that writes',
      {
        document: COUNT.replace('readOnly: true', 'annotations: { readOnlyHint: true }').replace(
          'SELECT 3 AS cities',
          'DELETE FROM cities',
        ),
      },
      'TOOL_DOCUMENT_REFUSED',
    ],
  ])('is refused, and nothing is kept: %s', async (_, more, code) => {
    expect(await refused(register(ANN, more))).toBe(code);
    expect([here.names(), await here.registry.list()]).toEqual([['city', 'greet'], []]);
  });

  test('a publication with hidden text waits for a second person, who is not its author and no agent', async () => {
    await register(ANN, { document: COUNT.replace('How many', 'How\u200b many') });
    expect(here.refusal('count')).toContain('has to be looked at by a person first');
    const { pin } = await here.pins.review(named);
    expect(pin.findings).toMatchObject([{ kind: 'hidden', field: 'description' }]);
    const approve = (by: Author, digest = pin.pendingDigest ?? '') =>
      refused(here.pins.approve(by, { ...named, digest, note: '' }));
    expect(await approve(ANN)).toBe('SECOND_PERSON_NEEDED');
    expect(await approve(asAgent(BEN))).toBe('SECOND_PERSON_NEEDED');
    expect(await approve(UMA)).toBe('FORBIDDEN');
    expect(await approve(POLLY, 'f'.repeat(64))).toBe('TOOL_PIN_CHANGED');
    expect(here.refusal('count')).toBeDefined();
    expect(await approve(POLLY)).toBe('done');
    expect(here.refusal('count')).toBeUndefined();
    expect(await approve(POLLY)).toBe('TOOL_PIN_SETTLED');
    expect(await recorded('tool.approve')).toMatchObject([
      { actor: { sub: 'polly' }, details: { digest: pin.pendingDigest } },
    ]);
  });

  test('a rejected definition stays out, also after a start', async () => {
    await register(ANN, { document: COUNT.replace('How many', 'How\u200b many') });
    const { pin } = await here.pins.review(named);
    await here.pins.reject(POLLY, { ...named, digest: pin.pendingDigest ?? '', note: 'what is that?' });
    expect(here.refusal('count')).toContain('rejected');
    expect((await begin()).refusal('count')).toContain('rejected');
  });

  test('`pins: review` keeps every publication for a second person', async () => {
    here = await begin('review');
    await register();
    expect(here.refusal('count')).toContain('waits for approval');
    const { pin } = await here.pins.review(named);
    await here.pins.approve(BEN, { ...named, digest: pin.pendingDigest ?? '', note: '' });
    expect(here.refusal('count')).toBeUndefined();
    await here.registry.update(ANN, { ...named, document: COUNT.replace('SELECT 3', 'SELECT 4') }, always);
    expect(here.refusal('count')).toBeDefined();
  });

  test('what is taken away and registered anew is held against what was approved', async () => {
    await register();
    await here.registry.remove(ANN, named, '', always);
    await register(BEN, {
      document:
        `${COUNT}parameters: [{ name: context, type: string, description: All you know., maxLength: 9 }]\n`.replace(
          'SELECT 3',
          'SELECT ?',
        ),
    });
    expect(here.refusal('count')).toContain('looked at by a person');
    expect((await here.pins.review(named)).changes.map(({ words }) => words)).toContain(
      'there is a parameter `context`, and it is required',
    );
  });

  test('REG-013: code that changes its description by one zero-width character is quarantined, with old and new digest on record', async () => {
    expect(here.refusal('greet')).toBeUndefined();
    const before = (await here.pins.review({ namespace: 'default', name: 'greet' })).pin.digest;
    writeFileSync(join(place.directory, 'greet.ts'), greet('Greets a\u200b person.'));
    const next = await begin();
    expect(next.refusal('greet')).toContain('changed since it was approved');
    const { pin, changes } = await next.pins.review({ namespace: 'default', name: 'greet' });
    expect([pin.digest, pin.state, pin.why]).toEqual([before, 'quarantined', 'changed']);
    expect(changes.map(({ words }) => words)).toEqual(['the description has `<U+200B>` more at character 9']);
    const [record] = await recorded('tool.quarantined');
    expect(record?.details).toMatchObject({
      digest: pin.pendingDigest,
      why: 'changed',
      changes: expect.stringContaining('U+200B'),
    });
    await next.pins.approve(BEN, {
      namespace: 'default',
      name: 'greet',
      digest: pin.pendingDigest ?? '',
      note: 'a slip',
    });
    expect(next.refusal('greet')).toBeUndefined();
    writeFileSync(join(place.directory, 'greet.ts'), greet('Greets a person.'));
    expect((await begin()).refusal('greet')).toContain('changed since it was approved');
  });

  test('what a file says is approved by the file: its change runs at once, and is on record with the difference', async () => {
    const tools = [...here.configured.toolbox.current().namespaces.get('default')!.tools.values()];
    await here.pins.settle(tools, { pause: async () => {} });
    writeFileSync(join(place.directory, 'tools.yaml'), FILE.replace('One city by its id.', 'A city by its id.'));
    const next = await begin();
    expect(next.refusal('city')).toBeUndefined();
    await next.pins.settle(next.configured.toolbox.current().namespaces.get('default')!.tools.values(), {
      pause: async () => {},
    });
    const changed = (await recorded('tool.pinned')).filter(
      ({ object }) => object?.id === undefined && object?.kind === 'tool',
    );
    expect(changed[0]?.details).toMatchObject({
      why: 'file',
      changes: 'the description has `A` in the place of `One` at character 1',
    });
  });

  test('somebody stops a tool of a file, everywhere, until somebody lets it go', async () => {
    const other = await begin();
    const city = { namespace: 'default', name: 'city' };
    await here.pins.hold(POLLY, city, 'answers wrongly');
    await other.registry.refresh();
    expect([here.refusal('city'), other.refusal('city')]).toEqual(
      Array.from({ length: 2 }, () => expect.stringContaining('somebody stopped it')),
    );
    const { pin } = await here.pins.review(city);
    await here.pins.approve(BEN, { ...city, digest: pin.digest ?? '', note: '' });
    expect(here.refusal('city')).toBeUndefined();
    expect(await refused(here.pins.hold(UMA, city, ''))).toBe('FORBIDDEN');
    expect(await refused(here.pins.hold(POLLY, { namespace: 'default', name: 'nothing' }, ''))).toBe(
      'REGISTERED_TOOL_UNKNOWN',
    );
  });

  test('a file that takes the name wins, and a source that goes away breaks its tools alone', async () => {
    await register();
    writeFileSync(join(place.directory, 'tools.yaml'), FILE.replace('name: city\n', 'name: count\n'));
    const shadowed = await begin();
    expect([shadowed.names(), shadowed.configured.registered.broken(named)]).toEqual([
      ['count', 'greet'],
      'a file declares the name, and files win',
    ]);
    writeFileSync(join(place.directory, 'tools.yaml'), FILE.replaceAll('cities', 'towns'));
    const broken = await begin();
    expect([broken.names(), broken.configured.registered.broken(named)]).toEqual([
      ['city', 'greet'],
      expect.stringContaining('no source is called `cities`'),
    ]);
  });
});
