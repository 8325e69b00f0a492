/** `tls:` of a source and of an MCP server, and what `exchange` shows and trusts, as far as a configuration can be judged. */
import { expect, test } from 'vitest';
import { loadConfiguration, sourceTypes } from '#toolbox';

const PIN = `${'A'.repeat(43)}=`;
const source = (tls: string, more = ''): string => `kind: source
name: api
type: http
baseUrl: https://api.example
tls: ${tls}
${more}`;
const server = (tls: string, url = 'https://far.example/mcp'): string =>
  `kind: mcpServer\nname: far\nurl: ${url}\ntls: ${tls}\n`;
const exchange = (tls: string): string => `kind: server
exchange: { url: "https://login.example:7443", issuer: https://login.example, owner: travel/flights, ${tls} }
---
kind: authService
name: issuer
type: generic
mcpEnabled: true
authorizationServer: https://login.example
audience: https://tools.example/mcp
`;

function problemsOf(text: string): readonly string[] {
  const loaded = loadConfiguration([{ file: 'tools.yaml', directory: '.', bytes: Buffer.from(text) }], {
    env: {},
    catalog: sourceTypes,
  });
  return loaded.ok ? [] : loaded.error.map(({ code, message }) => `${code}: ${message}`);
}

test.each([
  ['a pin as RFC 7469 has it, and as a bare hash', source(`{pin: ["sha256/${PIN}", "${PIN}"]}`)],
  ['a pin of an MCP server', server(`{pin: ["sha256/${PIN}"]}`)],
  ['a Workload API that says who we are', server('{workloadApi: "unix:///run/agent.sock", ca: ca.pem}')],
  ['one that says who the server is', source('{workloadApi: {hint: main}, serverSpiffeId: "spiffe://td.test/api"}')],
  [
    'one for exchanges, for all of it',
    exchange('workloadApi: "unix:///run/agent.sock", serverSpiffeId: "spiffe://td.test/login"'),
  ],
  ['one for exchanges, beside authorities in a file', exchange('workloadApi: {}, ca: /etc/ca.pem')],
  [
    'one for exchanges, beside a certificate in files',
    exchange('workloadApi: {}, certificate: /c.pem, key: /k.pem, serverSpiffeId: "spiffe://td.test/login"'),
  ],
])('%s is taken', (_, text) => {
  expect(problemsOf(text)).toEqual([]);
});

test.each([
  ['a pin that is no hash', server('{pin: ["sha1/AAAA"]}'), /a pin is the SHA-256 of a public key/],
  ['a hash with bits too many', server(`{pin: ["${'A'.repeat(42)}B="]}`), /a pin is the SHA-256/],
  ['no pin at all', server('{pin: []}'), /an empty list would let no server through/],
  ['a pin over plain http', server(`{pin: ["${PIN}"]}`, 'http://far.example/mcp'), /`tls.pin`.*the URL is http/],
  [
    'a pin where any certificate is taken',
    source(`{pin: ["${PIN}"]}`, 'disableSslVerification: true\n'),
    /accepts unseen/,
  ],
  ['two that say who we are', source('{workloadApi: {}, clientCert: c.pem}'), /who we are `workloadApi` says already/],
  [
    'two that say who we are, in `auth`',
    server('{workloadApi: {}}\nauth: {type: clientCertificate, certificate: c.pem, key: k.pem}'),
    /`auth` shows a client certificate already/,
  ],
  [
    'a SPIFFE ID that nobody vouches for',
    server('{serverSpiffeId: "spiffe://td.test/api"}'),
    /what a `workloadApi` says/,
  ],
  ['a SPIFFE ID of none', server('{workloadApi: {}, serverSpiffeId: "https://td.test"}'), /a SPIFFE ID is written/],
  [
    'two that vouch for the server',
    server('{workloadApi: {}, serverSpiffeId: "spiffe://td.test/api", ca: ca.pem}'),
    /`tls.ca`: the bundle of the trust domain/,
  ],
  ['an exchange of nobody', exchange('ca: /etc/ca.pem'), /nothing says who we are/],
  ['an exchange that trusts nobody', exchange('certificate: /c.pem, key: /k.pem'), /nobody is trusted/],
  ['an exchange with half of a pair', exchange('certificate: /c.pem, workloadApi: {}'), /belong together/],
  [
    'an exchange with nothing for the Workload API to give',
    exchange('certificate: /c.pem, key: /k.pem, ca: /ca.pem, workloadApi: {}'),
    /nothing is left for `workloadApi`/,
  ],
  ['an exchange with a bundle for a name of a host', exchange('workloadApi: {}'), /vouches for SPIFFE IDs/],
])('%s is refused', (_, text, message) => {
  expect(problemsOf(text).join('\n')).toMatch(message);
});
