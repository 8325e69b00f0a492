/** The objects of our kinds as a whole, parsed, to be looked up. */
import { canonicalResource } from '#contract';
import type {
  CustomResourceKind,
  MCPAuthServerSpec,
  MCPExternalAuthConfigSpec,
  MCPGatewaySpec,
  MCPGroupSpec,
  MCPServerSpec,
} from '#contract/kubernetes';

interface Specs {
  readonly MCPAuthServer: MCPAuthServerSpec;
  readonly MCPServer: MCPServerSpec;
  readonly MCPExternalAuthConfig: MCPExternalAuthConfigSpec;
  readonly MCPGroup: MCPGroupSpec;
  readonly MCPGateway: MCPGatewaySpec;
}

/** An object whose spec was parsed. */
export interface Known<Kind extends CustomResourceKind = CustomResourceKind> {
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
  /** Empty for one that the API server has not numbered yet. */
  readonly uid: string;
  /** RFC 3339; empty for one that is not there yet, which is younger than all that are. */
  readonly creationTimestamp: string;
  readonly isGoing: boolean;
  readonly spec: Specs[Kind];
}

export type KnownObject = { [Kind in CustomResourceKind]: Known<Kind> }[CustomResourceKind];

export const keyOf = ({ kind, namespace, name }: Pick<Known, 'kind' | 'namespace' | 'name'>): string =>
  `${kind}/${namespace}/${name}`;

export interface Snapshot {
  get<Kind extends CustomResourceKind>(kind: Kind, namespace: string, name: string): Known<Kind> | undefined;
  list<Kind extends CustomResourceKind>(kind: Kind): readonly Known<Kind>[];
  /** Owners by canonical resource URL. */
  owners(resource: string): readonly (Known<'MCPServer'> | Known<'MCPGateway'>)[];
  issuers(issuer: string): readonly Known<'MCPAuthServer'>[];
  /** `keyOf` who has a resource by the owner maps that were published last, whether or not it still claims it. */
  incumbent(resource: string): string | undefined;
  /** The same with this object in the place of the one that has its name. */
  with(object: KnownObject): Snapshot;
}

/** What resource an owner claims: `https://a.example/mcp` and `https://A.example:443/mcp/` are one (RFC 8707 §2). */
export const resourceOf = (url: string): string => canonicalResource(url) ?? url;
export const issuerOf = (url: string): string => canonicalResource(url) ?? url;

/** `incumbents`: of each canonical resource URL in the owner maps, `keyOf` the object that has it there. */
export function snapshotOf(
  objects: Iterable<KnownObject>,
  incumbents: ReadonlyMap<string, string> = new Map(),
): Snapshot {
  const all = new Map([...objects].map((object) => [keyOf(object), object]));
  return over(all, incumbents);
}

function over(all: ReadonlyMap<string, KnownObject>, incumbents: ReadonlyMap<string, string>): Snapshot {
  const byKind = Map.groupBy(all.values(), ({ kind }) => kind);
  const list = <Kind extends CustomResourceKind>(kind: Kind) => (byKind.get(kind) ?? []) as unknown as Known<Kind>[];
  const owners = Map.groupBy([...list('MCPServer'), ...list('MCPGateway')], ({ spec }) => resourceOf(spec.resourceUrl));
  const issuers = Map.groupBy(list('MCPAuthServer'), ({ spec }) => issuerOf(spec.issuer));
  return {
    get: <Kind extends CustomResourceKind>(kind: Kind, namespace: string, name: string) =>
      all.get(keyOf({ kind, namespace, name })) as Known<Kind> | undefined,
    list,
    owners: (resource) => owners.get(resource) ?? [],
    issuers: (issuer) => issuers.get(issuer) ?? [],
    incumbent: (resource) => incumbents.get(resource),
    with(object) {
      // The usual case by far, and a list of thousands need not be made anew for it.
      return all.get(keyOf(object)) === object ? this : over(new Map([...all, [keyOf(object), object]]), incumbents);
    },
  };
}
