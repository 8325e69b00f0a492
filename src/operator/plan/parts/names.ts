/** What children are called, and what their pods know by the same words. */
const child =
  (word: string) =>
  (name: string): string =>
    `${name}-${word}`;

/** Services, Deployments and the rest of what answers the public bear the name of the object itself. */
export const childName = {
  internal: child('internal'),
  config: child('config'),
  owners: child('owners'),
  data: child('data'),
  metrics: child('metrics'),
  /** Of an MCPServer: what runs its image. */
  server: child('server'),
} as const;

export const CONFIG_HASH = 'chatelaine.dev/config-hash';

/** Where things are in the pods. */
export const PLACES = {
  config: '/etc/chatelaine/config',
  secrets: '/etc/chatelaine/secrets',
  configMaps: '/etc/chatelaine/public',
  /** Kubelets open the root of a volume to its group, and a data directory is open to nobody: it is one further in. */
  volume: '/var/lib/chatelaine',
  data: '/var/lib/chatelaine/data',
  scratch: '/tmp',
} as const;

/** The user and the group of the image. */
export const USER = 65_532;
