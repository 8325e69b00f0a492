/** The custom resources before Kubernetes' own code, and what it alone judges of their definitions. */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '#kernel';
import { ask } from '../api-client.ts';
import { customResourceContract } from '../custom-resources.contract.ts';
import { DEFINITIONS, definitionsPath } from '../definitions.ts';
import { CrdServer } from './server.ts';

describe('custom resources before a real API server', () => {
  customResourceContract(() => CrdServer.start());

  it('stay within what rules in CEL may cost: a definition without its bounds would be refused', async () => {
    await using server = await CrdServer.start();
    for (const body of DEFINITIONS) {
      const { status, warnings } = await ask(server, 'POST', `${definitionsPath}?dryRun=All&fieldValidation=Strict`, {
        body,
      });
      expect([status, warnings]).toStrictEqual([201, '']);
    }
    const [authServers] = DEFINITIONS;
    const unbound = JSON.parse(JSON.stringify(authServers), (key, value: unknown) =>
      /^max(Items|Length|Properties)$/.test(key) && typeof value === 'number' ? undefined : value,
    ) as JsonObject;
    const refused = await ask(server, 'POST', `${definitionsPath}?dryRun=All`, { body: unbound });
    expect([refused.status, refused.body['message']]).toStrictEqual([422, expect.stringContaining('exceeds budget')]);
  });
});
