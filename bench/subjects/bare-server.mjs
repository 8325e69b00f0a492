// The least that Node can do: HTTP, one fixed JSON body for every request, nothing read or parsed.
// JavaScript, so that its start is Node's own and holds no type stripping.
//
//   node bare-server.mjs PORT FILE-WITH-THE-BODY
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [port, file] = process.argv.slice(2);
const body = readFileSync(file);
const headers = ['Content-Type', 'application/json', 'Content-Length', String(body.length)];

createServer((request, response) => {
  request.resume();
  response.writeHead(200, headers);
  response.end(body);
}).listen(Number(port), '127.0.0.1');
