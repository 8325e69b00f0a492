/**
 * Names of a cluster, as its DNS would give them: `CLUSTER_NAMES` maps each to addresses of pods, of which every look-up
 * gets the next one first, as a Service would. Loaded with `--import` before a process begins, or called in a test.
 */
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';

type Names = Readonly<Record<string, readonly string[]>>;
type Answer = (error: Error | null, address: unknown, family?: number) => void;
type AnyFunction = (...args: readonly unknown[]) => unknown;

const wantsAll = (options: unknown): boolean =>
  typeof options === 'object' && options !== null && 'all' in options && options.all === true;

export function resolveNames(names: Names): void {
  const lookup = dns.lookup as unknown as AnyFunction;
  const lookupLater = dns.promises.lookup as unknown as AnyFunction;
  let turn = 0;
  const found = (name: string) => {
    const all = names[name];
    if (all === undefined) return undefined;
    const from = turn++ % all.length;
    return [...all.slice(from), ...all.slice(0, from)].map((address) => ({ address, family: 4 }));
  };
  const replaced = (name: string, options: unknown, callback?: Answer): unknown => {
    const addresses = found(name);
    if (addresses === undefined) return lookup(name, options, callback);
    const answer = typeof options === 'function' ? (options as Answer) : (callback as Answer);
    return process.nextTick(() =>
      wantsAll(options) ? answer(null, addresses) : answer(null, addresses[0]?.address, 4),
    );
  };
  const replacedLater = async (name: string, options?: unknown): Promise<unknown> => {
    const addresses = found(name);
    if (addresses === undefined) return await lookupLater(name, options);
    return wantsAll(options) ? addresses : addresses[0];
  };
  Object.assign(dns, { lookup: replaced });
  Object.assign(dns.promises, { lookup: replacedLater });
  syncBuiltinESMExports();
}

const said = process.env['CLUSTER_NAMES'];
if (said !== undefined) resolveNames(JSON.parse(said) as Names);
