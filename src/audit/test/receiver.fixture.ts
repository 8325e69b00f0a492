import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import type { TlsClientSettings } from '#contract';
import { Secret } from '#kernel';
import { testAuthority } from '../../../test/certificates.ts';
import { scratch } from './audit.fixture.ts';

const PROCESS = join(import.meta.dirname, 'receiver-process.fixture.ts');

export interface TestReceiver {
  readonly port: number;
  /** What a sender needs: the authority, and a certificate of its own. */
  readonly tls: TlsClientSettings;
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** Bodies of requests, or messages of syslog, that are in its files. */
  received(): readonly string[];
}

/** A receiver on real TLS in a process of its own; gone with the test. */
export async function startReceiver(kind: 'https' | 'syslog'): Promise<TestReceiver> {
  const directory = scratch();
  const folder = join(directory, 'received');
  mkdirSync(folder);
  const authority = testAuthority('receivers');
  const [server, client] = [authority.issue(['localhost']), authority.issue(['chatelaine'])];
  const file = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text, { mode: 0o600 });
    return join(directory, name);
  };
  const files = [file('cert.pem', server.cert), file('key.pem', server.key), file('ca.pem', authority.cert)];
  let child: ChildProcess | undefined;
  let port = 0;
  const restart = async (): Promise<void> => {
    const started = spawn(process.execPath, ['--no-warnings', PROCESS, kind, String(port), ...files, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child = started;
    const [line] = (await once(createInterface({ input: started.stdout }), 'line')) as [string];
    port = Number(line);
  };
  const kill = async (): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  onTestFinished(kill);
  await restart();
  return {
    port,
    tls: { ca: authority.cert, cert: client.cert, key: new Secret(client.key) },
    kill,
    restart,
    received: () =>
      kind === 'https'
        ? globSync(join(folder, '*.body')).map((path) => readFileSync(path, 'utf8'))
        : globSync(join(folder, '*.frames')).flatMap((path) => framesOf(readFileSync(path))),
  };
}

/** The whole messages of a stream (RFC 5425 §4.3); what was cut off at its end is none. */
function framesOf(bytes: Buffer): readonly string[] {
  const messages: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(' ', at);
    const length = Number(bytes.toString('latin1', at, space));
    if (space === -1 || space + 1 + length > bytes.length) break;
    messages.push(bytes.toString('utf8', space + 1, space + 1 + length));
    at = space + 1 + length;
  }
  return messages;
}
