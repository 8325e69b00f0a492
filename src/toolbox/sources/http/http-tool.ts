/**
 * `type: http`: one request per call. What the configuration wrote and what the caller passed meet
 * here and nowhere else; each value is escaped for the place it was declared for.
 */
import { reveal, Secret } from '#kernel';
import type { ToolAnnotations } from '#contract';
import { filledHeaders, filledParameter } from '#outgoing-auth';
import {
  ConfigurationFault,
  type ToolArguments,
  type ToolBody,
  type ToolBuildContext,
  type ToolType,
} from '../../tools/tool-type.ts';
import { httpToolSchema, type HttpMethod, type HttpToolConfig } from './config.ts';
import { HttpSource, type HttpRequest } from './http-source.ts';
import { compileBody } from './request-body.ts';
import { checkHeaderParameters, mergeHeaders, renderHeaders } from './request-headers.ts';
import { compilePath } from './request-path.ts';
import { placeholdersOf, parseRequestTemplate } from './request-template.ts';
import { addQuery } from './request-query.ts';
import { outputOf } from './response-output.ts';
import { Rest } from './rest.ts';

export const httpToolType: ToolType<HttpToolConfig> = {
  type: 'http',
  summary: 'Sends one HTTP request to the API of the source.',
  schema: httpToolSchema,
  build,
};

const LISTS = ['pathParams', 'queryParams', 'bodyParams', 'headerParams'] as const;

function build(config: HttpToolConfig, context: ToolBuildContext): ToolBody {
  const { source } = context;
  if (!(source instanceof HttpSource)) {
    throw new ConfigurationFault(['source'], `\`${context.sourceName}\` is no source of type \`http\``);
  }
  checkParameters(config, context);
  checkLeavesCredential(config, source);
  const request = compileRequest(config, source);
  const { returnFullError } = source.config;
  const rest = new Rest(context.name);
  return {
    parameters: LISTS.flatMap((list) => config[list]),
    annotations: annotationsOf(config.method),
    writes: config.method === 'PUT' || config.method === 'PATCH' || config.method === 'DELETE',
    warnings: [...source.warnings, ...unusedParameters(config)],
    async run(args, { signal, timeoutMs, maxBytes, caller, log }) {
      rest.check();
      const sent = await request(args);
      const response = await source.send(sent, { signal, timeoutMs, maxBytes, caller });
      rest.heed(response);
      if (response.status >= 400) {
        const body = response.body.subarray(0, 1024).toString('utf8');
        log.debug({ tool: context.name, status: response.status, body }, 'an API answered with a failure');
      }
      return outputOf(response, { sent, maxBytes, returnFullError });
    },
  };
}

/** Everything that can be decided before a call is; the rest is one pass over the arguments. */
function compileRequest(config: HttpToolConfig, source: HttpSource): (args: ToolArguments) => Promise<HttpRequest> {
  const { baseUrl } = source;
  const [inPath, inQuery, inBody, inHeaders] = LISTS.map((list) => config[list].map(({ name }) => name)) as [
    string[],
    string[],
    string[],
    string[],
  ];
  const fixed = mergeHeaders({}, source.config.headers, config.headers);
  const type = fixed['content-type'];
  const declaredType = type instanceof Secret ? reveal(type) : undefined;
  const path = compilePath(baseUrl, config.path, inPath);
  const body = compileBody(config.requestBody, inBody, declaredType);

  return async (args) => {
    const [headersNow, queryNow] = await Promise.all([
      source.valuesOf(fixed),
      source.valuesOf(source.config.queryParams),
    ]);
    const { path: pathname, query } = path(args);
    const url = new URL(baseUrl);
    url.pathname = pathname;
    url.search = query;
    addQuery(url.searchParams, queryNow.values, inQuery, args);
    const headers = renderHeaders(headersNow.values, inHeaders, args);
    headers['user-agent'] ??= 'chatelaine';
    if (body !== undefined) headers['content-type'] ??= body.contentType;
    const secrets = [...headersNow.secrets, ...queryNow.secrets];
    return { method: config.method, url, headers, body: body?.render(args), secrets };
  };
}

/** What `auth` of the source sends, a tool cannot set and a caller cannot fill. */
function checkLeavesCredential(config: HttpToolConfig, { config: { auth } }: HttpSource): void {
  if (auth === undefined) return;
  const taken = (path: (string | number)[], name: string): ConfigurationFault =>
    new ConfigurationFault(path, `\`${name}\` is what \`auth\` of the source sends`);
  const names = filledHeaders(auth);
  const parameter = filledParameter(auth);
  for (const name of Object.keys(config.headers)) {
    if (names.has(name.toLowerCase())) throw taken(['headers', name], name);
  }
  config.headerParams.forEach(({ name }, index) => {
    if (names.has(name.toLowerCase())) throw taken(['headerParams', index, 'name'], name);
  });
  config.queryParams.forEach(({ name }, index) => {
    if (name === parameter) throw taken(['queryParams', index, 'name'], name);
  });
}

function checkParameters(config: HttpToolConfig, context: ToolBuildContext): void {
  for (const field of ['parameters', 'templateParameters'] as const) {
    if (context[field].length === 0) continue;
    throw new ConfigurationFault(
      [field],
      `a tool of type \`http\` takes no \`${field}\`: a parameter needs a place in the request`,
      'Declare it under `pathParams`, `queryParams`, `bodyParams` or `headerParams`.',
    );
  }
  const seen = new Set<string>();
  for (const list of LISTS) {
    config[list].forEach(({ name }, index) => {
      if (seen.has(name))
        throw new ConfigurationFault([list, index, 'name'], `another parameter is called \`${name}\``);
      seen.add(name);
    });
  }
  checkHeaderParameters(config.headerParams.map(({ name }) => name));
  if (context.readOnly && !isSafe(config.method)) {
    throw new ConfigurationFault(
      ['readOnly'],
      `\`${config.method}\` asks the API to change something, so the tool is not read-only`,
    );
  }
}

/** RFC 9110 §9.2: what the method promises. The document's `annotations` win where the API breaks it. */
function annotationsOf(method: HttpMethod): ToolAnnotations {
  return {
    readOnlyHint: isSafe(method),
    destructiveHint: !isSafe(method),
    idempotentHint: isSafe(method) || method === 'PUT' || method === 'DELETE',
    openWorldHint: true,
  };
}

const isSafe = (method: HttpMethod): boolean => method === 'GET' || method === 'HEAD' || method === 'OPTIONS';

/** Parameters that a caller may fill and nobody will see. */
function unusedParameters(config: HttpToolConfig): readonly string[] {
  const unused = (list: 'pathParams' | 'bodyParams', field: 'path' | 'requestBody'): string[] => {
    const names = config[list].map(({ name }) => name);
    const template = config[field];
    if (template === undefined) return [];
    const used = new Set(placeholdersOf(parseRequestTemplate(field, template, names)).map(({ name }) => name));
    return names.filter((name) => !used.has(name)).map((name) => `\`${field}\` does not use the parameter \`${name}\``);
  };
  return [...unused('pathParams', 'path'), ...unused('bodyParams', 'requestBody')];
}
