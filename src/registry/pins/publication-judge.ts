import type { CatalogueTool } from '#contract';
import type { Author } from '#identity';
import { err, ok, type ChatelaineError, type Clock, type Result } from '#kernel';
import { principalEntity, toolEntity, toolFacts, type CurrentPolicies } from '#policy';
import { toolError } from '../tools/errors.ts';

/** Whose yes policies want besides, each: as `Obligations.approvals` of #policy; or `PUBLICATION_DENIED`. */
export type JudgedPublication = Result<readonly string[], ChatelaineError>;
export type PublicationJudge = (by: Author, tool: CatalogueTool) => Promise<JudgedPublication>;

/**
 * What policies say of bringing a definition into use: the action `publish`, of whoever publishes a definition and of
 * whoever approves one that waits. `@approval` on the permit asks for the yes of another person.
 */
export function publicationJudge(parts: {
  readonly policies: CurrentPolicies;
  readonly toolsetsOf: (tool: CatalogueTool) => readonly string[];
  readonly clock: Clock;
}): PublicationJudge {
  const { policies, toolsetsOf, clock } = parts;
  return async ({ principal, origin }, tool) => {
    const { namespace, name } = tool;
    const decision = (await policies.current()).decide({
      ...{ principal: principalEntity(principal, namespace), action: 'publish', namespace },
      resource: toolEntity(toolFacts(tool, toolsetsOf(tool))),
      circumstances: {
        ...{ door: origin.door === 'cli' ? 'cli' : 'api', method: principal.via.method, scopes: principal.scopes },
        ...{ client: principal.clientId, address: origin.address, authTime: principal.authTime },
        ...{ mfa: principal.amr?.includes('mfa') === true, now: clock.now() },
        actors: (principal.act ?? []).map(({ iss, sub }) => `${iss}#${sub}`),
        // Nobody has called anything: a permit that looks at arguments permits no publication.
        argument: () => undefined,
      },
    });
    if (!decision.allowed) {
      const who = principal.name;
      return err(toolError('PUBLICATION_DENIED', `the policies do not allow \`${who}\` to bring \`${name}\` into use`));
    }
    return ok(decision.obligations.approvals);
  };
}
