/** The custom resources before Kubernetes' own code, and what it alone judges of their definitions. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { JsonObject } from '#kernel';
import { ask } from '../api-client.ts';
import { customResourceContract } from '../custom-resources.contract.ts';
import { collectionOf, define, DEFINITIONS, definitionsPath, nameOf } from '../definitions.ts';
import { CrdServer } from './server.ts';

const SAMPLES = join(import.meta.dirname, '..', '..', '..', 'deploy', 'helm', 'chatelaine-operator', 'samples');
const namespaceOf = (object: JsonObject): string => (object['metadata'] as { namespace: string }).namespace;

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

  it('take every object of the samples, as they stand there', async () => {
    await using server = await CrdServer.start();
    await define(server);
    for (const file of globSync('*.yaml', { cwd: SAMPLES }))
      for (const document of parseAllDocuments(readFileSync(join(SAMPLES, file), 'utf8'))) {
        const object = document.toJS() as JsonObject;
        const path = `${collectionOf(object)}?fieldValidation=Strict&dryRun=All`.replace(
          '/tools/',
          `/${namespaceOf(object)}/`,
        );
        const { status, body, warnings } = await ask(server, 'POST', path, { body: object });
        expect([file, nameOf(object), status, body['message'], warnings]).toStrictEqual([
          file,
          nameOf(object),
          201,
          undefined,
          '',
        ]);
      }
  });
});
