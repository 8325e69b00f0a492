import type { AuthServiceDeclaration } from '#contract';
import { reveal, Secret } from '#kernel';
import { isGoogleToken } from '../provider/google.ts';
import type { IntrospectionClient } from '../provider/introspection.ts';
import { openService, type ServiceSurroundings } from './open-service.ts';
import type { TokenService } from './token-service.ts';

/**
 * The services of the configuration as it is now. Looked at on use: a reload replaces the list, and those
 * whose document stayed the same go on with the keys that they have.
 */
export class Services {
  readonly #declared: () => readonly AuthServiceDeclaration[];
  readonly #surroundings: ServiceSurroundings;
  readonly #changed: () => void;
  #of: readonly AuthServiceDeclaration[] | undefined;
  #services: readonly TokenService[] = [];

  constructor(
    declared: () => readonly AuthServiceDeclaration[],
    surroundings: Omit<ServiceSurroundings, 'introspectionClient'>,
    /** From outside the documents, and so for the one service that has none of its own. */
    introspectionClient: IntrospectionClient | undefined,
    /** Told when other services came: what the former ones accepted has to be looked at again. */
    changed: () => void,
  ) {
    this.#declared = declared;
    // A second issuer must not be shown the secret of the first one's client.
    const only = (): IntrospectionClient | undefined =>
      withoutClient(this.#of ?? []).length === 1 ? introspectionClient : undefined;
    this.#surroundings = { ...surroundings, introspectionClient: only };
    this.#changed = changed;
  }

  all(): readonly TokenService[] {
    const declared = this.#declared();
    if (declared === this.#of) return this.#services;
    const before = this.#services;
    this.#services = declared.map(
      (one) => before.find((kept) => isSame(kept.declaration, one)) ?? openService(one, this.#surroundings),
    );
    for (const gone of before) if (!this.#services.includes(gone)) void gone.close();
    if (this.#of !== undefined) this.#changed();
    this.#of = declared;
    return this.#services;
  }

  named(namespace: string, name: string): TokenService | undefined {
    return this.all().find(({ declaration }) => declaration.namespace === namespace && declaration.name === name);
  }

  /** Those whose tokens let in at the doors of a namespace. */
  lettingIn(namespace: string): readonly TokenService[] {
    return this.all().filter(({ declaration }) => declaration.namespace === namespace && declaration.mcpEnabled);
  }

  async close(): Promise<void> {
    await Promise.all(this.#services.map((service) => service.close()));
  }
}

/** The services that ask an introspection endpoint and say of no client of theirs. */
export const withoutClient = (declared: readonly AuthServiceDeclaration[]): readonly AuthServiceDeclaration[] =>
  declared.filter((one) => one.type === 'generic' && one.mcpEnabled && one.introspectionClientId === undefined);

/**
 * Whom an opaque token may be shown to. It says nothing of its issuer, and whoever is asked learns it: of
 * several services the one that says where to introspect, or the only one there is; Google sees what looks
 * like Google's. The configuration is refused where two say so.
 */
export function introspecting(services: readonly TokenService[], token: string): TokenService | undefined {
  if (isGoogleToken(token)) {
    const google = services.find(({ declaration }) => declaration.type === 'google');
    if (google !== undefined) return google;
  }
  const generic = services.filter(({ declaration }) => declaration.type === 'generic');
  const [said] = generic.filter(({ declaration }) => saysHow(declaration));
  return said ?? (generic.length === 1 ? generic[0] : undefined);
}

const saysHow = (declaration: AuthServiceDeclaration): boolean =>
  declaration.type === 'generic' &&
  (declaration.introspectionEndpoint !== undefined || declaration.forceIntrospection === true);

/** Whether two documents say the same, wherever they stand. */
function isSame(left: AuthServiceDeclaration, right: AuthServiceDeclaration): boolean {
  return said(left) === said(right);
}

const said = ({ origin: _origin, directory: _directory, locate: _locate, ...fields }: AuthServiceDeclaration): string =>
  JSON.stringify(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, value]) => [key, value instanceof Secret ? reveal(value) : value]),
  );
