// The least that a proxy in Node can do: node:http in front, undici behind it, bytes and headers as they come. Nothing
// is parsed, decided or written down.
//
//   node bare-proxy.mjs PORT ORIGIN
import { createServer } from 'node:http';
import { Pool } from 'undici';

const [port, origin] = process.argv.slice(2);
const pool = new Pool(origin);
const OF_THE_CONNECTION = new Set(['connection', 'content-length', 'host', 'keep-alive', 'transfer-encoding']);

createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    pool.dispatch(
      { path: request.url, method: request.method, headers: passed(request.rawHeaders), body },
      {
        onRequestStart() {},
        onResponseStart(_controller, status, headers) {
          const { connection: _, 'keep-alive': __, ...others } = headers;
          response.writeHead(status, others);
        },
        onResponseData(_controller, chunk) {
          response.write(chunk);
        },
        onResponseEnd() {
          response.end();
        },
        onResponseError(_controller, error) {
          response.destroy(error);
        },
      },
    );
  });
}).listen(Number(port), '127.0.0.1');

function passed(raw) {
  const headers = [];
  for (let at = 0; at < raw.length; at += 2)
    if (!OF_THE_CONNECTION.has(raw[at].toLowerCase())) headers.push(raw[at], raw[at + 1]);
  return headers;
}
