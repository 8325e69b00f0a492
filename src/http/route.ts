import { z } from 'zod';
import type { ChatelaineError } from '#kernel';
import type { Action, ActionTarget, AuditOrigin, Presentation, Principal, ResourcePlace } from '#contract';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What a route is given: checked, and by whom. No route reads a request. */
export interface Call<Params = unknown, Query = unknown, Body = unknown> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly principal: Principal;
  /** For the record of what is changed. */
  readonly origin: AuditOrigin;
  /** Of a listing: the namespaces that the caller may list, or all of them. */
  readonly namespaces: readonly string[] | 'all';
  /**
   * Throws `PRECONDITION_FAILED` unless the request is meant for what has this `ETag` now, undefined
   * where there is nothing. Belongs into the transaction of the change, or somebody comes between.
   */
  checkCurrent(etag: string | undefined): void;
  /** What the request shows of keys, at doors where requests can show any. */
  presented(): Presentation | undefined;
}

/** Where the permission must hold. */
export type Where<Params> =
  /** In no namespace: it takes a role that is held everywhere. */
  | 'everywhere'
  /** In each namespace that is listed; the others are left out. */
  | 'listed'
  | {
      /**
       * What is asked for: its namespace, and whether it is the caller's own. Undefined for what is not there
       * and so in no namespace. It does not throw: what is nowhere must be refused as what is foreign is, on
       * record and in the same time.
       */
      readonly target: (
        params: Params,
        principal: Principal,
        from: { readonly address: string | undefined },
      ) => Target | undefined | Promise<Target | undefined>;
      /** The answer for what is not there, which is also the one for what the caller may not see. */
      readonly missing: (params: Params) => ChatelaineError;
    };

type Target = Omit<ActionTarget, 'missing'>;

/** What all routes say of themselves, whatever goes through them. */
interface RouteFacts {
  readonly operationId: string;
  readonly method: Method;
  /** Below `/api/v1`, with parameters in braces. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  /** No route is without: one that everybody may ask says `public`. */
  readonly permission: Action | 'public';
  /** 200 unless said; 204 has no answer. */
  readonly status?: 200 | 201 | 204;
  /** Codes of the catalogue that the route itself may answer with; those of the frame are known. */
  readonly errors?: readonly string[];
  /**
   * A resource beside the API whose tokens are taken here too: the one thing that the route is about. Of the path
   * nothing has been checked yet.
   */
  readonly takesTokensFor?: (params: Readonly<Record<string, string>>) => ResourcePlace;
  /** Its body may come as a form as well (`application/x-www-form-urlencoded`), each field once and a text. */
  readonly form?: true;
  /** A change of something with versions: asks for `If-Match`, or `If-None-Match: *`. */
  readonly conditional?: true;
  /** A POST that changes nothing: a question that is too long for a query. Its answer is kept for no repetition. */
  readonly asks?: true;
}

/**
 * What is kept for a repetition of what the answer is about: its id alone, from which the answer is read
 * anew. Whatever else was kept of a person would outlive their erasure, here and in backups.
 */
export interface Reread<Answer, Read> {
  readonly id: (answer: Answer) => string;
  /** Throws what the repetition is answered with when it is gone. */
  readonly read: (id: string) => Promise<Read>;
}

interface RouteDefinition<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Answer extends z.ZodType,
> extends RouteFacts {
  readonly where: Where<z.output<Params>>;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  /** What is answered: JSON, described in full. An answer that says more is a fault, and is not sent. */
  readonly answer?: Answer;
  /** What tells this state of the thing from every other, for its `ETag`. */
  readonly version?: (answer: z.output<Answer>) => string;
  /** Whether a PUT has made what it answers with: 201 then. */
  readonly made?: (answer: z.output<Answer>) => boolean;
  /** What is kept for a repetition under the same `Idempotency-Key`: never a secret. */
  readonly replay?: (answer: z.output<Answer>) => z.output<Answer>;
  /** Of an answer about a person, in the place of `replay`. */
  readonly reread?: Reread<z.output<Answer>, z.input<Answer>>;
  readonly handle: (call: Call<z.output<Params>, z.output<Query>, z.output<Body>>) => Promise<z.input<Answer>>;
}

/** A route as the frame keeps it: what goes through it was checked, so nobody needs its types any more. */
export interface Route extends RouteFacts {
  readonly where: Where<unknown>;
  readonly params: z.ZodType | undefined;
  readonly query: z.ZodType | undefined;
  readonly body: z.ZodType | undefined;
  readonly answer: z.ZodType | undefined;
  readonly version: ((answer: unknown) => string) | undefined;
  readonly made: ((answer: unknown) => boolean) | undefined;
  readonly replay: ((answer: unknown) => unknown) | undefined;
  readonly reread: Reread<unknown, unknown> | undefined;
  /** Of a listing: what its cursors hold. */
  readonly position: z.ZodType | undefined;
  /** Of a stream: its media type. */
  readonly media: string | undefined;
  readonly handle: (call: Call) => Promise<unknown>;
}

/** A route over one thing, or one act. */
export function route<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Answer extends z.ZodType,
>(definition: RouteDefinition<Params, Query, Body, Answer>): Route {
  const nothing = {
    params: undefined,
    query: undefined,
    body: undefined,
    answer: undefined,
    version: undefined,
    made: undefined,
    replay: undefined,
    reread: undefined,
    position: undefined,
    media: undefined,
  };
  return { ...nothing, ...definition } as Route;
}

/** What a stream sends, as it comes. */
export type Pieces = AsyncIterable<string | Uint8Array>;

/**
 * A route whose answer may be longer than memory. It is sent while it is made, so nobody holds it against
 * its description before it leaves; and what goes wrong after the first piece cuts the connection, since the
 * status has been sent. A reading, always: a change is answered with what it did.
 */
export function stream<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType>(
  definition: Omit<RouteFacts, 'method' | 'status' | 'conditional' | 'asks'> & {
    readonly where: Where<z.output<Params>>;
    readonly params?: Params;
    readonly query?: Query;
    /** A question that is too long for a query: a POST, which still changes nothing. */
    readonly body?: Body;
    readonly media: string;
    /** What the pieces make up, where that is JSON. */
    readonly answer?: z.ZodType;
    readonly handle: (call: Call<z.output<Params>, z.output<Query>, z.output<Body>>) => Promise<Pieces>;
  },
): Route {
  const asked = definition.body === undefined ? { method: 'GET' } : { method: 'POST', asks: true };
  return route({ ...definition, ...asked } as never);
}

/** A page of a listing, and the position after which the next one begins; none on the last. */
export interface PageOf<Item, Position> {
  readonly items: readonly Item[];
  readonly next?: Position | undefined;
}

/** A route over many things, in pages. `limit` and `cursor` are added to its query. */
export function listing<Query extends z.ZodObject, Item extends z.ZodType, Position extends z.ZodType>(definition: {
  readonly operationId: string;
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  readonly permission: Action;
  readonly where: 'everywhere' | 'listed';
  readonly errors?: readonly string[];
  readonly query: Query;
  readonly item: Item;
  /** What a cursor holds. */
  readonly position: Position;
  readonly handle: (
    call: Call<unknown, z.output<Query>> & { readonly limit: number; readonly after: z.output<Position> | undefined },
  ) => Promise<PageOf<z.input<Item>, z.output<Position>>>;
}): Route {
  const { item, position, handle, ...facts } = definition;
  return route({
    ...facts,
    method: 'GET',
    query: definition.query.extend({ limit: pageLimit, cursor: z.string().max(LONGEST_CURSOR).optional() }),
    answer: z.strictObject({
      items: z.array(item),
      next: z.string().optional().describe('The cursor of the next page; absent on the last.'),
    }),
    position,
    handle: handle as never,
  } as never);
}

const LONGEST_CURSOR = 2048;
const LONGEST_PAGE = 1000;

const pageLimit = z
  .string()
  .regex(/^[1-9]\d{0,3}$/, { error: `is a whole number from 1 to ${LONGEST_PAGE}` })
  .transform(Number)
  .refine((limit) => limit <= LONGEST_PAGE, { error: `is a whole number from 1 to ${LONGEST_PAGE}` })
  .default(100)
  .meta({ type: 'integer', minimum: 1, maximum: LONGEST_PAGE, description: 'How many items a page holds at most.' });

/** What the query of a listing has become: the page asked for stands in it. */
export interface PageQuery {
  readonly limit: number;
  readonly cursor?: string | undefined;
}
