/** What is found, in which order, and that nothing hidden has a part in it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { questionOf, ToolSearch, type Question, type SearchedTool } from '../index.ts';

const tool = (name: string, more: Partial<SearchedTool> = {}): SearchedTool => ({
  name,
  title: undefined,
  description: '',
  inputSchema: { type: 'object', properties: {} },
  ...more,
});

const everybody = { has: () => true };

const asking = (query: string, more: { tags?: readonly string[]; limit?: number } = {}): Question =>
  questionOf({ query, ...more });

const find = (tools: readonly SearchedTool[], query: string, more: { tags?: readonly string[]; limit?: number } = {}) =>
  new ToolSearch().find({ tools }, asking(query, more), everybody);

describe('a question', () => {
  it('finds a tool by its name, title, description, tags, parameters, source and owner', async () => {
    const tools = [
      tool('by_name_invoice'),
      tool('b', { title: 'Invoices' }),
      tool('c', { description: 'Sends an invoice.' }),
      tool('d', { tags: ['invoice'] }),
      tool('e', { inputSchema: { properties: { invoiceId: { type: 'string' } } } }),
      tool('f', { inputSchema: { properties: { id: { description: 'Of the invoice' } } } }),
      tool('g', { source: 'invoice-db' }),
      tool('h', { owner: 'invoicing' }),
      tool('i', { description: 'Sends a parcel.' }),
    ];
    expect((await find(tools, 'invoice', { limit: 25 })).names.toSorted()).toEqual([
      ...['b', 'by_name_invoice', 'c', 'd', 'e', 'f', 'g', 'h'],
    ]);
  });

  it('puts the name before the description, and the description before what parameters say', async () => {
    const tools = [
      tool('a', { inputSchema: { properties: { id: { description: 'the refund' } } } }),
      tool('b', { description: 'Makes a refund.' }),
      tool('refund'),
    ];
    expect((await find(tools, 'refund')).names).toEqual(['refund', 'b', 'a']);
  });

  it('counts a rare word for more than a common one', async () => {
    const common = Array.from({ length: 20 }, (_, at) => tool(`list_${at}`));
    expect((await find([...common, tool('vacuum_state')], 'list vacuum')).names[0]).toBe('vacuum_state');
  });

  it('takes the beginning of a word for the word, and whole words first', async () => {
    expect((await find([tool('configurations'), tool('conf')], 'conf')).names).toEqual(['conf', 'configurations']);
    expect((await find([tool('configurations')], 'co')).names).toEqual([]);
  });

  it('finds a name that is written without its separators', async () => {
    expect((await find([tool('list_tables'), tool('list_views')], 'listtables')).names).toEqual(['list_tables']);
  });

  it('leaves out words that say nothing, unless there are no others', async () => {
    const tools = [tool('what_is_it'), tool('locks')];
    expect((await find(tools, 'show me the locks, please')).names).toEqual(['locks']);
    expect((await find(tools, 'what is it')).names).toEqual(['what_is_it']);
  });

  it('asks for every tag, and by tags alone for all that have them, by name', async () => {
    const tools = [tool('b', { tags: ['x', 'y'] }), tool('a', { tags: ['x'] }), tool('c')];
    expect((await find(tools, '', { tags: ['x'] })).names).toEqual(['a', 'b']);
    expect((await find(tools, '', { tags: ['x', 'y'] })).names).toEqual(['b']);
    expect((await find(tools, 'c', { tags: ['x'] })).names).toEqual([]);
  });

  it('without a word and without a tag is for everything, by name', async () => {
    expect(await find([tool('b'), tool('a')], ' … ')).toEqual({ names: ['a', 'b'], total: 2 });
  });

  it('gives no more than its limit, says how many there are, and has one order', async () => {
    const tools = ['d', 'b', 'c', 'a'].map((name) => tool(name, { description: 'Same.' }));
    expect(await find(tools, 'same', { limit: 2 })).toEqual({ names: ['a', 'b'], total: 4 });
    expect((await find(tools.toReversed(), 'same', { limit: 2 })).names).toEqual(['a', 'b']);
  });
});

const word = fc.constantFrom('user', 'users', 'table', 'tab', 'invoice', 'list', 'lock', 'zone', 'Über', '表', 'us');
const text = fc.array(word, { maxLength: 6 }).map((words) => words.join('_'));
const anyTool = fc.record({
  title: fc.option(text, { nil: undefined }),
  description: text,
  tags: fc.uniqueArray(word, { maxLength: 2 }),
  inputSchema: fc
    .dictionary(text, fc.record({ description: text }), { maxKeys: 2 })
    .map((properties) => ({ properties })),
});
const anyTools = fc
  .array(anyTool, { maxLength: 12 })
  .chain((tools) =>
    fc.tuple(
      fc.constant(tools.map((one, at): SearchedTool => ({ ...one, name: `tool_${at}_${one.description}` }))),
      fc.array(fc.boolean(), { minLength: tools.length, maxLength: tools.length }),
    ),
  );

describe('whoever asks', () => {
  it('finds what they would if there were no tools but those they see', async () => {
    await fc.assert(
      fc.asyncProperty(anyTools, fc.array(word, { minLength: 1, maxLength: 4 }), async ([tools, flags], words) => {
        const question = asking(words.join(' '), { limit: 5 });
        const seen = tools.filter((_, at) => flags[at]);
        const sees = new Set(seen.map(({ name }) => name));
        const found = await new ToolSearch().find({ tools }, question, sees);
        expect(found).toEqual(await new ToolSearch().find({ tools: seen }, question, everybody));
        expect(found.names.every((name) => sees.has(name))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('has the index made once, by the first question', async () => {
    const search = new ToolSearch();
    const all = { tools: Array.from({ length: 1000 }, (_, at) => tool(`list_things_${at}`)) };
    expect(search.builds).toBe(0);
    for (let at = 0; at < 50; at++) await search.find(all, asking(`things ${at}`), everybody);
    expect(search.builds).toBe(1);
    await search.find({ tools: all.tools }, asking('things'), everybody);
    expect(search.builds).toBe(2);
  });

  it('is answered from no more of one tool than of others: what is beyond a length is not searched', async () => {
    const long = tool('long', { description: `${'padding '.repeat(2000)} needle` });
    expect((await find([long], 'needle')).names).toEqual([]);
  });
});
