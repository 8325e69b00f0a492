/**
 * A receiver of records as a process of its own, so that it can be killed like one. Over TLS it takes
 * HTTP requests or syslog, and has in its files what it has acknowledged.
 *
 *   receiver-process.fixture.ts https|syslog PORT CERT KEY CA FOLDER
 */
import { appendFileSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { createServer as createHttps } from 'node:https';
import { join } from 'node:path';
import { createServer as createTls, type Server } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';

const [kind, port, cert, key, ca, folder] = process.argv.slice(2) as [string, string, string, string, string, string];
// Whoever comes must have a certificate of the same authority.
const tls = {
  cert: readFileSync(cert),
  key: readFileSync(key),
  ca: readFileSync(ca),
  requestCert: true,
  rejectUnauthorized: true,
};

function https(): Server {
  return createHttps(tls, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const file = join(folder, randomUUID());
      writeFileSync(file, Buffer.concat(chunks));
      renameSync(file, `${file}.body`);
      response.end('{}');
    });
  });
}

function syslog(): Server {
  return createTls(tls, (socket) => {
    const file = join(folder, `${randomUUID()}.frames`);
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => appendFileSync(file, bytes));
  });
}

const server = kind === 'https' ? https() : syslog();
server.listen(Number(port), '127.0.0.1', () => writeSync(1, `${(server.address() as AddressInfo).port}\n`));
