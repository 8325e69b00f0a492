/** The fields of `kind: source, type: http` and `kind: tool, type: http`: MCP Toolbox's, and `tls`. */
import { z } from 'zod';
import { absoluteUrl, duration, egressTlsSchema, outgoingAuthSchema, parameterSchema, secretValue } from '#contract';
import { egressFields, egressRules, judgeUrl } from '#egress';
import { filledHeaders, filledParameter, tokenEndpoints } from '#outgoing-auth';
import { badHeaders } from './request-headers.ts';

// Values are secrets all of them: an API key has many header names.
const secretsByName = z.record(z.string().min(1), secretValue);

export const httpSourceSchema = z
  .strictObject({
    baseUrl: absoluteUrl('http', 'https').describe('The URL that the paths of tools are appended to.'),
    timeout: duration.default(30_000).describe('How long one request may take, redirects and body included.'),
    headers: secretsByName.default({}).describe('Headers of every request, such as `Authorization`.'),
    queryParams: secretsByName.default({}).describe('Query parameters of every request.'),
    auth: outgoingAuthSchema.optional(),
    returnFullError: z
      .boolean()
      .default(false)
      .describe('Errors show the body of the answer. It may tell callers what the API meant for its operator.'),
    disableSslVerification: z
      .boolean()
      .default(false)
      .describe('Any certificate is accepted, an attacker’s too. Prefer `tls.ca`.'),
    tls: egressTlsSchema.optional().describe('Whom to trust, and who we are, over https.'),
    ...egressFields,
  })
  .superRefine((source, context) => {
    const fault = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    // The field's own check has spoken where it is no URL at all.
    const url = URL.parse(source.baseUrl);
    if (url === null) return;
    if (url.username !== '' || url.password !== '') {
      fault(
        ['baseUrl'],
        'a URL with a password in it is shown in logs and errors; send it with `headers: { Authorization: … }`',
      );
    }
    if (url.search !== '' || url.hash !== '') {
      fault(['baseUrl'], 'a base URL has no query and no fragment; put what every request carries under `queryParams`');
    }
    const judged = judgeUrl(egressRules(source), url);
    if (!judged.ok) {
      fault(['baseUrl'], `${judged.error}; list it in \`allowedIpRanges\` if it is meant to be reached`);
    }
    for (const { name, why } of badHeaders(source.headers)) fault(['headers', name], `the header \`${name}\` ${why}`);
    const { auth } = source;
    const filled = filledHeaders(auth);
    for (const name of Object.keys(source.headers)) {
      if (filled.has(name.toLowerCase())) fault(['headers', name], `\`auth\` sends the header \`${name}\``);
    }
    if (auth?.type === 'clientCertificate') {
      if (url.protocol !== 'https:') fault(['auth', 'type'], 'a client certificate only https can show');
      for (const field of ['clientCert', 'workloadApi'] as const)
        if (source.tls?.[field] !== undefined) fault(['tls', field], '`auth` shows a client certificate already');
    }
    for (const field of ['pin', 'workloadApi'] as const)
      if (source.tls?.[field] !== undefined && url.protocol !== 'https:')
        fault(['tls', field], 'this says something of https, and the URL is http');
    // A pin says which key it is, and nothing of whose: that takes a certificate that somebody vouches for.
    for (const field of ['pin', 'serverSpiffeId'] as const)
      if (source.tls?.[field] !== undefined && source.disableSslVerification)
        fault(['tls', field], 'this is checked beside the certificate, which `disableSslVerification` accepts unseen');
    const parameter = filledParameter(auth);
    if (parameter !== undefined && Object.hasOwn(source.queryParams, parameter)) {
      fault(['queryParams', parameter], `\`auth\` sends the parameter \`${parameter}\``);
    }
    for (const { path, url: endpoint } of tokenEndpoints(auth)) {
      const reach = URL.canParse(endpoint) ? judgeUrl(egressRules(source), new URL(endpoint)) : undefined;
      if (reach?.ok === false) {
        fault(['auth', ...path], `${reach.error}; list it in \`allowedIpRanges\` if it is meant to be reached`);
      }
    }
  });

export type HttpSourceConfig = z.output<typeof httpSourceSchema>;

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
export type HttpMethod = (typeof METHODS)[number];

const parameters = z.array(parameterSchema).default([]);

export const httpToolSchema = z
  .strictObject({
    path: z
      .string()
      .describe('Appended to `baseUrl`; `{{.name}}` stands for a path parameter, as one segment or a piece of one.'),
    // Go programs write `get`; HTTP methods are upper-case.
    method: z
      .preprocess((given) => (typeof given === 'string' ? given.toUpperCase() : given), z.enum(METHODS))
      .describe('The HTTP method.'),
    headers: secretsByName.default({}).describe('Headers of this tool’s requests; they win over those of the source.'),
    requestBody: z
      .string()
      .optional()
      .describe(
        'The body; `{{.name}}` and `{{json .name}}` stand for body parameters. Without it, body parameters make a JSON object.',
      ),
    pathParams: parameters.describe('Parameters in `path`.'),
    queryParams: parameters.describe('Parameters of the query, under their own names; a list becomes several.'),
    bodyParams: parameters.describe('Parameters in the body.'),
    headerParams: parameters.describe('Parameters that are headers, under their own names.'),
  })
  .superRefine((tool, context) => {
    for (const { name, why } of badHeaders(tool.headers)) {
      context.addIssue({ code: 'custom', path: ['headers', name], message: `the header \`${name}\` ${why}` });
    }
  });

export type HttpToolConfig = z.output<typeof httpToolSchema>;
