/** An MCP server as the program of an image: it listens at `LISTEN`, and says on its output what each request carried. */
import { connect, createServer } from 'node:net';
import { serveUpstream } from '../mcp-upstream.ts';

const upstream = await serveUpstream('session');
upstream.offer.intercept = ({ headers }) => {
  process.stdout.write(`${JSON.stringify({ authorization: headers.authorization ?? null })}\n`);
  return false;
};
const [host, port] = (process.env['LISTEN'] as string).split(':');
createServer((near) => {
  const far = connect(Number(new URL(upstream.url).port), '127.0.0.1');
  near.on('error', () => far.destroy());
  far.on('error', () => near.destroy());
  near.pipe(far).pipe(near);
}).listen(Number(port), host);
