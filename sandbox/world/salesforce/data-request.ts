/**
 * A request to the data API, whether it came as a call of its own or as a part of a composite one.
 * Built by the data API and the composite resource.
 */

/** One request to the data API: a call of its own, or a part of a composite one. */
export interface DataRequest {
  readonly method: string;
  /** Path segments after `/services/data/`, decoded. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  /** The body as JSON; undefined when it was none. */
  readonly body: unknown;
  readonly autoAssign: boolean;
}
