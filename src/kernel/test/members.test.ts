import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { Members, type Membership } from '#kernel';

describe('members', () => {
  it('are who entered and has not left, the newest first', () => {
    const members = new Members<string>();
    const one = members.enter('one');
    members.enter('two');
    const three = members.enter('three');
    expect(members.all()).toEqual(['three', 'two', 'one']);
    three.leave();
    one.leave();
    expect(members.all()).toEqual(['two']);
  });

  it('leave once, however often they say so', () => {
    const members = new Members<string>();
    const one = members.enter('one');
    members.enter('two');
    one.leave();
    one.leave();
    expect([members.size, members.all()]).toEqual([1, ['two']]);
  });

  it('may leave while all are gone through', () => {
    const members = new Members<() => void>();
    const left: number[] = [];
    for (let number = 0; number < 3; number++) {
      const membership: Membership<() => void> = members.enter(() => {
        membership.leave();
        left.push(number);
      });
    }
    for (const leave of members.all()) leave();
    expect([left, members.size]).toEqual([[2, 1, 0], 0]);
  });

  it('are those of a set, in any order of coming and going', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 9 })), (steps) => {
        const members = new Members<number>();
        const inside = new Map<number, Membership<number>>();
        for (const who of steps) {
          const membership = inside.get(who);
          if (membership === undefined) inside.set(who, members.enter(who));
          else {
            membership.leave();
            inside.delete(who);
          }
        }
        expect(members.all()).toEqual([...inside.keys()].toReversed());
        expect(members.size).toBe(inside.size);
      }),
    );
  });
});
