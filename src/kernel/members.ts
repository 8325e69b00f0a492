/**
 * What comes and goes with every call, where somebody must be able to name all of it.
 *
 * A linked list and no `Set`: a set that is entered and left all the time allocates its table anew all the time, each
 * table keeps the one that came after it, and with them whatever was in any of them until a full collection. Kept so,
 * everything that calls touch grows old, and the collector costs a third of a call.
 */
export class Members<Member> {
  #newest: Membership<Member> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Whoever enters leaves by what it gets. */
  enter(member: Member): Membership<Member> {
    const membership = new Membership(member, this.#newest, this.#left);
    if (this.#newest !== undefined) this.#newest.newer = membership;
    this.#newest = membership;
    this.#size++;
    return membership;
  }

  /** As of now: who leaves meanwhile is still in it. The newest come first. */
  all(): Member[] {
    const members: Member[] = [];
    for (let one = this.#newest; one !== undefined; one = one.older) members.push(one.member);
    return members;
  }

  readonly #left = (membership: Membership<Member>): void => {
    if (this.#newest === membership) this.#newest = membership.older;
    this.#size--;
  };
}

export class Membership<Member> {
  readonly member: Member;
  older: Membership<Member> | undefined;
  newer: Membership<Member> | undefined = undefined;
  #left: ((membership: Membership<Member>) => void) | undefined;

  constructor(member: Member, older: Membership<Member> | undefined, left: (membership: Membership<Member>) => void) {
    this.member = member;
    this.older = older;
    this.#left = left;
  }

  /** Again: nothing. */
  leave(): void {
    if (this.#left === undefined) return;
    this.#left(this);
    this.#left = undefined;
    if (this.older !== undefined) this.older.newer = this.newer;
    if (this.newer !== undefined) this.newer.older = this.older;
    // Or one that has grown old would keep its neighbours.
    this.older = undefined;
    this.newer = undefined;
  }
}
