/**
 * An MCPServer over standard streams: a child process of its proxy, in whose container its image is. No other container
 * could reach the streams of a process, so the image has both: it is made from Chatelaine's.
 */
import type { MCPServerSpec } from '#contract/kubernetes';
import type { PlanFault, Planned } from '../plan.ts';
import type { ConfigurationDocument } from '../parts/configuration-text.ts';
import type { Mounts } from '../parts/mounts.ts';
import { childName } from '../parts/names.ts';
import { commonEntry } from './server-entry.ts';

export interface ChildProcess {
  readonly entry: ConfigurationDocument;
  readonly commands: readonly string[];
  /** Values of variables, which are files: none could be taken for a reference to something else. */
  readonly files: Readonly<Record<string, string>>;
  readonly faults: readonly PlanFault[];
}

const fileOf = (variable: string): string => `env.${variable}`;

export function childProcess({ metadata, spec }: Planned<MCPServerSpec>, name: string, mounts: Mounts): ChildProcess {
  const [command, ...args] = [...(spec.command ?? []), ...(spec.args ?? [])];
  const env = spec.env ?? [];
  const config = childName.config(metadata.name);
  const faults: PlanFault[] = [];
  if (command === undefined)
    faults.push({
      path: 'spec.command',
      message: 'a server over standard streams is started by its `command`: give its absolute path',
    });
  return {
    entry: {
      ...commonEntry(spec, { name, prefix: '' }),
      ...{ command, args },
      env: Object.fromEntries(
        env.map(({ name: variable, secretRef }, index) => [
          variable,
          secretRef === undefined
            ? `file://${mounts.configMap({ name: config, key: fileOf(variable) })}`
            : mounts.secretUrl(secretRef, `spec.env[${index}].secretRef`),
        ]),
      ),
    },
    commands: command === undefined ? [] : [command],
    // One end of line is dropped where they are read.
    files: Object.fromEntries(
      env.flatMap(({ name: variable, value }) => (value === undefined ? [] : [[fileOf(variable), `${value}\n`]])),
    ),
    faults,
  };
}
