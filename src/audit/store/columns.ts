import type { AuditRecord } from '#contract';

/** What of a record can be asked for, as the columns of both adapters have it. */
export function columnsOf(record: AuditRecord) {
  return {
    writer: record.writer,
    seq: record.seq,
    id: record.id,
    time: record.time,
    actor: record.actor.sub,
    issuer: record.actor.iss,
    class: record.class,
    type: record.type,
    action: record.action,
    objectKind: record.object?.kind ?? null,
    namespace: record.object?.namespace ?? null,
    object: record.object?.name ?? null,
    objectId: record.object?.id ?? null,
    outcome: record.outcome,
    requestId: record.requestId ?? null,
    argumentsDigest: record.argumentsDigest ?? null,
  };
}

/** Whom a record is about beside its actor: the person it was done to, and those on whose behalf it was done. */
export function otherSubjects({ actor, object, delegation }: AuditRecord): readonly string[] {
  const subjects = new Set(delegation?.map(({ sub }) => sub));
  if (object?.kind === 'user' && object.id !== undefined) subjects.add(object.id);
  subjects.delete(actor.sub);
  return [...subjects];
}
