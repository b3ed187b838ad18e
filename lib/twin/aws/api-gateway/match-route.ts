import type { Route } from './http-apis';

/** A route, and what its path has in the places of variables. */
export interface MatchedRoute {
  readonly route: Route;
  readonly parameters: Readonly<Record<string, string>>;
}

interface Found extends MatchedRoute {
  /** The better of two has the higher rank where they first differ. */
  readonly rank: readonly number[];
}

const DEFAULT = '$default';

/**
 * The route that fits a request best: written out before variables, variables before what takes all the rest, its own
 * method before ANY, and `$default` after all.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 */
export function matchRoute(routes: readonly Route[], method: string, path: string): MatchedRoute | undefined {
  const given = path.split('/').slice(1);
  const [best] = routes.flatMap((route) => match(route, method, given)).sort((a, b) => compare(b.rank, a.rank));
  const fallback = routes.find(({ key }) => key === DEFAULT);
  return best ?? (fallback === undefined ? undefined : { route: fallback, parameters: {} });
}

function match(route: Route, method: string, given: readonly string[]): readonly Found[] {
  const [, wanted, path] = /^([A-Z]+) \/(.*)$/.exec(route.key) ?? [];
  if (path === undefined || wanted !== 'ANY' && wanted !== method) {
    return [];
  }
  const segments = path.split('/');
  const parameters: Record<string, string> = {};
  const rank: number[] = [];
  for (const [index, segment] of segments.entries()) {
    const [, name, greedy] = /^\{([\w.-]+)(\+?)\}$/.exec(segment) ?? [];
    const value = given[index];
    if (value === undefined || name === undefined && value !== segment || name !== undefined && value === '') {
      return [];
    }
    if (name !== undefined) {
      parameters[name] = decoded(greedy === '+' ? given.slice(index).join('/') : value);
    }
    rank.push(name === undefined ? 2 : greedy === '+' ? 0 : 1);
  }
  const fits = given.length === segments.length || (given.length > segments.length && path.endsWith('+}'));
  return fits ? [{ route, parameters, rank: [...rank, wanted === 'ANY' ? 0 : 1] }] : [];
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((rank, index) => rank !== b[index]);
  return at < 0 ? 0 : a[at]! - (b[at] ?? -1);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
