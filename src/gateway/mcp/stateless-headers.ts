/**
 * What the stateless revision demands of a request before its method runs: `_meta` that says version
 * and capabilities, and headers that repeat the body. The headers are for proxies that route without
 * reading bodies; a request whose two halves differ would be routed as one thing and executed as
 * another, so it is refused (MCP 2026-07-28, Streamable HTTP, Server Validation).
 */
import type { IncomingHttpHeaders } from 'node:http';
import { mirroredParameters, valueAtPath } from '#contract';
import { isRecord, type JsonObject, type JsonValue } from '#kernel';
import type { Tool } from '#toolbox';
import { isLogLevel } from './client-face.ts';
import { HEADER_MISMATCH, INVALID_PARAMS, RpcError, UNSUPPORTED_PROTOCOL_VERSION } from './json-rpc.ts';
import { isStateless, META_CLIENT_CAPABILITIES, META_LOG_LEVEL, META_VERSION, SUPPORTED_VERSIONS } from './revision.ts';

/**
 * Refuses `_meta` without its required fields, or with a log level that is none; gives the version.
 * Transports without headers stop here.
 */
export function checkMeta(meta: JsonObject): string {
  const version = meta[META_VERSION];
  if (typeof version !== 'string')
    throw new RpcError(INVALID_PARAMS, `\`_meta\` must say \`${META_VERSION}\``, { status: 400 });
  if (!isRecord(meta[META_CLIENT_CAPABILITIES])) {
    throw new RpcError(INVALID_PARAMS, `\`_meta\` must say \`${META_CLIENT_CAPABILITIES}\``, { status: 400 });
  }
  const level = meta[META_LOG_LEVEL];
  if (level !== undefined && !isLogLevel(level))
    throw new RpcError(INVALID_PARAMS, `\`${META_LOG_LEVEL}\` must be a log level of RFC 5424, such as \`info\``, {
      status: 400,
    });
  return version;
}

/** Refuses a version that is not served statelessly. */
export function checkVersion(version: string): void {
  if (isStateless(version)) return;
  throw unsupportedVersion(version);
}

export const unsupportedVersion = (requested: string): RpcError =>
  new RpcError(UNSUPPORTED_PROTOCOL_VERSION, 'unsupported protocol version', {
    data: { supported: [...SUPPORTED_VERSIONS], requested },
    status: 400,
  });

/** The params member that `Mcp-Name` repeats, by method. */
const NAMED: ReadonlyMap<string, string> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
]);

/** Refuses headers that are missing or say something else than the body. */
export function checkHeaders(headers: IncomingHttpHeaders, method: string, params: JsonObject, version: string): void {
  expectHeader('MCP-Protocol-Version', headers['mcp-protocol-version'], version);
  checkVersion(version);
  expectHeader('Mcp-Method', headers['mcp-method'], method);
  const member = NAMED.get(method);
  if (member === undefined) return;
  const named = params[member];
  // A name of the wrong type is the method's to refuse.
  if (typeof named === 'string') expectHeader('Mcp-Name', decodeSentinel('Mcp-Name', headers['mcp-name']), named);
}

/** `Mcp-Param-*`: parameters that the tool's schema marks with `x-mcp-header` (ibid., Custom Headers). */
export function checkParameterHeaders(headers: IncomingHttpHeaders, tool: Described, args: JsonObject): void {
  for (const { header, path } of markedParameters(tool)) {
    const name = `Mcp-Param-${header}`;
    const given = decodeSentinel(name, headers[name.toLowerCase()]);
    const value = valueAtPath(args, path);
    if (value === undefined || value === null) {
      if (given !== undefined) throw mismatch(`the header \`${name}\` is set, but the arguments have no such value`);
    } else if (given === undefined) {
      throw mismatch(`the header \`${name}\` is missing`);
    } else if (!sameValue(given, value)) {
      throw mismatch(`the header \`${name}\` says \`${given}\`, the arguments say \`${JSON.stringify(value)}\``);
    }
  }
}

/** Integers compare as numbers (`42.0` is `42`), everything else as text. */
const sameValue = (given: string, value: JsonValue): boolean =>
  typeof value === 'number'
    ? given.trim() !== '' && Number(given) === value
    : given === (typeof value === 'string' ? value : JSON.stringify(value));

interface MarkedParameter {
  readonly header: string;
  readonly path: readonly string[];
}

type Described = Pick<Tool, 'inputSchema'>;

const marked = new WeakMap<Described, readonly MarkedParameter[]>();

function markedParameters(tool: Described): readonly MarkedParameter[] {
  let found = marked.get(tool);
  if (found === undefined) {
    found = mirroredParameters(tool.inputSchema).flatMap(({ header, path }) =>
      typeof header === 'string' ? [{ header, path }] : [],
    );
    marked.set(tool, found);
  }
  return found;
}

function expectHeader(name: string, given: string | string[] | undefined, expected: string): void {
  if (given === undefined) throw mismatch(`the header \`${name}\` is missing`);
  if (given !== expected)
    throw mismatch(`the header \`${name}\` says \`${String(given)}\`, the body says \`${expected}\``);
}

const SENTINEL = /^=\?base64\?(.*)\?=$/;

/**
 * Header values outside visible ASCII travel as `=?base64?…?=` (ibid., Value Encoding). What stands in
 * there must be base64 as it is written, padding included: lenient readers differ, and a proxy that
 * reads another value than the server routes another call.
 */
function decodeSentinel(name: string, value: string | string[] | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || !/^[\x20-\x7e\t]*$/.test(value))
    throw mismatch(`the header \`${name}\` holds characters that a header cannot carry`);
  const encoded = SENTINEL.exec(value)?.[1];
  if (encoded === undefined) return value;
  const decoded = Buffer.from(encoded, 'base64');
  if (decoded.toString('base64') !== encoded)
    throw mismatch(`the header \`${name}\` says \`${value}\`, which is not base64`);
  return decoded.toString('utf8');
}

const mismatch = (message: string): RpcError =>
  new RpcError(HEADER_MISMATCH, `header mismatch: ${message}`, { status: 400 });
