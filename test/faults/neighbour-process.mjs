/** A server of nothing but Node, which works a little for each request. Ends with whoever started it. */
import { createServer } from 'node:http';

const WORK_MS = 2;

const server = createServer((_, response) => {
  const until = performance.now() + WORK_MS;
  while (performance.now() < until);
  response.end('fine');
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
process.stdin.resume().on('end', () => process.exit(0));
