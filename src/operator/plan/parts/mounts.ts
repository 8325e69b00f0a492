/**
 * Secrets and ConfigMaps that a pod has as files. The operator names them and reads none: what is in a configuration is
 * a path, and the value is where the kubelet puts it.
 */
import type { V1Volume, V1VolumeMount } from '@kubernetes/client-node';
import { sha256Hex } from '#kernel';
import type { ConfigMapKey, PlanFault } from '../plan.ts';
import { PLACES } from './names.ts';

/**
 * Files of Secrets belong to root. With `fsGroup` kubelets give them to that group and add its right to read, whatever
 * is asked for: 0400 becomes 0440, so 0440 is what is asked for.
 */
export const SECRET_MODE = 0o440;
const PUBLIC_MODE = 0o444;

interface SecretKey {
  readonly name: string;
  readonly key: string;
}

export class Mounts {
  readonly #volumes = new Map<string, { kind: 'secret' | 'configMap'; name: string; keys: Set<string> }>();
  readonly #own: ReadonlySet<string>;
  readonly faults: PlanFault[] = [];

  /** `ofOperator`: Secrets that it writes itself, of which a resource may name none. */
  constructor(ofOperator: readonly string[] = []) {
    this.#own = new Set(ofOperator);
  }

  /** The path of a key of a Secret that the resource names. */
  secret({ name, key }: SecretKey, path: string): string {
    if (this.#own.has(name))
      this.faults.push({
        path,
        message: `the Secret \`${name}\` is the operator's own, and no field may lead to what is in it: name another`,
      });
    return this.ownSecret({ name, key });
  }

  /** The same of a Secret that the operator keeps for this very pod. */
  ownSecret({ name, key }: SecretKey): string {
    return `${PLACES.secrets}/${this.#mount('secret', name, key)}`;
  }

  configMap({ name, key }: ConfigMapKey): string {
    return `${PLACES.configMaps}/${this.#mount('configMap', name, key)}`;
  }

  /** A field that holds a secret takes this in its place. */
  secretUrl(ref: SecretKey, path: string): string {
    return `file://${this.secret(ref, path)}`;
  }

  #mount(kind: 'secret' | 'configMap', name: string, key: string): string {
    const id = `${kind}/${name}`;
    const volume = this.#volumes.get(id) ?? { kind, name, keys: new Set<string>() };
    this.#volumes.set(id, volume);
    volume.keys.add(key);
    return `${name}/${key}`;
  }

  volumes(): V1Volume[] {
    return this.#sorted().map(({ kind, name, keys }): V1Volume => {
      const items = [...keys].toSorted().map((key) => ({ key, path: key }));
      return {
        name: volumeName(kind, name),
        ...(kind === 'secret'
          ? { secret: { secretName: name, items, defaultMode: SECRET_MODE } }
          : { configMap: { name, items, defaultMode: PUBLIC_MODE } }),
      };
    });
  }

  volumeMounts(): V1VolumeMount[] {
    return this.#sorted().map(({ kind, name }) => ({
      name: volumeName(kind, name),
      mountPath: `${kind === 'secret' ? PLACES.secrets : PLACES.configMaps}/${name}`,
      readOnly: true,
    }));
  }

  #sorted() {
    return [...this.#volumes.entries()]
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([, volume]) => volume);
  }
}

/** A volume is named by a label of at most 63 characters; a Secret may have dots and 253. */
const volumeName = (kind: 'secret' | 'configMap', name: string): string =>
  `${kind === 'secret' ? 'secret' : 'public'}-${sha256Hex(name).slice(0, 16)}`;
