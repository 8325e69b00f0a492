/** The Cedar library: loaded once, when the first policy is read. */
import type * as Cedar from '@cedar-policy/cedar-wasm/nodejs';

export type CedarLibrary = typeof Cedar;
export type {
  CedarValueJson,
  Clause,
  DetailedError,
  EntityJson,
  Expr,
  PolicyJson,
} from '@cedar-policy/cedar-wasm/nodejs';

let loading: Promise<CedarLibrary> | undefined;

export const loadCedar = (): Promise<CedarLibrary> => (loading ??= import('@cedar-policy/cedar-wasm/nodejs'));
