/** What of pods, and of who reaches them, is for whoever makes the object to say. */
import { z } from 'zod';
import { bounded, listMap, ordered } from './lists.ts';
import { ruled } from './rule.ts';
import { secretKeyRef, tlsSecretRef } from './references.ts';
import { label, line, objectName, port, quantity } from './scalars.ts';
import { saying } from './structural.ts';

const amounts = bounded(z.record(line(253), quantity), 16);

export const resources = z
  .strictObject({
    requests: amounts.optional().describe('What is set aside for it, by name: `cpu`, `memory`.'),
    limits: amounts.optional().describe('What it may use at most, by name.'),
  })
  .optional()
  .describe('What a pod may use, as of every container.');

/** A PodTemplateSpec: the API server does not look into it, and what the operator guards stays guarded. */
export const podTemplate = saying(z.record(z.string(), z.json()), { isOpaque: true })
  .optional()
  .describe(
    'What is merged into the PodTemplateSpec of the pods: node selectors, tolerations, more labels. What keeps them safe (users, capabilities, mounts of keys, probes) is not for it to say: the object is refused with what it may not.',
  );

export const image = z
  .string()
  .min(1)
  .max(512)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/@-]*$/, { error: 'this is no reference of an image' });

export const replicas = z.int().min(0).max(100).default(1).describe('How many pods there are; 0 stops it.');

/** A variable of a program. What is secret has a Secret; a value here is read by whoever reads the object. */
export const environment = listMap(
  ruled(
    z.strictObject({
      name: z
        .string()
        .min(1)
        .max(253)
        .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'this is no name of a variable' })
        .describe('The name of the variable.'),
      value: z.string().max(4096).optional().describe('Its value.'),
      secretRef: secretKeyRef.optional().describe('The Secret that has its value.'),
    }),
    {
      rule: 'has(self.value) != has(self.secretRef)',
      holds: ({ value, secretRef }) => (value === undefined) !== (secretRef === undefined),
      message: 'a variable has a `value` or a `secretRef`',
    },
  ),
  'name',
  100,
);

/** How many there are while there is more to do. */
export const autoscaling = ruled(
  z.strictObject({
    minReplicas: z.int().min(1).max(100).default(2).describe('How many pods there are at least.'),
    maxReplicas: z.int().min(1).max(100).describe('How many pods there are at most.'),
    targetCPUUtilization: z
      .int()
      .min(1)
      .max(100)
      .default(70)
      .describe('How much of the processors that they ask for is to be in use, in percent.'),
  }),
  {
    rule: 'self.minReplicas <= self.maxReplicas',
    holds: ({ minReplicas, maxReplicas }) => minReplicas <= maxReplicas,
    message: '`minReplicas` is more than `maxReplicas`',
    field: 'maxReplicas',
  },
);

const annotations = bounded(z.record(line(317), z.string().max(4096)), 64);

/** How the public Service is reached from outside. The internal one never is. */
export const exposure = ruled(
  z.strictObject({
    ingress: z
      .strictObject({
        className: objectName.optional().describe('The IngressClass; the default of the cluster without it.'),
        annotations: annotations.optional().describe('What the controller of the class wants to know.'),
        tlsSecretRef: tlsSecretRef.optional().describe('The certificate that browsers see.'),
      })
      .optional()
      .describe('An Ingress for the host of the URL.'),
    httpRoute: z
      .strictObject({
        parentRefs: ordered(
          z.strictObject({
            name: objectName.describe('The Gateway.'),
            namespace: label.optional().describe('Its namespace; that of this object without it.'),
            sectionName: objectName.optional().describe('One of its listeners; all without it.'),
          }),
          8,
        )
          .min(1)
          .describe('The Gateways that the route is at.'),
      })
      .optional()
      .describe('An HTTPRoute of the Gateway API for the host of the URL.'),
  }),
  {
    rule: '!(has(self.ingress) && has(self.httpRoute))',
    holds: ({ ingress, httpRoute }) => ingress === undefined || httpRoute === undefined,
    message: 'the public Service is reached in one way: give `ingress` or `httpRoute`',
  },
);

const cidr = z
  .string()
  .max(43)
  .regex(/^[0-9A-Fa-f.:]+\/[0-9]{1,3}$/, { error: 'a network is written `10.0.0.0/8` or `fd00::/8`' });

/** What the NetworkPolicies let through, beside what the operator knows to be needed. */
export const network = z.strictObject({
  allowEgressTo: ordered(
    z.strictObject({
      cidr: cidr.describe('The network.'),
      ports: ordered(port, 16).optional().describe('The TCP ports there; all without it.'),
    }),
    64,
  )
    .optional()
    .describe(
      'Where the pods may connect to beside DNS, the storage and the authorization server. Without it: to any public address on port 443.',
    ),
  allowIngressFrom: ordered(label, 64)
    .optional()
    .describe('Namespaces whose pods may reach the public port; everybody without it.'),
});
