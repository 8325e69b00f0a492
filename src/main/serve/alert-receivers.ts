import type { SecretReader, ServerSettings } from '#contract';
import { Secret, type Clock, type Logger } from '#kernel';
import { loadAnomalies, type AlertReceiver } from '#registry';
import type { Endings } from '../endings.ts';
import { poster } from './approvals.ts';

/** Who is told of alerts, as the configuration has them. */
export async function alertReceivers(parts: {
  readonly settings: ServerSettings['alerts'];
  readonly secrets: SecretReader;
  readonly clock: Clock;
  readonly log: Logger;
  readonly endings: Endings;
}): Promise<readonly AlertReceiver[]> {
  const { settings, secrets, clock, log, endings } = parts;
  const { webhook, email } = settings;
  const { emailReceiver, webhookReceiver } = await loadAnomalies();
  const receivers: AlertReceiver[] = [];
  if (webhook !== undefined) receivers.push(webhookReceiver({ webhook, post: await poster(webhook, endings), clock }));
  if (email !== undefined) {
    const refused = (recipients: readonly string[]): void =>
      log.warn({ event: 'alert.recipients', recipients }, 'the relay took an alert for some recipients alone');
    receivers.push(emailReceiver({ email, password: () => passwordOf(email.password, secrets), refused }));
  }
  return receivers;
}

async function passwordOf(
  value: NonNullable<ServerSettings['alerts']['email']>['password'],
  secrets: SecretReader,
): Promise<Secret | undefined> {
  if (value === undefined || value instanceof Secret) return value;
  const holder = { namespace: value.namespace, by: 'alerts.email', connection: 'alerts.email' };
  const { material } = await secrets.read(value, holder);
  if (material.kind === 'password' || material.kind === 'basic') return material.password;
  throw new Error(`\`alerts.email.password\` is a secret of kind \`${material.kind}\`, and a relay takes a password`);
}
