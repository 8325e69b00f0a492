/**
 * sources/http: HTTP APIs as tools, with MCP Toolbox's fields.
 *
 *   arguments → path, query, headers, body (each escaped for its place) → egress → answer as output
 *
 * Owns the fields (`config.ts`), the request (`request-*.ts`, `value-text.ts`), the tool type
 * (`http-tool.ts`) and what becomes of an answer (`response-output.ts`, `exact-json.ts`). Which
 * addresses may be reached, redirects, TLS and limits on bytes are `../../egress`.
 */
import type { SourceType } from '../source.ts';
import { httpSourceSchema, type HttpSourceConfig } from './config.ts';
import { HttpSource } from './http-source.ts';
import { httpToolType } from './http-tool.ts';

export const httpSourceType: SourceType<HttpSourceConfig> = {
  type: 'http',
  summary: 'An HTTP API.',
  schema: httpSourceSchema,
  toolTypes: [httpToolType],
  open: (config, context) => new HttpSource(config, context),
};
