/** One tool: what its document says, what its type makes of it, and what surrounds every run. */
import { type SourceCredential, type ToolDeclaration, type ToolEntry, type ToolFoundation } from '#contract';
import type { JsonObject, JsonValue } from '#kernel';
import type { Embedder } from '../embeddings/embedder.ts';
import { toolboxError } from '../errors.ts';
import { compileParameters, placed, type ParameterSet } from '../parameters/index.ts';
import type { Tool } from '../snapshot.ts';
import type { SqlSource } from '../sources/source.ts';
import { annotationsOf, unenforcedHint } from '../tools/annotations.ts';
import { shownDescription } from '../tools/deprecation.ts';
import { DEFAULT_LIMITS, runWithin, type ToolLimits } from '../tools/limits.ts';
import { ConfigurationFault, type ToolBody, type ToolType } from '../tools/tool-type.ts';
import { embedding } from './embed-arguments.ts';
import { labelsOf } from './labels.ts';
import { manifestOfSchema } from './schema-manifest.ts';
import { plainFields } from './plain-fields.ts';
import type { OpenSource } from './open-source.ts';

export interface ToolParts {
  readonly declaration: ToolDeclaration;
  readonly type: ToolType;
  readonly open: OpenSource;
  /** The embedding models of the namespace. */
  readonly embedders: ReadonlyMap<string, Embedder>;
  /** The address of the MCP App that shows its answers. */
  readonly appUri: string | undefined;
}

export interface BuiltTool {
  readonly tool: Tool;
  readonly warnings: readonly string[];
}

/** Builds a tool; throws `ConfigurationFault`. */
export function buildTool({ declaration, type, open, embedders, appUri }: ToolParts): BuiltTool {
  const { name, parameters, templateParameters } = declaration;
  if (templateParameters.length > 0 && type.takesTemplateParameters !== true) {
    throw new ConfigurationFault(
      ['templateParameters'],
      `tools of type \`${type.type}\` have no text that template parameters could stand in`,
    );
  }
  const made = type.build(declaration.fields, {
    name,
    directory: declaration.directory,
    source: open.source,
    sourceName: open.declaration.name,
    parameters,
    templateParameters,
    readOnly: declaration.readOnly,
  });
  const description = declaration.description ?? made.description;
  if (description === undefined) {
    throw new ConfigurationFault([], '`description` is missing; it is what an agent chooses the tool by');
  }
  const readOnlySource = (open.source as Partial<SqlSource>).readOnly === true;
  const facts = {
    declared: declaration.annotations,
    known: made.annotations,
    readOnlyTool: declaration.readOnly,
    readOnlySource,
  };
  const annotations = annotationsOf(facts);
  const inputs = inputsOf(declaration, made);
  const body = embedding(made, inputs.declarations, embedders);
  const limits: ToolLimits = {
    timeoutMs: declaration.timeout ?? DEFAULT_LIMITS.timeoutMs,
    maxRows: declaration.maxRows ?? DEFAULT_LIMITS.maxRows,
    maxBytes: declaration.maxBytes ?? DEFAULT_LIMITS.maxBytes,
    readOnly: declaration.readOnly || readOnlySource,
  };
  const authenticated = inputs.declarations.filter((entry) => entry.authServices !== undefined);
  const hint = unenforcedHint(facts);
  const entry = entryOf(declaration);
  const origin = declaration.registration === undefined ? 'declared' : 'registered';
  const tool: Tool = {
    name,
    namespace: declaration.namespace,
    type: declaration.type,
    origin,
    source: declaration.source,
    tags: declaration.tags,
    title: declaration.title ?? made.title ?? annotations.title,
    description,
    inputSchema: inputs.inputSchema,
    secureInputSchema: inputs.secureInputSchema,
    outputSchema: declaration.outputSchema ?? made.outputSchema,
    annotations,
    scopesRequired: declaration.scopesRequired,
    argumentTypes: Object.fromEntries(inputs.declarations.map((entry) => [entry.name, entry])),
    authRequired: declaration.authRequired,
    authenticatedParameters: new Map(
      authenticated.map((entry) => [
        entry.name,
        (entry.authServices ?? []).map(({ name: service, field }) => ({ service, claim: field })),
      ]),
    ),
    secureParameters: inputs.declarations.filter((entry) => entry.secure === true).map((entry) => entry.name),
    manifest: {
      description: shownDescription({ description, entry }),
      parameters: [...inputs.manifest],
      authRequired: [...declaration.authRequired],
    },
    _meta: metaOf(declaration, made, authenticated, appUri),
    labels: labelsOf({
      ...{ origin, tool: declaration, source: open.declaration },
      openWorldHint: annotations.openWorldHint,
    }),
    ...(declaration.toolsets.length > 0 && { toolsets: declaration.toolsets }),
    timeoutMs: limits.timeoutMs,
    cost: declaration.cost,
    entry,
    definedBy: made.inputSchema === undefined ? 'document' : 'code',
    pins: open.source.pins,
    registration: declaration.registration,
    foundation: () => foundationOf(declaration, open, made),
    check: inputs.check,
    mayWrite: () => made.annotations?.readOnlyHint !== true && made.provedToRead?.() !== true,
    run(args, call) {
      // Callers are refused before. Whatever came here without asking runs nothing, and does not learn why.
      if (entry.decoy) return Promise.reject(toolboxError('TOOL_RELOADED', `a reload took \`${name}\` away`));
      if (open.enter()) return runWithin(name, body, args, call, limits, open.leave);
      return Promise.reject(
        toolboxError('TOOL_RELOADED', `a reload closed the source of \`${name}\` while the call waited`),
      );
    },
  };
  checkExamples(tool);
  return { tool, warnings: [...(made.warnings ?? []), ...(hint === undefined ? [] : [hint])] };
}

/** An example that the tool would refuse teaches a model to be refused. Throws `ConfigurationFault`. */
function checkExamples({ entry, check, authenticatedParameters, secureParameters }: Tool): void {
  entry.examples.forEach((example, index) => {
    const checked = check(example.arguments as JsonObject);
    if (checked.ok) return;
    const own = checked.error.find(
      ({ path }) => !authenticatedParameters.has(path) && !secureParameters.includes(path),
    );
    if (own === undefined) return;
    const what = own.path === '' ? own.message : `\`${own.path}\`: ${own.message}`;
    throw new ConfigurationFault(['examples', index, 'arguments'], `the tool refuses its own example: ${what}`);
  });
}

/** What the registry shows of it. */
const entryOf = (declaration: ToolDeclaration): ToolEntry => ({
  owner: declaration.owner,
  version: declaration.version,
  status: declaration.status,
  replacedBy: declaration.replacedBy,
  examples: declaration.examples,
  supportContact: declaration.supportContact,
  documentationUrl: declaration.documentationUrl,
  authDocumentation: declaration.authDocumentation,
  decoy: declaration.decoy,
});

const NO_CREDENTIAL: SourceCredential = { way: 'none', inTheClear: false };

function foundationOf(declaration: ToolDeclaration, open: OpenSource, made: ToolBody): ToolFoundation {
  const { source } = open;
  const { templateParameters, fields } = declaration;
  return {
    egress: source.egress ?? [],
    body: {
      type: declaration.type,
      source: declaration.source,
      fields: plainFields(fields),
      ...(templateParameters.length > 0 && { templateParameters: plainFields(templateParameters) }),
    },
    credential: source.credential ?? NO_CREDENTIAL,
    writes: made.writes === true,
  };
}

/** The parameters of the type, then the document's; or the schema of a module, which stands alone. */
function inputsOf({ parameters, templateParameters }: ToolDeclaration, body: ToolBody): ParameterSet {
  if (body.inputSchema === undefined || body.check === undefined) {
    return compileParameters([
      ...placed('parameters', body.parameters ?? []),
      ...placed('parameters', parameters),
      ...placed('templateParameters', templateParameters),
    ]);
  }
  if (parameters.length > 0) {
    throw new ConfigurationFault(['parameters'], 'the module says what its tool takes; take `parameters` away');
  }
  return {
    declarations: [],
    inputSchema: body.inputSchema,
    secureInputSchema: undefined,
    manifest: manifestOfSchema(body.inputSchema),
    check: body.check.bind(body),
  };
}

/** What Toolbox's SDKs read to know which tokens to send, and what shows the answers. */
function metaOf(
  { authRequired, ui }: ToolDeclaration,
  body: ToolBody,
  authenticated: ParameterSet['declarations'],
  appUri: string | undefined,
): JsonObject | undefined {
  const meta: Record<string, JsonValue> = { ...body._meta };
  if (authRequired.length > 0) meta['toolbox/authInvoke'] = [...authRequired];
  if (authenticated.length > 0) {
    meta['toolbox/authParam'] = Object.fromEntries(
      authenticated.map((entry) => [entry.name, (entry.authServices ?? []).map((service) => service.name)]),
    );
  }
  if (ui !== undefined && appUri !== undefined) meta['ui'] = { resourceUri: appUri, visibility: [...ui.visibility] };
  return Object.keys(meta).length === 0 ? undefined : meta;
}
