import { canonicalJson } from '#audit';
import type { Clock, Secret } from '#kernel';
import type { PostMessage } from '../approvals/webhook/notices.ts';
import { signedHeaders } from '../approvals/webhook/standard-webhook.ts';
import type { Alert } from '../store/alerts-store.ts';
import { severityOf, typeOf, type AlertReceiver } from './alert-receiver.ts';

/** Posts each alert, signed as Standard Webhooks has it. */
export function webhookReceiver(parts: {
  readonly webhook: { readonly url: string; readonly secret: Secret; readonly keyId: string };
  readonly post: PostMessage;
  readonly clock: Clock;
}): AlertReceiver {
  const { webhook, post, clock } = parts;
  const { secret, keyId } = webhook;
  return {
    name: 'webhook',
    async tell(alert) {
      const body = canonicalJson(messageOf(alert), { loneSurrogates: 'escape' });
      // The same id at every attempt: a receiver that has it already knows it again.
      const signed = signedHeaders({ id: alert.id, body }, { secret, keyId, now: clock.now() });
      const headers = { 'content-type': 'application/json', ...signed };
      const status = await post({ url: new URL(webhook.url), headers, body });
      if (status < 200 || status >= 300) throw new Error(`the receiver answered ${status}`);
    },
  };
}

function messageOf(alert: Alert): object {
  const { id, kind, namespace, principal, tool, seen, usual, raisedAt, recordId } = alert;
  return {
    type: typeOf(alert),
    timestamp: new Date(raisedAt).toISOString(),
    data: {
      ...{ alert: id, kind, severity: severityOf(alert), namespace, principal, tool, seen, usual },
      ...(recordId !== undefined && { record: recordId }),
    },
  };
}
