/** The webhook as the chart installs it: its configuration, and the Deployment of the operator that its Secrets go with. */
import type { JsonObject } from '#kernel';
import { webhookConfiguration } from '../admission/index.ts';
import { OPERATOR, WEBHOOK_SERVICE } from '../rights/index.ts';
import { HOME_NAMESPACE, type OperatorWorld } from './running-operator.fixture.ts';

export async function installWebhook(world: OperatorWorld): Promise<void> {
  const labels = { app: OPERATOR };
  await world.create({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: OPERATOR, namespace: HOME_NAMESPACE } },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'operator', image: 'chatelaine:1' }] } },
    },
  });
  const place = { name: OPERATOR, namespace: HOME_NAMESPACE, service: WEBHOOK_SERVICE };
  await world.create(webhookConfiguration(place, '') as unknown as JsonObject);
}
