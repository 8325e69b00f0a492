import { z } from 'zod';
import { err, ok, type Result } from '#kernel';
import { isLoopbackHost } from './common.ts';

/** Where a SPIFFE Workload API is (SPIFFE_Workload_Endpoint §4). */
export type WorkloadEndpoint =
  | { readonly scheme: 'unix'; readonly path: string }
  | { readonly scheme: 'tcp'; readonly address: string; readonly port: number };

/**
 * Reads `unix:///absolute/path` or `tcp://127.0.0.1:8000`. Over TCP to this machine alone: nothing on the way
 * is encrypted, and private keys come by it (§3). Nothing is decoded and no dots are resolved: the path is
 * the one that the text shows.
 */
export function parseWorkloadEndpoint(text: string): Result<WorkloadEndpoint, string> {
  const socket = /^unix:\/\/(?<path>\/[^?#%\s]*[^?#%\s/])$/.exec(text)?.groups?.['path'];
  if (socket !== undefined) return ok({ scheme: 'unix', path: socket });
  const tcp = /^tcp:\/\/(?:\[(?<v6>[0-9a-f:.]+)\]|(?<v4>[0-9.]+)):(?<port>\d{1,5})$/i.exec(text)?.groups;
  if (tcp === undefined) return err('write `unix:///run/spire/sockets/agent.sock`, or `tcp://127.0.0.1:8081`');
  const [address, port] = [tcp['v6'] ?? tcp['v4'] ?? '', Number(tcp['port'])];
  if (port < 1 || port > 65_535) return err(`\`${port}\` is no port`);
  if (!isLoopbackHost(address))
    return err(`\`${address}\` is another machine: private keys would cross the network in the clear`);
  return ok({ scheme: 'tcp', address, port });
}

const endpoint = z
  .string()
  .superRefine((text, context) => {
    const parsed = parseWorkloadEndpoint(text);
    if (!parsed.ok) context.addIssue({ code: 'custom', message: `this is no Workload API: ${parsed.error}` });
  })
  .meta({ title: 'Workload API' });

/** Who a server that we connect to must be. */
export const serverSpiffeId = z.string().regex(/^spiffe:\/\/[a-z0-9._-]+(\/[A-Za-z0-9._-]+)+$/, {
  error: 'a SPIFFE ID is written `spiffe://prod.example.com/ns/system/authserver`',
});

/** `workloadApi:` wherever a certificate, its key and a bundle may come from a SPIFFE Workload API. */
export const workloadApiSchema = z.union([
  endpoint.transform((text): WorkloadApiSettings => ({ endpoint: text })),
  z
    .strictObject({
      endpoint: endpoint
        .optional()
        .describe(
          'Its address, `unix:///run/spire/sockets/agent.sock` or a loopback `tcp://127.0.0.1:8081`; `SPIFFE_ENDPOINT_SOCKET` of the environment without it.',
        ),
      spiffeId: z
        .string()
        .regex(/^spiffe:\/\/[a-z0-9._-]+(\/[A-Za-z0-9._-]+)+$/, {
          error: 'a SPIFFE ID of a workload is written `spiffe://prod.example.com/gateway`',
        })
        .optional()
        .describe(
          'Which identity to take, where there are several: the one with this SPIFFE ID. The first without it.',
        ),
      hint: z.string().min(1).optional().describe('Likewise: the first one with this hint.'),
    })
    .refine((one) => one.spiffeId === undefined || one.hint === undefined, {
      error: '`spiffeId` and `hint` choose one identity each: give one of them',
    }),
]);

export interface WorkloadApiSettings {
  readonly endpoint?: string | undefined;
  readonly spiffeId?: string | undefined;
  readonly hint?: string | undefined;
}
