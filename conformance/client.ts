/**
 * The suite's scenarios for clients, with the gateway as the client: every scenario's server is put behind one running
 * gateway, and `end-user.ts` does in front of it what the scenario wants of a person.
 */
import { join } from 'node:path';
import type { Expected } from './judge.ts';
import { startGateway } from './gateway.ts';
import { Person } from './person.ts';
import { requiredOfClients, runClientSuite } from './suite.ts';
import type { Tally } from './tally.ts';

const FLAGS = ['--conditions=chatelaine-source', '--disable-warning=ExperimentalWarning'];

export async function runClient(
  revisions: Readonly<Record<string, Expected>>,
  tally: Tally,
  results: string,
): Promise<void> {
  const command = [process.execPath, ...FLAGS, join(import.meta.dirname, 'end-user.ts')].join(' ');
  for (const [revision, expected] of Object.entries(revisions)) {
    const { scored, unscored, notOffered } = expected;
    const unknown = (await requiredOfClients(revision)).filter((name) => !(name in scored || name in notOffered));
    tally.count(
      `MCP ${revision}: scenarios for clients that no table names: ${unknown.join(', ') || 'none'}`,
      unknown.length === 0,
    );
    const gateway = await startGateway({}, { issues: true });
    try {
      const { url, key, folder } = gateway;
      await Person.make(gateway, 'ann');
      const environment = { CONFORMANCE_GATEWAY: JSON.stringify({ url, key, folder, person: 'ann' }) };
      const started = performance.now();
      const scenarios = [...Object.keys(scored), ...Object.keys(unscored)];
      const at = join(results, 'client', revision);
      const run = await runClientSuite(scenarios, { command, environment, revision }, at);
      tally.report(`MCP ${revision}, the gateway as the client`, run, expected, started);
    } finally {
      await gateway.stop();
    }
  }
}
