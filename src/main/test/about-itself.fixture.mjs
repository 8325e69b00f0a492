/** An MCP server on its standard streams without dependencies: any user can run it. Its tool tells about its process. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const LIMITS = ['Max open files', 'Max cpu time', 'Max processes', 'Max file size', 'Max address space'];

const tried = (work) => {
  try {
    work();
    return 'written';
  } catch (error) {
    return error.code;
  }
};

const about = () => ({
  uid: process.getuid(),
  gid: process.getgid(),
  groups: process.getgroups(),
  home: tried(() => writeFileSync(join(process.env.HOME, 'note'), 'mine')),
  temporary: tried(() => mkdtempSync(join(process.env.TMPDIR, 'mine-'))),
  limits: Object.fromEntries(
    readFileSync('/proc/self/limits', 'utf8')
      .split('\n')
      .flatMap((line) => {
        const name = LIMITS.find((one) => line.startsWith(one));
        return name === undefined ? [] : [[name, line.slice(name.length).trim().split(/\s+/).slice(0, 2)]];
      }),
  ),
});

const answers = {
  initialize: ({ protocolVersion }) => ({
    ...{ protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'about', version: '1' } },
  }),
  'tools/list': () => ({ tools: [{ name: 'about', inputSchema: { type: 'object' } }] }),
  'tools/call': () => ({ content: [{ type: 'text', text: JSON.stringify(about()) }] }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  const result = answers[method]?.(params);
  if (id !== undefined && result !== undefined)
    process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`);
}
