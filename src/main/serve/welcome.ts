/** What a start prints for a person: where it is, the key, how clients connect, what to try. */
import type { FirstKey } from './first-key.ts';

export interface WelcomeFacts {
  readonly version: string;
  readonly url: string;
  readonly tools: number;
  readonly sources: number;
  /** Of the listener for agents with client certificates, where there is one. */
  readonly agentsUrl: string | undefined;
  /** Of the listener where owners exchange tokens, where there is one. */
  readonly internalUrl: string | undefined;
  readonly metricsUrl: string | undefined;
  /** The key of the quickstart; undefined for a configuration of one's own. */
  readonly key: FirstKey | undefined;
  /** Where the first administrator begins; undefined once there is one. */
  readonly setupUrl: string | undefined;
  /** Whether a client without a key is led to sign in. */
  readonly signsIn: boolean;
}

const MASKED = 'chk_…';

export function welcome(facts: WelcomeFacts): string {
  const { url, key } = facts;
  const mcp = `${url}/mcp`;
  const lines = [
    `Chatelaine ${facts.version} serves ${count(facts.tools, 'tool')} from ${count(facts.sources, 'source')}.`,
    '',
    `  MCP      ${mcp}`,
    `  REST     ${url}/api/toolset`,
    ...(facts.agentsUrl === undefined ? [] : [`  Agents   ${facts.agentsUrl}/mcp (with a client certificate)`]),
    ...(facts.internalUrl === undefined ? [] : [`  Internal ${facts.internalUrl}/internal/token-exchange`]),
    ...(facts.metricsUrl === undefined ? [] : [`  Metrics  ${facts.metricsUrl}`]),
    ...keyLines(key, facts.signsIn),
    ...setupLines(facts.setupUrl),
  ];
  if (key === undefined) return `${lines.join('\n')}\n\n`;
  return `${[...lines, '', ...clientLines(mcp, key.text ?? MASKED), '', ...trials(url, key.text ?? MASKED)].join('\n')}\n\n`;
}

/** The same for a proxy: nobody is led anywhere, and clients find the issuer by themselves. */
export function proxyWelcome(facts: Pick<WelcomeFacts, 'version' | 'url' | 'metricsUrl'>): string {
  const { version, url, metricsUrl } = facts;
  const lines = [
    `Chatelaine ${version} stands in front of an MCP server.`,
    '',
    `  MCP      ${url}/mcp`,
    ...(metricsUrl === undefined ? [] : [`  Metrics  ${metricsUrl}`]),
  ];
  return `${lines.join('\n')}\n\n`;
}

function keyLines(key: FirstKey | undefined, signsIn: boolean): readonly string[] {
  const people = signsIn
    ? ['', 'A client of MCP that has no key leads its person to sign in: the URL is all that it needs.']
    : [];
  if (key === undefined)
    return ['', 'Agents need a key: `chatelaine key create --agent NAME --role user`.', ...people.slice(1)];
  if (key.text === undefined)
    return [`  Key      ${key.id} (made by an earlier start; \`key create\` makes another)`, ...people];
  return [`  Key      ${key.text}`, `           shown this once; its id is ${key.id}`, ...people];
}

function setupLines(url: string | undefined): readonly string[] {
  if (url === undefined) return [];
  return ['', '  There is no administrator yet. Become one with this link, once, within an hour:', `  ${url}`];
}

function clientLines(mcp: string, key: string): readonly string[] {
  const headers = { Authorization: `Bearer ${key}` };
  return [
    'Connect a client:',
    '',
    '  Claude Code',
    `    claude mcp add --transport http chatelaine ${mcp} --header "Authorization: Bearer ${key}"`,
    '  Cursor (.cursor/mcp.json)',
    `    ${JSON.stringify({ mcpServers: { chatelaine: { url: mcp, headers } } })}`,
    '  VS Code',
    `    code --add-mcp '${JSON.stringify({ name: 'chatelaine', type: 'http', url: mcp, headers })}'`,
    '  MCP Inspector',
    `    npx @modelcontextprotocol/inspector --cli ${mcp} --transport http --method tools/list --header "Authorization: Bearer ${key}"`,
  ];
}

function trials(url: string, key: string): readonly string[] {
  const call = (tool: string, args: object): string =>
    `curl -s ${url}/api/tool/${tool}/invoke -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json' -d '${JSON.stringify(args)}'`;
  return [
    'Try first:',
    '',
    `  ${call('nearest_cities', { latitude: 47.3769, longitude: 8.5417, limit: 3 })}`,
    '',
    '  Or ask your agent: “Which cities of more than a million people lie within 500 km of Zürich, and when does the',
    '  sun set there today?”, “Plan four days by train from Basel”, “Keep Ljubljana among my favourites”.',
  ];
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
