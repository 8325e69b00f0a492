/** One call of a webhook over https, and the words in which a server says why there was no answer. */
import { request } from 'node:https';
import { child, type JsonObject, text } from './json.ts';

/** Where a Service of the cluster is: it has no addresses here. */
export type Addresses = (namespace: string, name: string, port: number) => { host: string; port: number } | undefined;

/** The webhook gave no answer; the message says why. */
export class Unreachable extends Error {}

interface Target {
  /** As messages have it. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Whose name the certificate must have. */
  readonly name: string;
}

export async function post(webhook: JsonObject, body: JsonObject, addresses: Addresses): Promise<JsonObject> {
  const seconds = Number(webhook['timeoutSeconds']);
  const config = child(webhook, 'clientConfig');
  const target = targetOf(config, seconds, addresses);
  const { status, text: said } = await sent(
    target,
    JSON.stringify(body),
    text(config['caBundle']),
    seconds * 1000,
  ).catch((error: unknown) => {
    throw new Unreachable(`Post "${target.url}": ${why(error as NodeJS.ErrnoException, target)}`);
  });
  if (status < 200 || status > 299)
    throw new Unreachable(`an error on the server (${JSON.stringify(said)}) has prevented the request from succeeding`);
  try {
    return JSON.parse(said) as JsonObject;
  } catch {
    throw new Unreachable(`couldn't get version/kind; json parse error: ${said.slice(0, 100)}`);
  }
}

function targetOf(config: JsonObject, seconds: number, addresses: Addresses): Target {
  const asked = `?timeout=${seconds}s`;
  if (config['url'] !== undefined) {
    const url = new URL(text(config['url']));
    return { url: `${url.href}${asked}`, host: url.hostname, port: Number(url.port || 443), name: url.hostname };
  }
  const { namespace, name, path, port } = child(config, 'service');
  const full = `${text(name)}.${text(namespace)}.svc`;
  const url = `https://${full}:${Number(port)}${text(path)}${asked}`;
  const found = addresses(text(namespace), text(name), Number(port));
  if (found === undefined) throw new Unreachable(`Post "${url}": service "${text(name)}" not found`);
  return { url, ...found, name: full };
}

function sent(target: Target, body: string, bundle: string, ms: number): Promise<{ status: number; text: string }> {
  const { host, port, name, url } = target;
  const { pathname, search } = new URL(url);
  const isAddress = /^[\d.]+$/.test(name);
  return new Promise((resolve, reject) => {
    const call = request({
      ...{ host, port, path: `${pathname}${search}`, method: 'POST', signal: AbortSignal.timeout(ms), agent: false },
      ...(bundle !== '' && { ca: Buffer.from(bundle, 'base64') }),
      ...(!isAddress && { servername: name }),
      headers: { accept: 'application/json, */*', 'content-type': 'application/json', host: `${name}:${port}` },
    });
    call.once('error', reject);
    call.once('response', (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('error', reject);
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    call.end(body);
  });
}

function why({ code = '', name, message }: NodeJS.ErrnoException, { host, port }: Target): string {
  if (name === 'AbortError' || name === 'TimeoutError') return 'context deadline exceeded';
  if (code === 'ECONNREFUSED') return `dial tcp ${host}:${port}: connect: connection refused`;
  if (/SIGNED|UNABLE|SELF_SIGNED|ISSUER/.test(code))
    return 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `tls: failed to verify certificate: x509: certificate is not valid: ${message}`;
  return message;
}
