import { expect, test } from 'vitest';
import { startAuthorizationServer } from '../../../test/authorization-server.fixture.ts';
import { NAME, startScripted } from './scripted-server.fixture.ts';

test('who we are at a server can be read by anybody, for servers that there are (Client ID Metadata Document)', async () => {
  const scripted = await startScripted();
  const { url } = await startAuthorizationServer('sqlite', undefined, undefined, true, {
    servers: () => [scripted.document()],
  });
  const at = new URL(`/oauth/client-metadata/${NAME}`, url);
  const answer = await fetch(at);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json']);
  expect(await answer.json()).toEqual({
    client_id: at.href,
    client_name: `Chatelaine at ${url.host}`,
    redirect_uris: [`${url.origin}/oauth/callback/${NAME}`],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    application_type: 'native',
    token_endpoint_auth_method: 'none',
  });
  for (const name of ['mcp~default~other', 'flights', 'mcp~default~flights~more', 'mcp~..~..']) {
    const missing = await fetch(new URL(`/oauth/client-metadata/${name}`, url));
    expect([name, missing.status]).toEqual([name, 404]);
  }
});
