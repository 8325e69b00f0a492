/** The query parameters of a request, checked as the server checks them. */
import { type Cause, forbiddenField, invalid, notSupported, required } from './statuses.ts';

export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldValidation: 'Ignore' | 'Strict' | 'Warn';
  readonly fieldManager: string;
  readonly force: boolean;
}

const refuse = (kind: string, causes: readonly Cause[]): void => {
  if (causes.length > 0) throw invalid('meta.k8s.io', kind, '', causes);
};

/** Without a field manager the first part of the User-Agent is the manager. */
export function writeOptions(
  query: URLSearchParams,
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
  userAgent: string,
  apply: boolean,
): WriteOptions {
  const causes: Cause[] = [];
  const dryRun = query.getAll('dryRun');
  for (const one of dryRun) if (one !== 'All') causes.push(notSupported('dryRun', one, ['All']));
  const validation = query.get('fieldValidation') ?? '';
  if (!['', 'Ignore', 'Strict', 'Warn'].includes(validation))
    causes.push(notSupported('fieldValidation', validation, ['', 'Ignore', 'Strict', 'Warn']));
  const manager = query.get('fieldManager') ?? '';
  const force = query.get('force');
  if (kind === 'PatchOptions') {
    if (apply && manager === '') causes.push(required('fieldManager', 'is required for apply patch'));
    if (!apply && force !== null) causes.push(forbiddenField('force', 'may not be specified for non-apply patch'));
  }
  refuse(kind, causes);
  return {
    dryRun: dryRun.length > 0,
    fieldValidation: validation === 'Ignore' || validation === 'Strict' ? validation : 'Warn',
    fieldManager: manager === '' ? (userAgent.split('/')[0] ?? 'unknown') : manager,
    force: force === 'true' || force === '1',
  };
}

export function checkListOptions(query: URLSearchParams, watch: boolean): void {
  const causes: Cause[] = [];
  const match = query.get('resourceVersionMatch') ?? '';
  const version = query.get('resourceVersion') ?? '';
  const initial = query.get('sendInitialEvents');
  const field = 'resourceVersionMatch';
  if (watch) {
    if (initial !== null && match !== 'NotOlderThan')
      causes.push(forbiddenField(field, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'));
    if (initial === null && match !== '')
      causes.push(forbiddenField(field, `${field} is forbidden for watch unless sendInitialEvents is provided`));
  } else {
    if (match !== '' && version === '')
      causes.push(forbiddenField(field, `${field} is forbidden unless resourceVersion is provided`));
    else if (!['', 'Exact', 'NotOlderThan'].includes(match))
      causes.push(notSupported(field, match, ['Exact', 'NotOlderThan', '']));
    else if (match === 'Exact' && version === '0')
      causes.push(forbiddenField(field, `${field} "exact" is forbidden for resourceVersion "0"`));
    if (initial !== null) causes.push(forbiddenField('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  }
  refuse('ListOptions', causes);
}

export const isTrue = (value: string | null): boolean => value === 'true' || value === '1' || value === '';

export interface DeleteOptions {
  readonly dryRun: boolean;
  readonly propagation: string;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
}

export function checkPropagation(propagation: string): void {
  const known = ['Foreground', 'Background', 'Orphan'];
  if (propagation !== '' && !known.includes(propagation))
    refuse('DeleteOptions', [notSupported('propagationPolicy', propagation, [...known, 'nil'])]);
}
