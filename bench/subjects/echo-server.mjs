// An MCP server of the stateless era at the least that Node can do: node:http, the body parsed for its id and method,
// everything else fixed. `GET /counts` says what was asked of it, which is how work is counted that must not be done.
//
//   node echo-server.mjs PORT
import { createServer } from 'node:http';

const port = Number(process.argv[2]);
const counts = { connections: 0, methods: {} };

const TOOL = {
  name: 'echo',
  description: 'Says something, whatever it is told.',
  inputSchema: { type: 'object', properties: { text: { type: 'string', maxLength: 200 } }, required: ['text'] },
  annotations: { readOnlyHint: true, openWorldHint: false },
};
const about = { ttlMs: 3_600_000, cacheScope: 'public' };
const RESULTS = new Map(
  Object.entries({
    'server/discover': {
      ...{ resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: { tools: {} } },
      ...about,
    },
    'tools/list': { resultType: 'complete', tools: [TOOL], ...about },
    'tools/call': {
      resultType: 'complete',
      content: [
        { type: 'text', text: 'Whoever asks the mountain hears what the mountain says, and never what was asked.' },
      ],
    },
  }).map(([method, result]) => [method, JSON.stringify(result)]),
);

function answer({ id, method }) {
  counts.methods[method] = (counts.methods[method] ?? 0) + 1;
  const result = RESULTS.get(method);
  const outcome =
    result === undefined ? '"error":{"code":-32601,"message":"there is no such method"}' : `"result":${result}`;
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},${outcome}}`;
}

function send(response, body) {
  response.writeHead(200, ['Content-Type', 'application/json', 'Content-Length', String(Buffer.byteLength(body))]);
  response.end(body);
}

const server = createServer((request, response) => {
  if (request.url === '/counts') return send(response, JSON.stringify(counts));
  let text = '';
  request.setEncoding('utf8').on('data', (chunk) => (text += chunk));
  request.on('end', () => send(response, answer(JSON.parse(text))));
}).on('connection', () => counts.connections++);
// Longer than anything waits here: what is opened anew is opened for want of one.
server.keepAliveTimeout = 60_000;
server.listen(port, '127.0.0.1');
