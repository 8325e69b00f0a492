/** What the webhook says of a request. Pure: the same request over the same objects has the same verdict. */
import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import {
  API_GROUP,
  API_VERSION,
  CUSTOM_RESOURCES,
  transitionFaults,
  type CustomResourceKind,
} from '#contract/kubernetes';
import { isRecord } from '#kernel';
import {
  faultsOf,
  REFERENCE_REASONS,
  resourceOf,
  usersOf,
  type KnownObject,
  type Snapshot,
} from '../references/index.ts';
import type { AdmissionRequest, Answer } from './review.ts';

export type Verdict = Answer;

interface Fault {
  readonly path: string;
  readonly message: string;
}

const ALLOWED: Verdict = { allowed: true };
/** Warnings are headers, of which the API server cuts what is longer. */
const MOST_WARNINGS = 8;
const LONGEST_WARNING = 240;
const LONGEST_MESSAGE = 4096;

export function judge(request: AdmissionRequest, snapshot: Snapshot): Verdict {
  const { kind: of, operation, subResource } = request;
  if (of.group !== API_GROUP || !isOurKind(of.kind) || `${of.group}/${of.version}` !== API_VERSION)
    // A configuration that sends others here is wrong, and to let them through would hide it.
    return refusal(
      400,
      'BadRequest',
      `the webhook judges kinds of ${API_VERSION}, and not \`${of.kind}\` of \`${of.group}/${of.version}\``,
    );
  switch (operation) {
    case 'DELETE':
      return subResource === undefined || subResource === '' ? onDelete(of.kind, request, snapshot) : ALLOWED;
    case 'CONNECT':
      return ALLOWED;
    case 'CREATE':
    case 'UPDATE':
      // The status is the operator's to write and says nothing that is wanted; its form is the API server's to check.
      if (subResource === 'status' || subResource === 'scale') return ALLOWED;
      return onWrite(of.kind, request, snapshot);
  }
}

function onWrite(kind: CustomResourceKind, request: AdmissionRequest, snapshot: Snapshot): Verdict {
  const { object, oldObject, operation } = request;
  if (object === undefined) return refusal(400, 'BadRequest', `a request to ${operation} holds no \`object\``);
  if (operation === 'UPDATE' && oldObject === undefined)
    return refusal(400, 'BadRequest', 'a request to UPDATE holds no `oldObject`');
  const metadata = isRecord(object['metadata']) ? object['metadata'] : {};
  if (metadata['namespace'] !== request.namespace)
    return refusal(400, 'BadRequest', 'the object is of another namespace than the request');
  // Somebody who deletes must always come to an end: taking the last finalizer away is an update, too.
  if (typeof metadata['deletionTimestamp'] === 'string') return ALLOWED;

  const schema = CUSTOM_RESOURCES[kind].schema;
  const parsed = parse(schema, object);
  // Finalizers and labels must go on also where today's rules are stricter than those that the object was made under.
  const isAsBefore = operation === 'UPDATE' && isDeepStrictEqual(object['spec'], oldObject?.['spec']);
  if (!parsed.success && isAsBefore) return ALLOWED;
  if (!parsed.success) return invalid(kind, object, parsed.faults);
  // An old object that does not hold any more what is asked today may be made to: nothing is compared with it then.
  const old = operation === 'UPDATE' ? parse(schema, oldObject) : undefined;
  const changes = old?.success === true ? transitionFaults(schema, parsed.value, old.value) : [];
  if (changes.length > 0)
    return invalid(
      kind,
      object,
      changes.map(({ path, message }) => ({ path: path.join('.'), message })),
    );

  const known = claiming(knownObject(kind, parsed.value, request), old?.success === true ? old.value : undefined);
  const faults = faultsOf(known, snapshot);
  // What was so before this change is no reason to refuse another one, such as the one that mends something else.
  const before = old?.success === true ? faultsOf(knownObject(kind, old.value, request), snapshot) : [];
  const isNew = (fault: (typeof faults)[number]) =>
    !before.some(
      ({ reason, path, message }) => reason === fault.reason && path === fault.path && message === fault.message,
    );
  const refused = faults.filter((fault) => REFERENCE_REASONS[fault.reason] === 'refuse' && isNew(fault));
  if (refused.length > 0) {
    const [{ reason }] = refused as [(typeof refused)[number]];
    return refusal(isTaken(reason) ? 409 : 403, reason, printFaults(refused));
  }
  return { allowed: true, warnings: warningsOf(faults) };
}

const isTaken = (reason: string): boolean => reason === 'ResourceUrlTaken' || reason === 'IssuerTaken';

/** A finalizer is what keeps what is used; the webhook says so at once, and is in nobody's way who deletes a namespace. */
function onDelete(kind: CustomResourceKind, { name, namespace }: AdmissionRequest, snapshot: Snapshot): Verdict {
  // `deletecollection` names no object.
  if (name === undefined || name === '' || namespace === undefined) return ALLOWED;
  const users = usersOf({ kind, namespace, name }, snapshot);
  if (users.length === 0) return ALLOWED;
  const some = users.slice(0, 5).join(', ') + (users.length > 5 ? ` and ${users.length - 5} more` : '');
  return {
    allowed: true,
    warnings: [
      cut(
        `${kind}/${name} is still used by ${some}: what needs it stops working, or it goes when they do`,
        LONGEST_WARNING,
      ),
    ],
  };
}

function parse(schema: z.ZodType, value: unknown) {
  const parsed = schema.safeParse(withoutStatus(value));
  return parsed.success
    ? ({ success: true, value: parsed.data } as const)
    : ({
        success: false,
        faults: parsed.error.issues.map(({ path, message }): Fault => ({ path: path.join('.'), message })),
      } as const);
}

/** The API server keeps a status out of a write of the object; an old one of another version is not what is judged. */
function withoutStatus(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const { status: _, ...rest } = value;
  return rest;
}

function knownObject(kind: CustomResourceKind, value: unknown, request: AdmissionRequest): KnownObject {
  const { metadata, spec } = value as { metadata: Record<string, unknown>; spec: unknown };
  const text = (field: string): string => (typeof metadata[field] === 'string' ? metadata[field] : '');
  // The API server numbers an object before it asks; it is there only once it was allowed.
  const isThere = request.operation === 'UPDATE';
  return {
    ...{ kind, spec, isGoing: false, namespace: request.namespace ?? '', name: text('name') },
    uid: isThere ? text('uid') : '',
    creationTimestamp: isThere ? text('creationTimestamp') : '',
  } as unknown as KnownObject;
}

/** What is claimed from now on is claimed by nobody younger: the age of the object is not that of the claim (OPR-003). */
function claiming(object: KnownObject, before: unknown): KnownObject {
  if (!('resourceUrl' in object.spec)) return object;
  const { spec } = (before ?? {}) as { spec?: { resourceUrl?: string } };
  const isAsBefore =
    spec?.resourceUrl !== undefined && resourceOf(spec.resourceUrl) === resourceOf(object.spec.resourceUrl);
  return isAsBefore ? object : { ...object, creationTimestamp: '', uid: '' };
}

const isOurKind = (kind: string): kind is CustomResourceKind => Object.hasOwn(CUSTOM_RESOURCES, kind);

function invalid(kind: string, object: Readonly<Record<string, unknown>>, faults: readonly Fault[]): Verdict {
  const name = isRecord(object['metadata']) ? String(object['metadata']['name']) : '';
  return refusal(422, 'Invalid', `${kind} \`${name}\` is invalid: ${printFaults(faults)}`);
}

const printFaults = (faults: readonly Fault[]): string =>
  faults.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ');

const warningsOf = (faults: readonly (Fault & { readonly reason: string })[]): readonly string[] =>
  faults
    .slice(0, MOST_WARNINGS)
    .map(({ reason, path, message }) => cut(`${reason}: ${path}: ${message}`, LONGEST_WARNING));

const refusal = (code: number, reason: string, message: string): Verdict => ({
  allowed: false,
  status: { code, reason, message: cut(message, LONGEST_MESSAGE) },
});

const cut = (text: string, longest: number): string =>
  text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
