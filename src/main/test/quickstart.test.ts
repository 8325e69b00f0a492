import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, start, workspace, type RunningServer, type Workspace } from './server.fixture.ts';

describe('the first minute (`npm start`)', () => {
  let place: Workspace;
  let server: RunningServer;
  let client: Client;
  let key: string;

  const connect = async (url: string): Promise<Client> => {
    const client = new Client({ name: 'test', version: '1' });
    await client.connect(
      new StreamableHTTPClientTransport(new URL(`${url}/mcp`), {
        requestInit: { headers: { Authorization: `Bearer ${key}` } },
      }),
    );
    return client;
  };
  const ask = async (name: string, args: object): Promise<Record<string, unknown>[]> => {
    const result = await client.callTool({ name, arguments: args as Record<string, unknown> });
    if (result.isError) throw new Error(JSON.stringify(result.content));
    return result.content.map((item) => JSON.parse((item as { text: string }).text) as Record<string, unknown>);
  };

  beforeAll(async () => {
    place = workspace();
    server = await start(['--quickstart', '--data-dir', place.dataDir]);
    key = /Key\s+(chk_\S+)/.exec(server.stdout())?.[1] as string;
    client = await connect(server.url);
  });
  afterAll(async () => {
    await client.close();
    await server.stop();
    place.remove();
  });

  it('prints the URL, a key, and a line to paste for each client', () => {
    for (const line of [
      `MCP      ${server.url}/mcp`,
      'claude mcp add',
      '.cursor/mcp.json',
      'code --add-mcp',
      '@modelcontextprotocol/inspector',
      'Try first:',
    ]) {
      expect(server.stdout()).toContain(line);
    }
    expect(server.stdout().split(key).length).toBeGreaterThan(5);
    expect(server.stderr()).not.toContain(key);
  });

  it('leaves a data directory in which the doctor finds no error', async () => {
    const { stdout } = await run(['doctor', '--data-dir', place.dataDir, '--json']);
    const { findings } = JSON.parse(stdout) as { findings: readonly { severity: string; what: string }[] };
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  it('offers at least eight tools, a prompt, a resource, and instructions', async () => {
    const { tools } = await client.listTools();
    expect(tools.length).toBeGreaterThanOrEqual(8);
    expect(tools.filter((tool) => tool.annotations?.destructiveHint === true).length).toBeGreaterThan(0);
    for (const tool of tools) expect(tool.description?.length).toBeGreaterThan(60);
    expect((await client.listPrompts()).prompts.map((prompt) => prompt.name)).toContain('plan_trip');
    const { resources } = await client.listResources();
    expect(JSON.stringify((await client.readResource({ uri: resources[0]?.uri as string })).contents)).toContain(
      'GeoNames',
    );
    expect(client.getInstructions()).toBeTruthy();
  });

  it('knows where Zürich is, from half its name', async () => {
    expect((await ask('search_cities', { name: 'zurich' }))[0]).toMatchObject({
      name: 'Zürich',
      country: 'Switzerland',
    });
    expect((await ask('nearest_cities', { latitude: 47.3769, longitude: 8.5417, limit: 1 }))[0]).toMatchObject({
      name: 'Zürich',
    });
  });

  it('tells sunrise over HTTP from the service it started', async () => {
    const [sun] = await ask('sun_times', { latitude: 47.3769, longitude: 8.5417, date: '2026-06-21' });
    expect(sun).toMatchObject({ sunrise: expect.stringMatching(/^2026-06-21T03:[23]\d/) });
  });

  it('keeps favourites across a restart, which shows the key’s id and not the key', async () => {
    const [city] = await ask('search_cities', { name: 'Ljubljana', limit: 1 });
    await ask('save_favourite', {
      city_id: city?.['id'],
      name: city?.['name'],
      country_code: city?.['country_code'],
      note: 'the bridges',
    });
    await client.close();
    await server.stop();
    server = await start(['--quickstart', '--data-dir', place.dataDir]);
    expect(server.stdout()).not.toContain(key);
    expect(server.stdout()).toContain(`Key      ${key.split('_')[1]}`);
    client = await connect(server.url);
    expect(JSON.stringify(await ask('list_favourites', {}))).toContain('the bridges');
  });

  it('refuses a column that is none, however it is spelled', async () => {
    const result = await client.callTool({
      name: 'top_cities',
      arguments: { measure: 'population; DROP TABLE cities' },
    });
    expect(result.isError).toBe(true);
    expect(JSON.stringify(result.content)).toMatch(/`measure`/);
  });
});
