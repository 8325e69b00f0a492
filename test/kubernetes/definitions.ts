/** deploy/crds/, as they are given to an API server, and where the objects of each kind are. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { JsonObject } from '#kernel';
import { API_VERSION } from '#contract/kubernetes';
import { ask, type Cluster } from './api-client.ts';

const folder = join(import.meta.dirname, '..', '..', 'deploy', 'crds');
export const definitionsPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

export interface Definition extends JsonObject {
  readonly metadata: { readonly name: string };
  readonly spec: JsonObject & { readonly names: { readonly kind: string; readonly plural: string } };
}

export const DEFINITIONS: readonly Definition[] = globSync('mcp*.yaml', { cwd: folder })
  .toSorted()
  .map((file) => parse(readFileSync(join(folder, file), 'utf8')) as Definition);

/** The collection in the namespace that the objects of the table are in. */
export function collectionOf(object: JsonObject): string {
  const definition = DEFINITIONS.find(({ spec }) => spec.names.kind === object['kind']);
  if (definition === undefined) throw new TypeError(`there is no definition of ${JSON.stringify(object['kind'])}`);
  return `/apis/${API_VERSION}/namespaces/tools/${definition.spec.names.plural}`;
}

export const nameOf = (object: JsonObject): string => (object['metadata'] as { name: string }).name;

/** Gives them all to the API server, and waits until it serves them. */
export async function define(cluster: Cluster): Promise<void> {
  for (const body of DEFINITIONS) {
    const { status, body: said } = await ask(cluster, 'POST', definitionsPath, { body });
    if (status !== 201) throw new Error(JSON.stringify(said));
  }
  for (const { spec } of DEFINITIONS) {
    const path = `/apis/${API_VERSION}/${spec.names.plural}`;
    for (let left = 200; ; left--) {
      // A server that does not know the path yet answers in plain text.
      const answer = await fetch(cluster.url + path);
      if (answer.ok) break;
      if (left === 0) throw new Error(`${path} is not served: ${await answer.text()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
