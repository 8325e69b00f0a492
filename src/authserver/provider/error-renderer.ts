import { documentHeaders } from '#identity';
import type { Configuration } from 'oidc-provider';
import type { ClientSource } from '../clients/client-source.ts';
import { errorBody } from '../pages/error-page.ts';
import type { Interactions } from './interactions.ts';

/**
 * What the provider shows where it may not send the browser back (RFC 6749 §4.1.2.1): a page for people, and JSON
 * for programs. Of a client that describes itself it says what was wrong with the description.
 */
export function errorRenderer(parts: {
  readonly clients: Pick<ClientSource, 'refusalOf'>;
  readonly pages: Pick<Interactions, 'page'>;
  readonly requestIdOf: (request: object) => string;
}): NonNullable<Configuration['renderError']> {
  return async (ctx, out) => {
    if (ctx.accepts('html', 'json') === 'json') {
      ctx.body = out;
      return;
    }
    const asked = ctx.oidc?.params?.['client_id'] ?? ctx.query['client_id'];
    const isUnknown = out.error === 'invalid_client' && typeof asked === 'string';
    const refusal = {
      ...{ error: out.error, description: out.error_description },
      client: isUnknown ? await parts.clients.refusalOf(asked) : undefined,
      requestId: parts.requestIdOf(ctx.req),
    };
    ctx.type = 'html';
    for (const [name, value] of Object.entries(documentHeaders())) ctx.set(name, value);
    ctx.body = parts.pages.page('That did not work', errorBody(refusal)).text;
  };
}
