import { expect, onTestFinished, test } from 'vitest';
import { CITIES, run, start, workspace } from './server.fixture.ts';

const PINNED = `registry.example.com/chatelaine@sha256:${'ab'.repeat(32)}`;

test('the image that a server runs from is on record when it starts, by its digest (SUP-002)', async () => {
  const place = workspace();
  onTestFinished(() => place.remove());
  const server = await start(['--config', place.write('tools.yaml', CITIES), '--data-dir', place.dataDir], {
    env: { CHATELAINE_IMAGE: PINNED },
  });
  await server.stop();
  const { stdout } = await run(['audit', 'query', '--type', 'server.started', '--data-dir', place.dataDir, '--json']);
  expect(JSON.parse(stdout)).toMatchObject({
    outcome: 'success',
    details: { image: PINNED, digest: `sha256:${'ab'.repeat(32)}`, version: '0.1.0' },
  });
});
