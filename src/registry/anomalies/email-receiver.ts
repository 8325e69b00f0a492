/**
 * Alerts by e-mail (RFC 5321, RFC 5322): over TLS alone, to a relay whose certificate is checked. Into headers comes
 * nothing that a caller could have chosen; what does, stands quoted in the body.
 */
import { tlsClient } from '#tls';
import type { EmailAlerts } from '#contract';
import { reveal, type Secret } from '#kernel';
import type { Alert } from '../store/alerts-store.ts';
import { severityOf, typeOf, type AlertReceiver } from './alert-receiver.ts';

/** With the lease of an alert in mind: a relay that is slower is tried again. */
const CONNECT_MS = 10_000;
const SILENT_MS = 15_000;
const WHOLE_MS = 25_000;

export interface EmailReceiverParts {
  readonly email: EmailAlerts;
  /** Read for every message: a password that was rotated is used from the next one on. */
  readonly password: () => Promise<Secret | undefined>;
  /** Recipients that the relay did not take, where it took others. */
  readonly refused: (recipients: readonly string[]) => void;
  /** How long a relay may take to answer, and to greet. */
  readonly connectMs?: number;
}

export function emailReceiver({ email, password, refused, connectMs = CONNECT_MS }: EmailReceiverParts): AlertReceiver {
  const { host, port, security, tls, username, from, to } = email;
  return {
    name: 'email',
    async tell(alert) {
      const { createTransport } = await import('nodemailer');
      const secret = await password();
      const transport = createTransport({
        ...{ host, port: port ?? (security === 'implicit' ? 465 : 587), secure: security === 'implicit' },
        // Without it whoever is on the way takes STARTTLS out of the greeting, and reads along (RFC 3207 §6).
        requireTLS: true,
        tls: { servername: tls.serverName ?? host, ...tlsClient(tls), minVersion: 'TLSv1.2', rejectUnauthorized: true },
        ...(username !== undefined && secret !== undefined && { auth: { user: username, pass: reveal(secret) } }),
        ...{ connectionTimeout: connectMs, greetingTimeout: connectMs, socketTimeout: SILENT_MS },
        ...{ disableFileAccess: true, disableUrlAccess: true },
      });
      const sent = transport.sendMail({
        ...{ from, to: [...to], subject: subjectOf(email, alert), text: textOf(alert) },
        // The same at every attempt: a mailbox that has it already can tell.
        messageId: `<${alert.id}@${from.slice(from.lastIndexOf('@') + 1)}>`,
        date: new Date(alert.raisedAt),
        // Nobody's holiday answers it (RFC 3834 §5).
        headers: { 'Auto-Submitted': 'auto-generated' },
      });
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`the relay took longer than ${WHOLE_MS} ms`)), WHOLE_MS);
      });
      try {
        const { rejected } = await Promise.race([sent, late]);
        if (rejected.length > 0) refused(rejected.map(String));
      } finally {
        clearTimeout(timer);
        transport.close();
        sent.catch(() => {});
      }
    },
  };
}

/** A kind of ours and a namespace, whose names have no line breaks. */
const subjectOf = ({ subject }: EmailAlerts, alert: Alert): string =>
  `${subject}: ${alert.kind} (${severityOf(alert)}) in ${alert.namespace}`;

/** Quoted: a name that ends a line says nothing in our words. */
function textOf(alert: Alert): string {
  const { id, kind, namespace, principal, tool, seen, usual, raisedAt, recordId } = alert;
  const facts = {
    ...{ type: typeOf(alert), severity: severityOf(alert), kind, namespace, principal, tool, seen, usual },
    ...{ raised: new Date(raisedAt).toISOString(), alert: id, record: recordId ?? '' },
  };
  const lines = Object.entries(facts).map(([name, value]) => `${name.padEnd(10)} ${JSON.stringify(value)}`);
  return `${lines.join('\n')}\n\nchatelaine alert acknowledge ${id} --note "…"\n`;
}
