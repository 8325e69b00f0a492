import { err, ok, type Result } from '#kernel';
import { resourceName } from '#contract';

/** A secret by name, and one version of it where that matters; the latest otherwise. */
export interface SecretReference {
  readonly namespace: string;
  readonly name: string;
  readonly version?: number;
}

const REFERENCE = /^secret:\/\/([^/#?]+)\/([^/#?]+)(?:#([1-9][0-9]{0,8}))?$/;

/**
 * The parts of `secret://namespace/name` or `secret://namespace/name#version`, or what is wrong with
 * it. Nothing is decoded or folded: a secret has one spelling.
 */
export function parseSecretReference(text: string): Result<SecretReference, string> {
  const [, namespace, name, version] = REFERENCE.exec(text) ?? [];
  if (namespace === undefined || name === undefined) {
    return err('a secret is named `secret://NAMESPACE/NAME` or `secret://NAMESPACE/NAME#VERSION`');
  }
  for (const part of [namespace, name]) {
    const checked = resourceName.safeParse(part);
    if (!checked.success) return err(`\`${part.slice(0, 80)}\`: ${checked.error.issues[0]?.message}`);
  }
  return ok({ namespace, name, ...(version === undefined ? {} : { version: Number(version) }) });
}

export const formatSecretReference = ({ namespace, name, version }: SecretReference): string =>
  `secret://${namespace}/${name}${version === undefined ? '' : `#${version}`}`;
