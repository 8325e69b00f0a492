import { expect, it } from 'vitest';
import { sourceTypes } from '../../sources/catalog.ts';
import { loadConfiguration } from '../index.ts';

function problemsOf(yaml: string): readonly string[] {
  const loaded = loadConfiguration([{ file: 'servers.yaml', directory: '/', bytes: Buffer.from(yaml) }], {
    env: {},
    catalog: sourceTypes,
  });
  return loaded.ok ? [] : loaded.error.map(({ message }) => message);
}

const remote = (more = ''): string => `kind: mcpServer\nname: far\nurl: https://far.example/mcp\n${more}`;
const local = (command: string, more = '', allowed = command): string =>
  `kind: server\nmcpServers: { commands: ["${allowed}"] }\n---\nkind: mcpServer\nname: near\ncommand: ${command}\n${more}`;

const UPSTREAM =
  'kind: upstream\nname: company\ntype: github\nclientId: c\nclientSecret: secret://default/c\nprimary: false\n---\n';

it.each([
  ['a URL', remote()],
  ['a command that is listed', local('/opt/servers/weather', 'args: [--city, Bern]\nenv: { API_KEY: "${KEY:k}" }\n')],
  ['a runner of an exact package', local('/usr/bin/npx', 'args: ["-y", "@acme/weather@1.2.3"]\n')],
  [
    'an image by its digest',
    local('/usr/bin/docker', `args: [run, --rm, -i, acme/weather@sha256:${'a'.repeat(64)}]\n`),
  ],
  ['a secret that is sent', remote('auth: { secret: "secret://default/far" }\n')],
  ['tokens of the server’s own authorization server', remote('auth: { type: oauth }\n')],
])('takes %s', (_, yaml) => {
  expect(problemsOf(yaml)).toEqual([]);
});

it.each([
  ['neither', 'kind: mcpServer\nname: far', 'give one of the two'],
  ['both', remote('command: /bin/x\n'), 'give one of the two'],
  ['a password in the URL', 'kind: mcpServer\nname: far\nurl: https://a:b@far.example/mcp', 'shown in logs'],
  ['arguments of a remote server', remote('args: [x]\n'), 'for a server with a `command`'],
  ['TLS of a child process', local('/bin/weather', 'tls: { ca: x.pem }\n'), 'for a server with a `url`'],
  ['a command that is not listed', local('/bin/weather', '', '/bin/other'), 'not in `mcpServers.commands`'],
  ['a shell (SUP-003)', local('/bin/sh', 'args: [-c, "weather"]\n'), 'runs whatever its arguments say'],
  ['a way to a shell', local('/usr/bin/env', 'args: [bash]\n'), 'runs whatever its arguments say'],
  ['a path with a shell in it', local('/bin/weather;id'), 'an absolute path'],
  ['a path that climbs', local('/opt/../bin/weather'), 'an absolute path'],
  ['a name without a path', local('weather'), 'an absolute path'],
  ['an unpinned package (SUP-003)', local('/usr/bin/npx', 'args: ["-y", "weather"]\n'), 'name an exact version'],
  ['a package of whatever is newest', local('/usr/bin/npx', 'args: ["weather@latest"]\n'), 'name an exact version'],
  ['arguments for a shell', local('/bin/weather', 'args: ["$(id)"]\n'), 'no shell reads the arguments'],
  ['a preloaded library (SUP-003)', local('/bin/weather', 'env: { LD_PRELOAD: /tmp/x.so }\n'), 'load code'],
  ['options of Node', local('/bin/weather', 'env: { NODE_OPTIONS: --require=/tmp/x.js }\n'), 'load code'],
  ['a hidden tool that is wanted', remote('tools: { only: [a], hide: [a] }\n'), 'stands in `only` as well'],
  ['authorization of a child process', local('/bin/weather', 'auth: { type: oauth }\n'), 'for a server with a `url`'],
  ['a key in the query', remote('auth: { secret: "secret://default/k", in: query, name: key }\n'), 'in the query'],
  [
    'a token in a header that messages need',
    `${UPSTREAM}${remote('auth: { type: upstream, upstream: company, name: Mcp-Session-Id }\n')}`,
    'the messages themselves need',
  ],
  [
    'two client certificates',
    remote('tls: { clientCert: c.pem, clientKey: k.pem }\nauth: { type: clientCertificate, certificate: a, key: b }\n'),
    'shows a client certificate already',
  ],
  ['an unknown upstream', remote('auth: { type: upstream, upstream: company }\n'), 'no upstream is called `company`'],
  [
    'an upstream that is left out',
    `kind: server\nauthorizationServer: { upstreams: [] }\n---\n${UPSTREAM}${remote('auth: { type: upstream, upstream: company }\n')}`,
    'nobody has a token of `company` here',
  ],
  [
    'an ID token of plain OAuth 2',
    `${UPSTREAM}${remote('auth: { type: tokenExchange, upstream: company, subject: id_token, secret: "secret://default/c", tokenUrl: "https://as.example/token" }\n')}`,
    'gives no ID tokens',
  ],
  ['two tools of one name', remote('tools: { rename: { a: c, b: c } }\n'), 'two tools would be called `c`'],
])('refuses %s', (_, yaml, why) => {
  expect(problemsOf(yaml)).toContainEqual(expect.stringContaining(why));
});

it('refuses two servers with one prefix, and a prefix that both leave out', () => {
  const two = (prefix: string): string =>
    `${remote(prefix)}\n---\nkind: mcpServer\nname: other\nurl: https://o.example\n`;
  expect(problemsOf(`${two('prefix: x_\n')}prefix: x_\n`)).toEqual([expect.stringContaining('have the prefix `x_`')]);
  expect(problemsOf(two(''))).toEqual([]);
});

it('takes names with the prefix of a server for names of its tools, and others for mistakes', () => {
  const toolset = (name: string): string => `${remote()}\n---\nkind: toolset\nname: some\ntools: [${name}]\n`;
  expect(problemsOf(toolset('far_search'))).toEqual([]);
  expect(problemsOf(toolset('fra_search'))).toEqual([expect.stringContaining('no tool is called `fra_search`')]);
});
