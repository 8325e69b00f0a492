/** The API server for tests has our custom resources as a real one has them (`npm run test:kubernetes`). */
import { describe } from 'vitest';
import { startApiServer } from './api-server/index.ts';
import { ask } from './api-client.ts';
import { customResourceContract } from './custom-resources.contract.ts';

describe('custom resources before the API server for tests', () => {
  customResourceContract(async () => {
    const api = await startApiServer();
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'tools' } };
    await ask(api, 'POST', '/api/v1/namespaces', { body });
    return api;
  });
});
