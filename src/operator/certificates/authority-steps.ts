/** The next step of an authority. A root is trusted everywhere before it signs, and until nothing it signed is shown. */
import { X509Certificate } from 'node:crypto';
import type { CertificateAuthority } from '#tls';
import { authorityData, endOf, isIssuedBy, isUsable, readAuthorityState } from './authority-state.ts';
import type { AuthorityState, SigningAuthority } from './authority-state.ts';
import type {
  AuthorityDecision,
  AuthoritySource,
  AuthorityStep,
  AuthorityView,
  AuthorityWish,
} from './authority-wish.ts';
import { holdsRoots } from './bundle.ts';
import { distinct, readRoots, without, type Root } from './roots.ts';
import { preconditionOf } from './secret.ts';

interface Change {
  readonly name: AuthorityStep;
  readonly why: string;
  readonly state: AuthorityState;
}

/** Decides for the moment `now` (milliseconds since 1970). New keys are made for the steps that need one, and only then. */
export function decideAuthority(
  ca: CertificateAuthority,
  wish: AuthorityWish,
  view: AuthorityView,
  now: number,
): AuthorityDecision {
  const { kept } = view;
  if (kept !== undefined && kept.controllerUid !== wish.ownerUid)
    return { signer: undefined, trusted: [], isForeign: true };
  const state = readAuthorityState(kept);
  const change =
    replacement(ca, wish, view, state, now) ??
    (state.next === undefined ? retirement(wish, view, state, now) : activation(wish, view, state, state.next, now));
  const signer = state.active !== undefined && endOf(state.active) > now ? state.active : undefined;
  return {
    signer,
    trusted: rootsOf(state),
    due: change === undefined ? dueAfter(wish, state, now) : now,
    ...(change && {
      step: {
        ...{ name: change.name, why: change.why },
        write: {
          ...{ name: wish.name, namespace: wish.namespace, type: 'Opaque' },
          data: authorityData(change.state),
          precondition: preconditionOf(kept),
        },
      },
    }),
  };
}

const rootsOf = ({ active, next, previous }: AuthorityState): readonly Root[] =>
  distinct([...readRoots(active?.root), ...readRoots(next?.root), ...previous]);

/** A new authority, where there is none, or another one is wanted. */
function replacement(
  ca: CertificateAuthority,
  { source }: AuthorityWish,
  view: AuthorityView,
  state: AuthorityState,
  now: number,
): Change | undefined {
  const newest = state.next ?? state.active;
  const why = newest === undefined ? 'there is none' : unwanted(ca, source, newest, state.next !== undefined, now);
  if (why === undefined) return undefined;
  const made = source.kind === 'own' ? newOwn(ca, source, now) : source.offered;
  if (made === undefined || !isUsable(made) || endOf(made) <= now) return undefined;

  if (state.active !== undefined)
    return { name: 'prepare', why, state: { ...state, next: made, preparedAt: now, distributedAt: undefined } };
  // The Secret was lost, or its keys were; what is trusted so far stays so.
  const lost = without(
    distinct([...state.previous, ...readRoots(state.next?.root), ...(view.evidence ?? []).flatMap(readRoots)]),
    readRoots(made.root),
  ).filter(({ notAfter }) => notAfter > now);
  return lost.length === 0
    ? { name: 'create', why, state: { active: made, previous: [], activatedAt: now } }
    : { name: 'recover', why, state: { next: made, previous: lost, preparedAt: now } };
}

const newOwn = (ca: CertificateAuthority, { request }: AuthoritySource & { kind: 'own' }, now: number) => {
  const { cert, key } = ca.newAuthority(request, now);
  return { cert, key, root: cert };
};

/** Why another one is wanted than this; undefined where it is not. */
function unwanted(
  ca: CertificateAuthority,
  source: AuthoritySource,
  newest: SigningAuthority,
  isNext: boolean,
  now: number,
): string | undefined {
  if (source.kind === 'offered')
    return source.offered !== undefined && source.offered.cert !== newest.cert ? 'another one is offered' : undefined;
  const facts = ca.readCertificate(new X509Certificate(newest.cert).raw);
  if (!facts.ok) return 'it cannot be read';
  const { uris, permitted, notBefore, notAfter } = facts.value;
  const { trustDomain, permittedDnsNames } = source.request;
  const isRightDomain = trustDomain === undefined ? uris.length === 0 : uris.includes(`spiffe://${trustDomain}`);
  if (!isRightDomain) return 'it is of another trust domain';
  if (JSON.stringify(permitted?.dnsNames) !== JSON.stringify(permittedDnsNames)) return 'it may vouch for other names';
  // A certificate knows whole seconds: what was made in the second of the wish is as young as was asked for.
  const madeAt = notBefore + BACKDATED_MS + 1000;
  if (source.madeAfter !== undefined && source.madeAfter <= now && madeAt <= source.madeAfter)
    return 'a rotation was asked for';
  return !isNext && now >= notAfter - source.rotateBeforeMs ? 'it ends soon' : undefined;
}

/** By how much certificates of ours are valid before they are made; clocks differ. */
const BACKDATED_MS = 5 * 60_000;

function activation(
  { settleMs, patienceMs }: AuthorityWish,
  { bundles }: AuthorityView,
  state: AuthorityState,
  next: SigningAuthority,
  now: number,
): Change | undefined {
  const { active, distributedAt, preparedAt = now } = state;
  const isHeld = bundles.every((data) => holdsRoots(data, readRoots(next.root)));
  if (isHeld && distributedAt === undefined)
    return { name: 'distributed', why: 'every bundle holds the next one', state: { ...state, distributedAt: now } };
  // Without an authority nothing is renewed, and one that does not follow would take the others with it.
  const patience = active === undefined ? Math.min(patienceMs, LOST_SETTLES * settleMs) : patienceMs;
  const isSettled = isHeld && distributedAt !== undefined && now >= distributedAt + settleMs;
  const isUrgent = now >= preparedAt + patience || (active !== undefined && endOf(active) <= now);
  if (isSettled || isUrgent)
    return {
      name: 'activate',
      why: isSettled
        ? 'everybody trusts the next one'
        : 'somebody does not follow, and it has been waited for long enough',
      state: {
        active: next,
        previous: without(distinct([...readRoots(active?.root), ...state.previous]), readRoots(next.root)),
        activatedAt: now,
      },
    };
  if (!isHeld && distributedAt !== undefined)
    return {
      name: 'unsettled',
      why: 'a bundle does not hold the next one any more',
      state: { ...state, distributedAt: undefined },
    };
  return undefined;
}

const LOST_SETTLES = 12;

function retirement(
  { settleMs, longestLeafMs }: AuthorityWish,
  { leaves }: AuthorityView,
  state: AuthorityState,
  now: number,
): Change | undefined {
  const { active, previous, replacedAt, activatedAt } = state;
  if (active === undefined || previous.length === 0) return undefined;
  const current = previous.filter(({ notAfter }) => notAfter > now);
  const isReplaced = leaves.every((chain) => chain !== undefined && isIssuedBy(active, chain));
  if (isReplaced && replacedAt === undefined)
    return { name: 'replaced', why: 'every certificate is of the active one', state: { ...state, replacedAt: now } };
  const isSettled = isReplaced && replacedAt !== undefined && now >= replacedAt + settleMs;
  // Of a Secret that cannot be read nobody knows whether it was replaced; some day what is in it has ended.
  const isOver = activatedAt !== undefined && now >= activatedAt + longestLeafMs + settleMs;
  if (isSettled || isOver)
    return { name: 'retire', why: 'nothing that it signed is shown any more', state: { ...state, previous: [] } };
  if (current.length < previous.length)
    return { name: 'retire', why: 'it has ended', state: { ...state, previous: current } };
  if (!isReplaced && replacedAt !== undefined)
    return {
      name: 'unsettled',
      why: 'a certificate is not of the active one',
      state: { ...state, replacedAt: undefined },
    };
  // Nobody noted when it was activated: what is waited for begins now.
  if (activatedAt === undefined)
    return { name: 'unsettled', why: 'nobody knows since when it signs', state: { ...state, activatedAt: now } };
  return undefined;
}

function dueAfter({ source, settleMs, patienceMs, longestLeafMs }: AuthorityWish, state: AuthorityState, now: number) {
  const { active, next, previous, distributedAt, preparedAt, activatedAt, replacedAt } = state;
  const moments = [
    active !== undefined && source.kind === 'own' ? endOf(active) - source.rotateBeforeMs : undefined,
    active === undefined ? undefined : endOf(active),
    ...(next === undefined
      ? []
      : [sum(distributedAt, settleMs), sum(preparedAt, active === undefined ? settleMs : patienceMs)]),
    ...(next !== undefined || previous.length === 0
      ? []
      : [sum(replacedAt, settleMs), sum(activatedAt, longestLeafMs + settleMs)]),
  ].filter((moment) => moment !== undefined && moment > now);
  return moments.length === 0 ? undefined : Math.min(...(moments as number[]));
}

const sum = (moment: number | undefined, more: number): number | undefined =>
  moment === undefined ? undefined : moment + more;
