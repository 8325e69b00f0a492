/**
 * A small kubelet for tests: what the volumes of a pod hold is written to a folder as kubelets do it (`..data` is a link
 * that is swapped), and the command of a container comes back as it is run there.
 *
 * Two things stand in for what a machine has and a process here has not. A pod has a file system of its own: mount paths
 * in arguments, and in the files of ConfigMaps that name them, are below the folder of the pod. A pod has an address of
 * its own: where a configuration listens on every address (`0.0.0.0`), it is the one that the pod is given, of 127.0.0.0/8.
 */
import { lstatSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { V1Container, V1PodSpec, V1Volume } from '@kubernetes/client-node';

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** What the API server would give the kubelet, by name. */
export interface Cluster {
  readonly secrets: Readonly<Record<string, Files>>;
  readonly configMaps: Readonly<Record<string, Files>>;
}

export interface PodCommand {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export class PodOnDisk {
  readonly #spec: V1PodSpec;
  readonly #root: string;
  readonly #ip: string;
  #round = 0;
  readonly #mounted = new Map<string, string>();

  constructor(spec: V1PodSpec, { root, ip = '127.0.0.1' }: { readonly root: string; readonly ip?: string }) {
    this.#spec = spec;
    this.#root = root;
    this.#ip = ip;
  }

  get container(): V1Container {
    return this.#spec.containers[0] as V1Container;
  }

  /** Writes every volume as it is now; those that changed are swapped as a whole. Throws for what is not there. */
  mount(cluster: Cluster): void {
    this.#round++;
    for (const { name, mountPath } of this.container.volumeMounts ?? []) {
      const volume = (this.#spec.volumes ?? []).find((one) => one.name === name);
      if (volume === undefined) throw new Error(`no volume \`${name}\``);
      const place = this.path(mountPath);
      mkdirSync(place, { recursive: true });
      const files = this.#filesOf(volume, cluster);
      if (files === undefined) continue;
      const digest = JSON.stringify(
        Object.entries(files).map(([file, bytes]) => [file, Buffer.from(bytes).toString('base64')]),
      );
      if (this.#mounted.get(name) !== digest) this.#swap(place, files);
      this.#mounted.set(name, digest);
    }
  }

  /** Where a path of the pod is on this disk. */
  path(inPod: string): string {
    return join(this.#root, inPod);
  }

  /** The command of the container, and its environment. */
  run(): PodCommand {
    const { command = [], args = [], env = [] } = this.container;
    return {
      command: [...command, ...args].map((one) => this.#here(one)),
      env: Object.fromEntries(
        env.flatMap(({ name, value, valueFrom }): [string, string][] => {
          if (valueFrom?.fieldRef?.fieldPath === 'status.podIP') return [[name, this.#ip]];
          return value === undefined ? [] : [[name, this.#here(value.replaceAll('$(CHATELAINE_POD_IP)', this.#ip))]];
        }),
      ),
    };
  }

  /** A text of the pod in which paths and the address are those of this machine. */
  #here(text: string): string {
    const mounts = (this.container.volumeMounts ?? []).map(({ mountPath }) => mountPath);
    const longest = mounts.toSorted((one, other) => other.length - one.length).join('|');
    return text
      .replaceAll(new RegExp(`(?<![\\w-])(?:${longest})(?=/|"|$)`, 'g'), (mount) => this.path(mount))
      .replaceAll('"0.0.0.0"', `"${this.#ip}"`);
  }

  #filesOf(volume: V1Volume, cluster: Cluster): Files | undefined {
    if (volume.secret) {
      const { secretName = '', items } = volume.secret;
      return picked(cluster.secrets[secretName], items, `Secret \`${secretName}\``);
    }
    if (volume.configMap) return this.#publicFiles(volume.configMap, cluster);
    if (volume.projected)
      return Object.assign(
        {},
        ...(volume.projected.sources ?? []).map(({ configMap }) => this.#publicFiles(configMap ?? {}, cluster)),
      ) as Files;
    return undefined;
  }

  #publicFiles(map: { readonly name?: string; readonly items?: Items }, cluster: Cluster): Files {
    const files = picked(cluster.configMaps[map.name ?? ''], map.items, `ConfigMap \`${map.name}\``);
    return Object.fromEntries(
      Object.entries(files).map(([name, text]) => [name, name.endsWith('.yaml') ? this.#here(String(text)) : text]),
    );
  }

  #swap(place: string, files: Files): void {
    const folder = `..round-${this.#round}`;
    for (const [name, bytes] of Object.entries(files)) {
      const file = join(place, folder, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, bytes, { mode: 0o440 });
    }
    symlinkSync(folder, join(place, '..next'));
    renameSync(join(place, '..next'), join(place, '..data'));
    for (const name of Object.keys(files)) {
      const link = join(place, name);
      if (lstatSync(link, { throwIfNoEntry: false }) === undefined) symlinkSync(join('..data', name), link);
    }
    for (const old of readdirSync(place))
      if (old.startsWith('..round-') && old !== folder) rmSync(join(place, old), { recursive: true });
  }
}

type Items = readonly { readonly key: string; readonly path: string }[];

function picked(files: Files | undefined, items: Items | undefined, of: string): Files {
  if (files === undefined) throw new Error(`there is no ${of}`);
  if (items === undefined) return files;
  return Object.fromEntries(
    items.map(({ key, path }) => {
      const bytes = files[key];
      if (bytes === undefined) throw new Error(`there is no \`${key}\` in the ${of}`);
      return [path, bytes];
    }),
  );
}
