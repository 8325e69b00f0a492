import { Option, type Command } from 'commander';
import { addApiOptions, type ApiOptions } from '../api/index.ts';
import type { CliContext } from '../context.ts';
import { table, toSeconds } from '../print.ts';

/** A secret as the API shows it, which is without its value. */
export interface Secret {
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  readonly kind: string;
  readonly description: string;
  readonly state: 'active' | 'disabled';
  readonly createdAt: string;
  readonly changedAt: string;
  readonly versions: readonly {
    readonly version: number;
    readonly createdAt: string;
    readonly expiresAt: string | null;
    readonly endsAt: string | null;
  }[];
}

/** What all verbs about one secret take. */
export interface SecretOptions extends ApiOptions {
  readonly namespace: string;
  readonly json?: true;
}

/** The name, the namespace, where to work, and `--json`. */
export function addSecretOptions(command: Command, context: CliContext): Command {
  command
    .argument('<name>', 'the secret, as in secret://NAMESPACE/NAME')
    .addOption(new Option('--namespace <name>', 'its namespace').default('default'));
  return addApiOptions(command, context).option('--json', 'print the facts of the secret as one line of JSON');
}

/** Facts for people: never a value, which nobody has. */
export function describeSecrets(secrets: readonly Secret[]): string {
  return table(
    ['NAME', 'NAMESPACE', 'KIND', 'STATE', 'VERSION', 'EXPIRES', 'CHANGED', 'DESCRIPTION'],
    secrets.map((secret) => {
      const latest = secret.versions.at(-1);
      return [
        secret.name,
        secret.namespace,
        secret.kind,
        secret.state,
        String(latest?.version ?? '-'),
        toSeconds(latest?.expiresAt ?? null) ?? 'never',
        toSeconds(secret.changedAt),
        secret.description,
      ];
    }),
  );
}
